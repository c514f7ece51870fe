#include <fmt/format.h>
#include <gmock/gmock.h>

#include "daemon/core/registry.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {
const CheckSpec& privateSpec();

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;
using testing_support::PatientClock;

constexpr const char* kProbe = "/rollcall-private-mode";

// Three public pods of a public site that was switched long ago.
class PrivateTest : public testing::Test {
 protected:
  PrivateTest() {
    for (const char* name : {"a", "b", "c"}) topology_.pods.push_back({.name = name});
    site_.url = site_.admin = *parseUrl("https://e.org");
    database("false");
    for (const char* name : {"a", "b", "c"}) shows(name, true);
  }

  void database(const std::string& value, const std::string& changed = "2026-01-01 09:00:00") {
    source_.reply("is_private", {{value, changed, "2026-01-01 10:00:00.000"}});
  }
  void shows(const std::string& pod, bool everyone) {
    pods_.answer(pod, kProbe, everyone ? 301 : 302, "",
                 {{"location", everyone ? "/rollcall-private-mode/" : "/private/?r=%2F"}});
    if (everyone) return pods_.answer(pod, "/", 200, "<html>");
    pods_.answer(pod, "/", 302, "", {{"location", "/private/?r=%2F"}});
  }
  Result<Outcome> tryRun(Trigger trigger) {
    return check_->run({.topology = topology_,
                        .site = site_,
                        .clock = clock_,
                        .pods = pods_,
                        .content = content_,
                        .trigger = trigger,
                        .settle = settle_,
                        .deadline = deadline_});
  }
  Outcome run(Trigger trigger = Trigger::kInterval) {
    return testing_support::expectOutcome(tryRun(trigger));
  }
  static std::vector<std::string> codes(const Outcome& outcome) {
    return testing_support::codesOf(outcome);
  }
  std::size_t asked(const std::string& pod, const std::string& path) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        pods_.asked, [&](const auto& one) { return one.pod == pod && one.path == path; }));
  }

  // The probe of every pod is caught by a redirect of the owner's; their front pages stay.
  void catchProbes() {
    for (const char* pod : {"a", "b", "c"})
      pods_.answer(pod, kProbe, 301, "", {{"location", "/welcome/"}});
  }
  // The front page of `pod` asks for the password once, and then is what `then` says.
  void frontIsPrivateOnce(const std::string& pod, const Result<HttpResponse>& then) {
    pods_.answer(pod, "/", [=, looks = 0](const PodRequest&) mutable -> Result<HttpResponse> {
      if (looks++ > 0) return then;
      HttpResponse guarded;
      guarded.status = 302;
      guarded.headers = {{"location", "/private/?r=%2F"}};
      return guarded;
    });
  }

  Topology topology_;
  Site site_;
  PatientClock clock_;
  FakePodClient pods_;
  FakeContentSource source_;
  ContentSource* content_ = &source_;
  Deadline deadline_{MonoTime(1h)};
  Duration settle_ = 5s;
  std::unique_ptr<Check> check_ = privateSpec().make(Params(privateSpec().params));
};

TEST_F(PrivateTest, SaysNothingOfAPublicSiteAndRendersNothing) {
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_EQ(outcome.tally.pods.at("a").privateMode, false);
  EXPECT_TRUE(outcome.tally.pods.at("a").reachable);
  EXPECT_THAT(pods_.asked, SizeIs(3));
}

TEST_F(PrivateTest, SaysNothingOfASiteThatIsPrivateOnEveryPod) {
  database("true");
  for (const char* pod : {"a", "b", "c"}) shows(pod, false);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_EQ(outcome.tally.pods.at("a").privateMode, true);
  EXPECT_THAT(pods_.asked, SizeIs(3));
}

