#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "daemon/core/registry.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"

namespace rollcall::checks {
const CheckSpec& settingsSpec();

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;

constexpr const char* kSettings = "/ghost/api/content/settings/?key=abc";
constexpr const char* kSettings4 = "/ghost/api/v4/content/settings/?key=abc";
constexpr const char* kSite = "/ghost/api/admin/site/";
constexpr const char* kAnnouncement = "/members/api/announcement/";
constexpr const char* kLongAgo = "2026-01-01 09:00:00";

// Three pods that show what the database says; tests change one or the other.
class SettingsTest : public testing::Test {
 protected:
  SettingsTest() {
    for (const char* name : {"a", "b", "c"}) topology_.pods.push_back({.name = name});
    site_.url = site_.admin = *parseUrl("https://e.org");
    source_.key = "abc";
    set("title", "T"), set("timezone", "Etc/UTC"), set("codeinjection_head", "<script>");
    pods_.answer("*", kAnnouncement, 200, R"({"announcement":[{}]})");
    for (const char* name : {"a", "b", "c"}) shows(name, {});
  }

  void set(const std::string& key, const std::string& value, const std::string& at = kLongAgo) {
    table_[key] = {value, at};
    std::vector<Row> rows;
    for (const auto& [name, row] : table_)
      rows.push_back({name, row.first, row.second, "2026-01-01 10:00:00.000"});
    source_.reply("FROM settings", std::move(rows));
  }
  static std::string document(const std::string& member, const json& changes) {
    json values = {{"title", "T"},
                   {"timezone", "Etc/UTC"},
                   {"codeinjection_head", "<script>"},
                   {"url", "https://e.org/"},
                   {"version", "6.65"}};
    if (changes.is_object()) values.update(changes);
    return json{{member, values}}.dump();
  }
  void shows(const std::string& pod, const json& changes) {
    pods_.answer(pod, kSettings, 200, document("settings", changes));
    pods_.answer(pod, kSite, 200, document("site", changes));
  }
  Result<Outcome> tryRun(Trigger trigger) {
    return check_->run({.topology = topology_,
                        .site = site_,
                        .clock = clock_,
                        .pods = pods_,
                        .content = &source_,
                        .trigger = trigger,
                        .deadline = Deadline(MonoTime(1h))});
  }
  Outcome run(Trigger trigger = Trigger::kOnce) {
    return testing_support::expectOutcome(tryRun(trigger));
  }
  // "RC501 b keys"
  static std::vector<std::string> claims(const Outcome& outcome) {
    std::vector<std::string> lines;
    for (const Finding& finding : outcome.findings)
      lines.push_back(
          fmt::format("{} {} {}", finding.def->code, finding.pod, finding.evidence.at("keys")));
    return lines;
  }
  std::size_t asked(const std::string& pod) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(pods_.asked, [&](const auto& one) { return one.pod == pod; }));
  }

  std::map<std::string, std::pair<std::string, std::string>> table_;
  Topology topology_;
  Site site_;
  ManualClock clock_;
  FakePodClient pods_;
  FakeContentSource source_;
  std::unique_ptr<Check> check_ = settingsSpec().make(Params(settingsSpec().params));
};

TEST_F(SettingsTest, SaysNothingWhenEveryPodShowsTheDatabasesValues) {
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_EQ(asked("a"), 2u);
  EXPECT_TRUE(outcome.tally.pods.at("a").reachable);
  EXPECT_EQ(outcome.tally.pods.at("a").version, "6.65");
}

TEST_F(SettingsTest, NamesThePodAndTheSettingsThatDifferAndNoCodeInjection) {
  shows("b", {{"title", "Old"}, {"codeinjection_head", "<script>secret"}});
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC501 b title,codeinjection_head"));
  const Finding& finding = outcome.findings[0];
  EXPECT_THAT(finding.message, HasSubstr("title (\"Old\" instead of \"T\"), codeinjection_head"));
  EXPECT_THAT(finding.message, Not(HasSubstr("script")));
  EXPECT_THAT(finding.cause, HasSubstr("through another pod (last on 2026-01-01T09:00:00"));
  EXPECT_THAT(finding.remedy, HasSubstr("restart b: kubectl delete pod b"));
  EXPECT_THAT(finding.reproduce, Not(HasSubstr("abc")));
  EXPECT_EQ(asked("a"), 2u);
  EXPECT_EQ(asked("b"), 4u);
}

TEST_F(SettingsTest, WhatEveryPodShowsAlikeIsOneFinding) {
  for (const char* pod : {"a", "b", "c"}) shows(pod, {{"title", "Old"}});
  shows("c", {{"title", "Old"}, {"timezone", "Europe/Rome"}});
  EXPECT_THAT(claims(run()), ElementsAre("RC502  title", "RC501 c timezone"));
}

TEST_F(SettingsTest, PodsThatAreWrongEachInItsOwnWayAreNamed) {
  for (const char* pod : {"a", "b", "c"}) shows(pod, {{"title", pod}});
  EXPECT_THAT(claims(run()), ElementsAre("RC501 a title", "RC501 b title", "RC501 c title"));
}

