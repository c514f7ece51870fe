#include "daemon/core/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/pods/diagnose.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"

namespace rollcall::checks {
const CheckSpec& podsSpec();
namespace {

using pods::Answers;
using pods::Condition;
using pods::diagnose;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kSite = "/ghost/api/admin/site/";
constexpr const char* kSite4 = "/ghost/api/v4/admin/site/";
constexpr const char* kSetup = "/ghost/api/admin/authentication/setup/";

constexpr const char* kThemeMissing =
    "<h2 class=\"error-description\">The currently active theme &quot;x&quot; is missing.</h2>";

std::string siteJson(const std::string& version = "5.130",
                     const std::string& url = "https://example.org/") {
  return R"({"site":{"title":"T","url":")" + url + R"(","version":")" + version + R"("}})";
}

Site siteAt(std::string_view url) {
  Site site;
  site.url = site.admin = *parseUrl(url);
  return site;
}

Result<HttpResponse> answer(int status, std::string body = "", std::string location = "",
                            std::string type = "application/json") {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = {{"content-type", std::move(type)}};
  if (!location.empty()) response.headers.emplace_back("location", std::move(location));
  return response;
}
Result<HttpResponse> error(ErrorCode code) {
  return Error{code, "as the test asked"};
}

Result<HttpResponse> after(Duration took, Result<HttpResponse> answer) {
  answer->took = took;
  return answer;
}

struct Row {
  std::string name;
  Answers answers;
  Condition want;
  std::string site = "https://example.org";
};

class Diagnosing : public testing::TestWithParam<Row> {};

TEST_P(Diagnosing, NamesTheCondition) {
  const Row& row = GetParam();
  const pods::Diagnosis got = diagnose(row.answers, siteAt(row.site));
  EXPECT_EQ(static_cast<int>(got.condition), static_cast<int>(row.want)) << got.seen;
}

const Result<HttpResponse> kGood = answer(200, siteJson());
const Row kRows[] = {
    {"Well", {kGood, answer(200, "<html>"), {}}, Condition::kWell},
    {"WellWithoutAFrontPageAsked", {kGood, {}, {}}, Condition::kWell},
    {"AFrontPageThatRoutesYamlDoesNotHave", {kGood, answer(404), {}}, Condition::kWell},
    {"Private", {kGood, answer(302, "", "/private/?r=%2F"), {}}, Condition::kPrivate},
    {"PrivateWithAnAbsoluteTarget",
     {kGood, answer(302, "", "https://example.org/private/?r=%2F"), {}},
     Condition::kPrivate},
    {"PrivateBelowASubDirectory",
     {answer(200, siteJson("5.130", "https://example.org/blog/")),
      answer(302, "", "/blog/private/?r=%2Fblog%2F"),
      {}},
     Condition::kPrivate,
     "https://example.org/blog"},
    {"Refused", {error(ErrorCode::kUnavailable), {}, {}}, Condition::kUnreachable},
    {"NoSuchName", {error(ErrorCode::kNotFound), {}, {}}, Condition::kUnreachable},
    {"ResetOnThePage", {kGood, error(ErrorCode::kUnavailable), {}}, Condition::kUnreachable},
    {"Hangs", {error(ErrorCode::kDeadlineExceeded), {}, {}}, Condition::kHangs},
    {"PagesHang", {kGood, error(ErrorCode::kDeadlineExceeded), {}}, Condition::kHangs},
    {"PagesHangButTheDatabaseAnswersThePod",
     {kGood, error(ErrorCode::kDeadlineExceeded), answer(200)},
     Condition::kHangs},
    {"FrozenDatabase",
     {kGood, error(ErrorCode::kDeadlineExceeded), error(ErrorCode::kDeadlineExceeded)},
     Condition::kDatabaseLost},
    {"ABusyPodIsNotSaidToHaveLostItsDatabase",
     {after(std::chrono::seconds(1), kGood), error(ErrorCode::kDeadlineExceeded),
      error(ErrorCode::kDeadlineExceeded)},
     Condition::kHangs},
    {"DeadDatabase", {kGood, answer(500), answer(500)}, Condition::kDatabaseLost},
    {"AnotherServerError", {kGood, answer(500), answer(200)}, Condition::kServerError},
    {"AServerErrorBeforeTheSecondLook", {kGood, answer(500), {}}, Condition::kServerError},
    {"ThemeMissing",
     {kGood, answer(500, kThemeMissing, "", kHtml), answer(200)},
     Condition::kThemeMissing},
    {"ThemeBroken", {kGood, answer(400), {}}, Condition::kThemeBroken},
    {"Boots", {answer(503, "<html>", "", kHtml), answer(503), {}}, Condition::kBoots},
    {"BootsBetweenTheTwoQuestions", {kGood, answer(503), {}}, Condition::kBoots},
    {"TheApiFails", {answer(500), {}, {}}, Condition::kServerError},
    {"NotGhost", {answer(404, "<html>", "", kHtml), answer(200), {}}, Condition::kNotGhost},
    {"SomebodyElsesJson", {answer(200, "{\"ok\":true}"), {}, {}}, Condition::kNotGhost},
    {"ADeepDocument", {answer(200, std::string(100'000, '[')), {}, {}}, Condition::kNotGhost},
    {"BrokenHttp", {error(ErrorCode::kProtocol), {}, {}}, Condition::kNotGhost},
    {"Forbidden", {kGood, answer(403), {}}, Condition::kNotGhost},
    {"TheApiRedirectsToAnotherHost",
     {answer(301, "", "https://admin.example.org/ghost/api/admin/site/"), {}, {}},
     Condition::kRedirects},
    {"TheApiRedirectsToAnotherScheme",
     {answer(301, "", "http://example.org/ghost/api/admin/site/"), {}, {}},
     Condition::kRedirects},
    {"APodWithAnotherUrlRedirects",
     {answer(200, siteJson("5.130", "https://other.example/")),
      answer(301, "", "https://other.example/"),
      {}},
     Condition::kRedirects},
    {"TheOwnersOwnRedirectOfTheFrontPage",
     {kGood, answer(301, "", "https://shop.example/"), {}},
     Condition::kWell},
    {"ARedirectWithinTheSite", {kGood, answer(301, "", "/welcome/"), {}}, Condition::kWell},
    {"Cancelled", {error(ErrorCode::kCancelled), {}, {}}, Condition::kUnseen},
    {"OurOwnFault", {error(ErrorCode::kInternal), {}, {}}, Condition::kUnseen},
};

INSTANTIATE_TEST_SUITE_P(Pods, Diagnosing, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(DiagnosingTest, ControlCharactersOfATargetAreNotRepeated) {
  const auto got =
      diagnose({answer(301, "", "https://e.org/\x1b[31m"), {}, {}}, siteAt("https://example.org"));
  EXPECT_EQ(got.target, "https://e.org/?[31m");
}

class PodsTest : public testing::Test {
 protected:
  PodsTest() {
    for (const char* name : {"a", "b", "c"}) {
      Pod pod;
      pod.name = name;
      pod.host = "10.0.0.7";
      topology_.pods.push_back(pod);
    }
    pods_.answer("*", kSite, 200, siteJson());
    pods_.answer("*", "/", 200, "<html></html>");
    pods_.answer("*", kSetup, 200, "{}");
  }

  Outcome run(Trigger trigger = Trigger::kOnce) {
    CheckContext context{.topology = topology_,
                         .site = site_,
                         .clock = clock_,
                         .pods = pods_,
                         .content = database_,
                         .trigger = trigger,
                         .deadline = Deadline::after(clock_, std::chrono::seconds(15))};
    Result<Outcome> outcome = check_->run(context);
    EXPECT_TRUE(outcome);
    return *outcome;
  }
  static std::vector<std::string> codes(const Outcome& outcome) {
    std::vector<std::string> codes;
    for (const Finding& one : outcome.findings)
      codes.push_back(std::string(one.def->code) + (one.pod.empty() ? "" : " " + one.pod));
    return codes;
  }
  int asked(const std::string& pod, const std::string& path) const {
    int count = 0;
    for (const auto& one : pods_.asked) count += one.pod == pod && one.path == path;
    return count;
  }
  Pod& pod(std::size_t i) { return topology_.pods[i]; }

  Topology topology_;
  Site site_ = siteAt("https://example.org");
  ManualClock clock_{WallTime(std::chrono::seconds(1'000))};
  FakePodClient pods_;
  FakeContentSource content_;
  ContentSource* database_ = nullptr;
  std::unique_ptr<Check> check_ = podsSpec().make(Params(podsSpec().params));
};

TEST_F(PodsTest, PodsThatAreWellAndAlikeAreNoFinding) {
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  const PodFacts& facts = outcome.tally.pods.at("a");
  EXPECT_TRUE(facts.reachable);
  EXPECT_EQ(facts.privateMode, false);
  EXPECT_EQ(facts.version, "5.130");
}

TEST_F(PodsTest, AnUnreachablePodIsNamedWithACommandToSeeIt) {
  pods_.failAll("b", ErrorCode::kUnavailable);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC101 b"));
  const Finding& finding = outcome.findings[0];
  EXPECT_THAT(finding.message, HasSubstr("b (10.0.0.7:2368)"));
  EXPECT_THAT(finding.reproduce, HasSubstr(kSite));
  EXPECT_THAT(finding.remedy, HasSubstr("kubectl logs b "));
  EXPECT_FALSE(outcome.tally.pods.at("b").reachable);
  EXPECT_FALSE(outcome.tally.pods.at("b").privateMode.has_value());
  EXPECT_EQ(asked("b", kSite), 1);
}

TEST_F(PodsTest, AnUnreachablePodOfAnOldListMayBeGoneAndIsAGap) {
  topology_.stale = "the API does not answer; the list is of yesterday";
  topology_.old = true;
  pods_.failAll("b", ErrorCode::kUnavailable);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_EQ(outcome.gaps[0].pod, "b");
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("it may be gone: the API does not answer"));
  EXPECT_FALSE(outcome.tally.pods.at("b").reachable);
}

TEST_F(PodsTest, AFreshListInWhichSomethingElseIsUnclearHidesNoPodThatIsDown) {
  topology_.stale = "there is no EndpointSlice of the Service gohst";
  pods_.failAll("b", ErrorCode::kUnavailable);
  EXPECT_THAT(codes(run()), ElementsAre("RC101 b"));
}

TEST_F(PodsTest, WhatAPodOfAnOldListAnswersIsClaimedAllTheSame) {
  topology_.stale = "the API does not answer; the list is of yesterday";
  topology_.old = true;
  pods_.answer("b", kSite, 500, "");
  EXPECT_THAT(run().findings, Not(IsEmpty()));
}

TEST_F(PodsTest, APodWhoseNameDoesNotResolveIsAMatterOfSpellingOrDns) {
  pods_.failAll("b", ErrorCode::kNotFound);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC101 b"));
  EXPECT_EQ(outcome.findings[0].cause,
            "the pod's name does not resolve: it is misspelt, or DNS fails");
  EXPECT_EQ(outcome.findings[0].remedy, "mend --pod or DNS");
}

TEST_F(PodsTest, APodThatHangsIsAskedTwice) {
  pods_.failAll("b", ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(codes(run()), ElementsAre("RC102 b"));
  EXPECT_EQ(asked("b", kSite), 2);
}

TEST_F(PodsTest, AServerErrorThatPassesIsNotClaimed) {
  int answers = 0;
  pods_.answer("b", "/", [&](const PodRequest&) { return answer(answers++ == 0 ? 500 : 200); });
  EXPECT_THAT(codes(run()), IsEmpty());
}

TEST_F(PodsTest, ALostDatabaseIsToldFromAnotherServerError) {
  pods_.answer("a", "/", 500);
  pods_.answer("b", "/", 500);
  pods_.answer("b", kSetup, 500);
  EXPECT_THAT(codes(run()), ElementsAre("RC107 a", "RC104 b"));
}

TEST_F(PodsTest, ALostDatabaseSaysWhetherItAnswersRollcall) {
  pods_.answer("b", "/", 500);
  pods_.answer("b", kSetup, 500);
  database_ = &content_;
  EXPECT_THAT(run().findings.at(0).cause, HasSubstr("the database answers Rollcall"));
  content_.error = Error{ErrorCode::kUnavailable, "connection refused"};
  EXPECT_THAT(run().findings.at(0).cause,
              HasSubstr("does not answer Rollcall either: connection refused"));
}

TEST_F(PodsTest, GhostsOwnMessageIsRepeated) {
  pods_.answer("b", "/", 500, kThemeMissing, {{"content-type", kHtml}});
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC105 b"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("The currently active theme"));
}

TEST_F(PodsTest, APodThatBootsIsAWarningAndReachable) {
  pods_.answer("b", kSite, 503);
  pods_.answer("b", "/", 503);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC103 b"));
  EXPECT_EQ(outcome.findings[0].def->severity, Severity::kWarning);
  EXPECT_TRUE(outcome.tally.pods.at("b").reachable);
}

TEST_F(PodsTest, APodThatLeavesOrIsNotReadyIsNeverBlamed) {
  pods_.failAll("a", ErrorCode::kUnavailable);
  pods_.answer("b", kSite, 200, siteJson("6.65", "https://other.example/"));
  pod(0).terminating = true;
  pod(1).ready = false;
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("a is leaving, so it is not blamed")));
}

TEST_F(PodsTest, ASiteOfWhichNoPodIsReadyIsDown) {
  for (std::size_t i = 0; i < 3; ++i) pod(i).ready = false;
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC115"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("none of the pods is ready: a, b, c"));
  EXPECT_THAT(outcome.findings[0].remedy, HasSubstr("kubectl describe pod a b c"));
}

TEST(NobodyServes, OnlyWhenNoPodThatStaysIsReady) {
  struct PodState {
    bool ready;
    bool terminating;
  };
  struct Case {
    const char* what;
    std::vector<PodState> pods;
    bool old;
    bool expected;
  };
  for (const Case& one :
       {Case{"no pod at all", {}, false, false}, Case{"one ready", {{true, false}}, false, false},
        Case{"one of two ready", {{false, false}, {true, false}}, false, false},
        Case{"none ready", {{false, false}, {false, false}}, false, true},
        Case{"all leaving", {{false, true}, {true, true}}, false, false},
        Case{"ready and leaving, its successor not ready",
             {{true, true}, {false, false}},
             false,
             true},
        Case{"a former list", {{false, false}}, true, false}}) {
    Topology topology;
    topology.old = one.old;
    for (const PodState& state : one.pods)
      topology.pods.push_back(Pod{.ready = state.ready, .terminating = state.terminating});
    EXPECT_EQ(pods::nobodyServes(topology), one.expected) << one.what;
  }
}

TEST_F(PodsTest, DifferentVersionsAreOneFindingThatListsThePods) {
  pods_.answer("c", kSite, 200, siteJson("6.65"));
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC110"));
  EXPECT_THAT(outcome.findings[0].evidence, Contains(Pair("c", "6.65")));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("5.130 on 2 pods, 6.65 on 1 pod"));
}

TEST_F(PodsTest, APodWithAnotherUrlIsNamed) {
  pods_.answer("c", kSite, 200, siteJson("5.130", "https://old.example/"));
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC111 c"));
  EXPECT_THAT(outcome.findings[0].evidence, Contains(Pair("url", "https://old.example")));
}

TEST_F(PodsTest, WhenEveryPodHasAnotherUrlRollcallMayHaveBeenToldTheWrongOne) {
  pods_.answer("*", kSite, 200, siteJson("5.130", "https://real.example/"));
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC111"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("https://real.example"));
}

TEST_F(PodsTest, Ghost4IsAskedWhereItsApiIs) {
  pods_.answer("a", kSite, 404);
  pods_.answer("a", kSite4, 200, siteJson("4.48"));
  EXPECT_EQ(run().tally.pods.at("a").version, "4.48");
  run();
  EXPECT_EQ(asked("a", kSite), 1);
  EXPECT_EQ(asked("a", kSite4), 2);
}

TEST_F(PodsTest, APodUpgradedFromGhost4IsFoundAgain) {
  pods_.answer("a", kSite, 404);
  pods_.answer("a", kSite4, 200, siteJson("4.48"));
  run();
  pods_.answer("a", kSite, 200, siteJson("5.130"));
  pods_.answer("a", kSite4, 404);
  EXPECT_EQ(run().tally.pods.at("a").version, "5.130");
}

TEST_F(PodsTest, APodThatAsksForTheSitesPasswordIsWell) {
  pods_.answer("b", "/", 302, "", {{"location", "/private/?r=%2F"}});
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_EQ(outcome.tally.pods.at("b").privateMode, true);
  EXPECT_EQ(outcome.tally.pods.at("b").well, true);
}

TEST_F(PodsTest, TheDaemonRendersTheFrontPageEachThirdRunOnly) {
  for (int i = 0; i < 6; ++i) run(Trigger::kInterval);
  EXPECT_EQ(asked("a", kSite), 6);
  EXPECT_EQ(asked("a", "/"), 2);
}

TEST_F(PodsTest, APodThatIsNotWellIsRenderedInEachRun) {
  pods_.answer("b", "/", 400);
  for (int i = 0; i < 2; ++i) EXPECT_THAT(codes(run(Trigger::kInterval)), ElementsAre("RC106 b"));
  pods_.answer("b", "/", 200);
  EXPECT_THAT(codes(run(Trigger::kInterval)), IsEmpty());
}

TEST_F(PodsTest, APrivatePodStaysPrivateBetweenTwoLooksAtItsFrontPage) {
  pods_.answer("b", "/", 302, "", {{"location", "/private/"}});
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(run(Trigger::kInterval).tally.pods.at("b").privateMode, true);
}

TEST_F(PodsTest, APodThatComesBackBootedNow) {
  pods_.failAll("b", ErrorCode::kUnavailable);
  pods_.answer("b", kSite, [](const PodRequest&) { return error(ErrorCode::kUnavailable); });
  pods_.answer("b", "/", [](const PodRequest&) { return error(ErrorCode::kUnavailable); });
  EXPECT_FALSE(run(Trigger::kInterval).tally.pods.at("b").bootedAt);
  clock_.advance(std::chrono::seconds(10));
  pods_.answer("b", kSite, 200, siteJson());
  pods_.answer("b", "/", 200);
  EXPECT_EQ(run(Trigger::kInterval).tally.pods.at("b").bootedAt, clock_.wall());
}

TEST_F(PodsTest, WhatCouldNotBeLookedAtIsAGapAndNoFinding) {
  pods_.failAll("b", ErrorCode::kCancelled);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_EQ(outcome.gaps[0].pod, "b");
}

TEST_F(PodsTest, OurOwnTimeBeingUpIsAGapAndNoFinding) {
  pods_.answer("b", kSite, [&](const PodRequest&) {
    clock_.advance(std::chrono::seconds(20));
    return error(ErrorCode::kDeadlineExceeded);
  });
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 1u);
}

}  // namespace
}  // namespace rollcall::checks