TEST_F(PrivateTest, NamesThePodThatShowsAPrivateSiteToEveryone) {
  database("true");
  shows("a", false), shows("c", false);
  topology_.pods[1].startedAt = WallTime{std::chrono::seconds(1'767'250'800)};
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC511 b"));
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.def->severity, Severity::kCritical);
  EXPECT_THAT(finding.message, HasSubstr("b shows its pages to everyone"));
  EXPECT_THAT(finding.cause, HasSubstr("switched on at 2026-01-01T09:00:00"));
  EXPECT_THAT(finding.cause, HasSubstr("since it booted at 2026-01-01T07:00:00"));
  EXPECT_EQ(finding.evidence.at("status"), "200");
  EXPECT_EQ(finding.remedy, "restart b: kubectl delete pod b");
  EXPECT_EQ(asked("b", "/"), 1u);
}

TEST_F(PrivateTest, ALeakIsClaimedOnlyWhenTheFrontPageWasReallyShown) {
  database("true");
  shows("a", false), shows("c", false);
  pods_.answer("b", "/", 302, "", {{"location", "/private/?r=%2F"}});
  EXPECT_THAT(codes(run()), IsEmpty());
  pods_.answer("b", "/", 500);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, SizeIs(1));
}

TEST_F(PrivateTest, AStandingLeakIsRenderedEveryTwoMinutesOnly) {
  database("true");
  shows("a", false), shows("c", false);
  for (int i = 0; i < 9; ++i, clock_.advance(20s)) {
    const Outcome outcome = run();
    ASSERT_THAT(codes(outcome), ElementsAre("RC511 b"));
    EXPECT_EQ(outcome.findings[0].evidence.at("status"), "200");
  }
  EXPECT_EQ(asked("b", "/"), 2u);
}

TEST_F(PrivateTest, AHealedLeakIsForgotten) {
  database("true");
  shows("a", false), shows("c", false);
  run();
  shows("b", false);
  EXPECT_THAT(codes(run()), IsEmpty());
  shows("b", true);
  EXPECT_THAT(codes(run()), ElementsAre("RC511 b"));
  EXPECT_EQ(asked("b", "/"), 2u);
}

TEST_F(PrivateTest, NamesThePodThatAsksForAPasswordOfAPublicSite) {
  shows("b", false);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC512 b"));
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("switched off"));
  EXPECT_EQ(outcome.tally.pods.at("b").privateMode, true);
}

TEST_F(PrivateTest, AYoungSwitchIsNotHeldAgainstAnybodyYet) {
  database("true", "2026-01-01 09:59:57");
  const Outcome outcome = run(Trigger::kOnce);
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, SizeIs(1));
  EXPECT_EQ(outcome.again, 2s);
}

TEST_F(PrivateTest, ASwitchWhileWeLookedIsHeldAgainstNobody) {
  database("true");
  pods_.answer("b", "/", [&](const PodRequest&) -> Result<HttpResponse> {
    database("false", "2026-01-01 10:00:00");
    HttpResponse shown;
    shown.status = 200;
    return shown;
  });
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_EQ(outcome.again, 1s);
}

TEST_F(PrivateTest, APodThatCannotBeAskedIsAGapAndOneThatLeavesIsNot) {
  pods_.fail("b", kProbe, ErrorCode::kUnavailable);
  pods_.fail("c", kProbe, ErrorCode::kUnavailable);
  topology_.pods[2].terminating = true;
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "b");
  EXPECT_EQ(asked("c", kProbe), 0u);
}

TEST_F(PrivateTest, APodThatIsNotReadyIsNeitherAskedNorBlamed) {
  database("true");
  for (Pod& pod : topology_.pods) pod.ready = false;
  EXPECT_TRUE(run().notApplicable);
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(PrivateTest, WhereTheOwnersRedirectsCatchTheProbeTheFrontPageTells) {
  for (const char* pod : {"a", "b", "c"}) {
    shows(pod, false);
    pods_.answer(pod, kProbe, 301, "", {{"location", "/welcome/"}});
  }
  database("true");
  pods_.answer("b", "/", 200, "<html>");
  EXPECT_THAT(codes(run()), ElementsAre("RC511 b"));
  pods_.answer("b", "/", 301, "", {{"location", "/welcome/"}});
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("redirect of the site's own"));
}