TEST_F(SettingsTest, AsLongAsOnePodCouldNotBeAskedTheOthersAreNamed) {
  shows("a", {{"title", "Old"}}), shows("b", {{"title", "Old"}});
  pods_.failAll("c", ErrorCode::kUnavailable);
  pods_.fail("c", kSettings, ErrorCode::kUnavailable);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC501 a title", "RC501 b title"));
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "c");
  EXPECT_FALSE(outcome.tally.pods.at("c").reachable);
}

TEST_F(SettingsTest, AYoungChangeIsNotJudgedYet) {
  set("title", "New", "2026-01-01 09:59:58");
  shows("b", {{"timezone", "Europe/Rome"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC501 b timezone"));
  EXPECT_THAT(outcome.notes, SizeIs(1));
  EXPECT_EQ(outcome.again, 3s);
}

TEST_F(SettingsTest, ADifferenceThatIsGoneAtTheSecondLookIsNotClaimed) {
  int looks = 0;
  pods_.answer("b", kSettings, [&](const PodRequest&) -> Result<HttpResponse> {
    HttpResponse response;
    response.status = 200;
    response.body = document("settings", looks++ == 0 ? json{{"title", "Old"}} : json::object());
    return response;
  });
  EXPECT_THAT(claims(run()), IsEmpty());
  EXPECT_EQ(looks, 2);
}

TEST_F(SettingsTest, ARowThatChangesWhileWeLookIsNotHeldAgainstAnybody) {
  int looks = 0;
  pods_.answer("b", kSettings, [&](const PodRequest&) -> Result<HttpResponse> {
    if (++looks == 2) set("title", "Newer", "2026-01-01 09:30:00");
    HttpResponse response;
    response.status = 200;
    response.body = document("settings", {{"title", "Old"}});
    return response;
  });
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_EQ(outcome.again, 1s);
}

TEST_F(SettingsTest, WithoutAKeyWhatNeedsNoneIsComparedAndANoteSaysSo) {
  source_.key.reset();
  shows("b", {{"title", "Old"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC501 b title"));
  EXPECT_THAT(outcome.gaps, IsEmpty());
  ASSERT_THAT(outcome.notes, SizeIs(1));
  EXPECT_THAT(outcome.notes[0], HasSubstr("Content API key"));
}

TEST_F(SettingsTest, AKeyThatIsRefusedIsAGapOfThePod) {
  pods_.answer("b", kSettings, 401);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].why.code, ErrorCode::kPermissionDenied);
}

TEST_F(SettingsTest, AnAnswerThatIsNotGhostsIsAGap) {
  pods_.answer("b", kSettings, 200, "[]");
  pods_.answer("c", kSettings, 200, "<html>");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, SizeIs(2));
}

TEST_F(SettingsTest, TheAnnouncementIsComparedWhereItCanBeHad) {
  set("announcement_content", "<p>Hi</p>"), set("announcement_visibility", "[\"visitors\"]");
  for (const char* pod : {"a", "c"})
    pods_.answer(pod, kAnnouncement, 200, R"({"announcement":[{"announcement":"<p>Hi</p>"}]})");
  EXPECT_THAT(claims(run()), ElementsAre("RC501 b announcement_content"));
  pods_.answer("b", kAnnouncement, 404);
  const Outcome without = run();
  EXPECT_THAT(claims(without), IsEmpty());
  EXPECT_THAT(without.gaps, IsEmpty());
}

TEST_F(SettingsTest, AnAnnouncementThatCannotBeReadIsAGapAndTheRestIsCompared) {
  shows("b", {{"title", "Old"}});
  pods_.answer("b", kAnnouncement, 500);
  pods_.answer("c", kAnnouncement, 200, "[]");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC501 b title"));
  ASSERT_THAT(outcome.gaps, SizeIs(2));
  EXPECT_EQ(outcome.gaps[0].what, "its announcement");
}

TEST_F(SettingsTest, Ghost4IsAskedWhereItsApiIs) {
  pods_.answer("b", kSettings, 404);
  pods_.answer("b", kSettings4, 200, document("settings", {{"title", "Old"}, {"version", "4.48"}}));
  EXPECT_THAT(claims(run()), ElementsAre("RC501 b title"));
}

TEST_F(SettingsTest, PodsThatLeaveOrAreNotReadyAreNotAsked) {
  shows("b", {{"title", "Old"}}), shows("c", {{"title", "Old"}});
  topology_.pods[1].terminating = true;
  topology_.pods[2].ready = false;
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_EQ(asked("b") + asked("c"), 0u);
  topology_.pods[0].ready = false;
  EXPECT_TRUE(run().notApplicable);
}

TEST_F(SettingsTest, ADatabaseThatDoesNotAnswerIsAnError) {
  source_.error = Error{ErrorCode::kUnavailable, "connection refused"};
  EXPECT_FALSE(tryRun(Trigger::kOnce));
}

TEST_F(SettingsTest, WhatIsToBeIgnoredIsNotCompared) {
  std::vector<std::string> problems;
  check_ = settingsSpec().make(Params::parse(
      settingsSpec().params, {{"ignore", std::string("title, locale")}}, "checks", problems));
  shows("b", {{"title", "Old"}});
  EXPECT_THAT(claims(run()), IsEmpty());
}

}  // namespace
}  // namespace rollcall::checks
