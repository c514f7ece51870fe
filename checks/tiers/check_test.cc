#include <fmt/format.h>
#include <gmock/gmock.h>

#include "daemon/core/registry.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {
const CheckSpec& tiersSpec();

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;
using testing_support::PatientClock;

constexpr const char* kPath = "/ghost/api/content/tiers/?key=abc";

// Three pods whose one tier is as the database has it.
class TiersTest : public testing::Test {
 protected:
  TiersTest() {
    for (const char* name : {"a", "b", "c"}) topology_.pods.push_back({.name = name});
    site_.url = site_.admin = *parseUrl("https://e.org");
    source_.key = "abc";
    stored("Gold");
    for (const char* name : {"a", "b", "c"}) shows(name, "Gold");
  }

  void stored(const std::string& name) {
    source_.reply("FROM products", {{"1", "gold", "1", name, std::nullopt, "paid", "public",
                                     std::nullopt, "USD", "500", "5000", "0"}});
  }
  static std::string document(const std::string& name) {
    return fmt::format(
        R"({{"tiers":[{{"id":"1","slug":"gold","active":true,"name":"{}","type":"paid",)"
        R"("currency":"USD","monthly_price":500,"yearly_price":5000,"trial_days":0}}]}})",
        name);
  }
  void shows(const std::string& pod, const std::string& name) {
    pods_.answer(pod, kPath, 200, document(name));
  }
  Result<Outcome> tryRun(Trigger trigger) {
    return check_->run({.topology = topology_,
                        .site = site_,
                        .clock = clock_,
                        .pods = pods_,
                        .content = &source_,
                        .trigger = trigger,
                        .settle = settle_,
                        .deadline = deadline_});
  }
  Outcome run(Trigger trigger = Trigger::kOnce) {
    return testing_support::expectOutcome(tryRun(trigger));
  }
  static std::vector<std::string> codes(const Outcome& outcome) {
    return testing_support::codesOf(outcome);
  }

  Topology topology_;
  Site site_;
  PatientClock clock_;
  FakePodClient pods_;
  FakeContentSource source_;
  Deadline deadline_{MonoTime(1h)};
  Duration settle_ = 5s;
  std::unique_ptr<Check> check_ = tiersSpec().make(Params(tiersSpec().params));
};

TEST_F(TiersTest, SaysNothingWhenEveryPodShowsTheDatabasesTiersAndAsksOnce) {
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(pods_.asked, SizeIs(3));
  EXPECT_EQ(clock_.mono(), MonoTime{});
}

TEST_F(TiersTest, NamesThePodThatMissedARename) {
  stored("Platinum");
  shows("a", "Platinum"), shows("c", "Platinum");
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC521 b"));
  const Finding& finding = outcome.findings[0];
  EXPECT_THAT(finding.message, HasSubstr("the name of \"gold\" is \"Gold\" instead of"));
  EXPECT_THAT(finding.reproduce, Not(HasSubstr("abc")));
  EXPECT_EQ(clock_.mono(), MonoTime{} + 5s);
}

TEST_F(TiersTest, WhatEveryPodShowsAlikeIsOneFinding) {
  stored("Platinum");
  EXPECT_THAT(codes(run()), ElementsAre("RC522"));
  pods_.fail("c", kPath, ErrorCode::kUnavailable);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), ElementsAre("RC521 a", "RC521 b"));
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "c");
}

TEST_F(TiersTest, TheDaemonWaitsUntilADifferenceHasLasted) {
  stored("Platinum");
  shows("a", "Platinum"), shows("c", "Platinum");
  const Outcome first = run(Trigger::kInterval);
  EXPECT_THAT(codes(first), IsEmpty());
  EXPECT_EQ(first.again, 5s);
  EXPECT_THAT(first.notes, SizeIs(1));
  clock_.advance(5s);
  EXPECT_THAT(codes(run(Trigger::kInterval)), ElementsAre("RC521 b"));
  EXPECT_THAT(codes(run(Trigger::kInterval)), ElementsAre("RC521 b"));
  shows("b", "Platinum");
  EXPECT_THAT(codes(run(Trigger::kInterval)), IsEmpty());
  shows("b", "Gold");
  EXPECT_THAT(codes(run(Trigger::kInterval)), IsEmpty());
}