TEST_F(PrivateTest, WhereTheFrontPageDecidesItIsLookedAtTwiceBeforeAPodIsBlamedForAPassword) {
  catchProbes();
  pods_.answer("b", "/", 302, "", {{"location", "/private/?r=%2F"}});
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC512 b"));
  EXPECT_EQ(outcome.findings[0].evidence.at("status"), "302");
  EXPECT_EQ(asked("b", "/"), 2u);
  EXPECT_EQ(asked("a", "/"), 1u);
}

TEST_F(PrivateTest, AFrontPageThatIsOpenAtTheSecondLookIsNotClaimed) {
  catchProbes();
  HttpResponse open;
  open.status = 200;
  frontIsPrivateOnce("b", open);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
}

TEST_F(PrivateTest, APodThatFailsAtTheSecondLookIsAGapAndNotBlamed) {
  catchProbes();
  frontIsPrivateOnce("b", Error{ErrorCode::kUnavailable, "gone"});
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "b");
}

TEST_F(PrivateTest, WithoutADatabaseTheFrontPageIsLookedAtTwiceTooWhereItDecides) {
  content_ = nullptr;
  catchProbes();
  HttpResponse open;
  open.status = 200;
  frontIsPrivateOnce("b", open);
  EXPECT_THAT(codes(run(Trigger::kOnce)), IsEmpty());
  pods_.answer("b", "/", 302, "", {{"location", "/private/?r=%2F"}});
  EXPECT_THAT(codes(run(Trigger::kOnce)), ElementsAre("RC513"));
}

TEST_F(PrivateTest, WithoutTimeForASecondLookADisagreementIsAGapAndNobodySleeps) {
  content_ = nullptr;
  shows("b", false);
  settle_ = 1min;
  for (const Duration left : {Duration(15s), Duration(1min)}) {
    deadline_ = Deadline(clock_.mono() + left);
    const Outcome outcome = run(Trigger::kOnce);
    EXPECT_THAT(codes(outcome), IsEmpty());
    ASSERT_THAT(outcome.gaps, SizeIs(1));
    EXPECT_EQ(outcome.gaps[0].why.message,
              "a difference was seen and there was no time to look again");
    EXPECT_EQ(clock_.mono(), MonoTime{});
  }
}

TEST_F(PrivateTest, ADeadDatabaseIsAnError) {
  source_.error = Error{ErrorCode::kUnavailable, "connection refused"};
  EXPECT_FALSE(tryRun(Trigger::kOnce));
}

TEST_F(PrivateTest, WithoutADatabaseDisagreementThatLastsIsAWarning) {
  content_ = nullptr;
  shows("b", false);
  const Outcome first = run();
  EXPECT_THAT(codes(first), IsEmpty());
  EXPECT_EQ(first.again, 5s);
  clock_.advance(5s);
  const Outcome second = run();
  ASSERT_THAT(codes(second), ElementsAre("RC513"));
  EXPECT_EQ(second.findings[0].evidence.at("b"), "private");
  EXPECT_EQ(second.findings[0].evidence.at("a"), "public");
  EXPECT_THAT(second.findings[0].message, HasSubstr("1 of 3 pods"));
}

TEST_F(PrivateTest, WithoutADatabaseAOneShotRunWaitsUntilADisagreementHasLasted) {
  content_ = nullptr;
  shows("b", false);
  EXPECT_THAT(codes(run(Trigger::kOnce)), ElementsAre("RC513"));
  EXPECT_EQ(clock_.mono(), MonoTime{} + 5s);
  EXPECT_EQ(asked("b", kProbe), 2u);
}

TEST_F(PrivateTest, DisagreementThatPassesIsNotClaimed) {
  content_ = nullptr;
  shows("b", false);
  run();
  shows("b", true);
  clock_.advance(5s);
  EXPECT_THAT(codes(run()), IsEmpty());
  shows("b", false);
  EXPECT_THAT(codes(run()), IsEmpty());
}

TEST_F(PrivateTest, WithoutTheRightToReadSettingsThePodsAreComparedAndAGapSaysSo) {
  source_.refuse("is_private", ErrorCode::kPermissionDenied);
  shows("b", false);
  run();
  clock_.advance(5s);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), ElementsAre("RC513"));
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "");
}

}  // namespace
}  // namespace rollcall::checks