TEST_F(TiersTest, ANewDifferenceBesidesAnOldOneSettlesByItself) {
  stored("Platinum");
  run(Trigger::kInterval);
  clock_.advance(5s);
  shows("b", "Other");
  const Outcome outcome = run(Trigger::kInterval);
  EXPECT_THAT(codes(outcome), ElementsAre("RC521 a", "RC521 c"));
  EXPECT_EQ(outcome.again, 5s);
}

TEST_F(TiersTest, WhatIsGoneAtTheSecondLookIsNotClaimed) {
  stored("Platinum");
  shows("a", "Platinum"), shows("c", "Platinum");
  int looks = 0;
  pods_.answer("b", kPath, [&](const PodRequest&) -> Result<HttpResponse> {
    HttpResponse response;
    response.status = 200;
    response.body = document(looks++ == 0 ? "Gold" : "Platinum");
    return response;
  });
  EXPECT_THAT(codes(run()), IsEmpty());
  EXPECT_EQ(looks, 2);
}

TEST_F(TiersTest, ATableThatChangesWhileWeLookIsHeldAgainstNobody) {
  stored("Platinum");
  shows("a", "Platinum"), shows("c", "Platinum");
  int looks = 0;
  pods_.answer("b", kPath, [&](const PodRequest&) -> Result<HttpResponse> {
    if (looks++ == 0) stored("Gold");
    HttpResponse response;
    response.status = 200;
    response.body = document("Gold");
    return response;
  });
  EXPECT_THAT(codes(run()), IsEmpty());
}

TEST_F(TiersTest, WithoutTimeForASecondLookADifferenceIsAGapAndNobodySleeps) {
  stored("Platinum");
  shows("a", "Platinum"), shows("c", "Platinum");
  settle_ = 1min;
  for (const Duration left : {Duration(20s), Duration(1min)}) {
    deadline_ = Deadline(clock_.mono() + left);
    const Outcome outcome = run();
    EXPECT_THAT(codes(outcome), IsEmpty());
    ASSERT_THAT(outcome.gaps, SizeIs(1));
    EXPECT_EQ(outcome.gaps[0].pod, "b");
    EXPECT_EQ(outcome.gaps[0].why.message,
              "a difference was seen and there was no time to look again");
    EXPECT_EQ(clock_.mono(), MonoTime{});
  }
  EXPECT_EQ(pods_.asked.size(), 6u);
}

TEST_F(TiersTest, WithoutTheRightToReadTheTableItDoesNotApplyAndSaysWhichGrantIsMissing) {
  source_.refuse("FROM products", ErrorCode::kPermissionDenied);
  EXPECT_THAT(run().notApplicable.value_or(""), HasSubstr("GRANT SELECT ON ghost.products"));
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(TiersTest, WithoutAKeyOrATableOrOnGhost4ItDoesNotApply) {
  for (const char* pod : {"a", "b", "c"}) pods_.answer(pod, kPath, 404);
  EXPECT_TRUE(run().notApplicable);
  source_.key.reset();
  EXPECT_THAT(run().notApplicable.value_or(""), HasSubstr("Content API key"));
  source_.refuse("FROM products", ErrorCode::kNotFound);
  EXPECT_TRUE(run().notApplicable);
}

TEST_F(TiersTest, AnAnswerThatIsNoneOfGhostsIsAGap) {
  pods_.answer("b", kPath, 200, "[]");
  pods_.answer("c", kPath, 401);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, SizeIs(2));
}

TEST_F(TiersTest, PodsThatLeaveOrAreNotReadyAreNotAsked) {
  stored("Platinum");
  shows("a", "Platinum");
  topology_.pods[1].terminating = true;
  topology_.pods[2].ready = false;
  EXPECT_THAT(codes(run()), IsEmpty());
  EXPECT_THAT(pods_.asked, SizeIs(1));
}

TEST_F(TiersTest, ADatabaseThatDoesNotAnswerIsAnError) {
  source_.error = Error{ErrorCode::kUnavailable, "connection refused"};
  EXPECT_FALSE(tryRun(Trigger::kOnce));
}

TEST_F(TiersTest, ADatabaseThatLetsNobodyInIsAnErrorAndNoMissingGrantOrTable) {
  for (const ErrorCode code : {ErrorCode::kPermissionDenied, ErrorCode::kNotFound}) {
    source_.error = Error{code, "wrong password, or no such host"};
    const auto outcome = tryRun(Trigger::kOnce);
    ASSERT_FALSE(outcome) << name(code);
    EXPECT_EQ(outcome.error().message, "wrong password, or no such host");
  }
}

}  // namespace
}  // namespace rollcall::checks
