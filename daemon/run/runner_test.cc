#include "daemon/run/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "daemon/run/test_checks.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing_support::critical;
using testing_support::find;
using testing_support::podsNamed;
using testing_support::ScriptedCheck;
using testing_support::specFor;
using testing_support::warning;

class RunnerTest : public testing::Test {
 protected:
  CheckRun run(ScriptedCheck::Script script) {
    ScriptedCheck check(std::move(script));
    return runCheck(spec_, check, context());
  }
  CheckContext context() {
    return CheckContext{.topology = topology_,
                        .site = site_,
                        .clock = clock_,
                        .pods = pods_,
                        .leads = leads_,
                        .deadline = Deadline::after(clock_, std::chrono::seconds(10))};
  }

  CheckSpec spec_ = specFor("demo");
  ManualClock clock_{WallTime(std::chrono::seconds(1'000))};
  Topology topology_ = podsNamed({"a", "b"});
  Site site_;
  bool leads_ = true;
  testing_support::FakePodClient pods_;
};

std::vector<std::string> describe(const CheckRun& run) {
  std::vector<std::string> lines;
  for (const Finding& one : run.outcome.findings)
    lines.push_back(std::string(one.def->code) + " " + one.pod +
                    (one.resource ? " " + one.resource->id : ""));
  return lines;
}

TEST_F(RunnerTest, MeasuresTimeAndJudges) {
  const CheckRun got = run([&](const CheckContext&) -> Result<Outcome> {
    clock_.advance(std::chrono::milliseconds(250));
    Outcome outcome;
    outcome.findings = {find(warning(), "a")};
    return outcome;
  });
  EXPECT_EQ(got.check, "demo");
  EXPECT_EQ(got.started, WallTime(std::chrono::seconds(1'000)));
  EXPECT_EQ(got.took, std::chrono::milliseconds(250));
  EXPECT_EQ(got.verdict, Verdict::kWarn);
}

TEST_F(RunnerTest, AnExceptionBecomesAnInternalError) {
  const CheckRun got =
      run([](const CheckContext&) -> Result<Outcome> { throw std::runtime_error("boom"); });
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, ErrorCode::kInternal);
  EXPECT_THAT(got.error->message, testing::HasSubstr("boom"));
  EXPECT_EQ(got.verdict, Verdict::kUnknown);
}

TEST_F(RunnerTest, WhateverElseIsThrownBecomesAnInternalErrorToo) {
  const CheckRun got = run([](const CheckContext&) -> Result<Outcome> { throw 7; });
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, ErrorCode::kInternal);
}

TEST_F(RunnerTest, KeepsTheFirstFindingOfEachCodePodAndResource) {
  const CheckRun got = run([](const CheckContext&) -> Result<Outcome> {
    Outcome outcome;
    outcome.findings = {find(critical(), "a", "1"), find(critical(), "a", "1"),
                        find(critical(), "a", "2"), find(critical(), "b", "1")};
    outcome.findings[0].message = "first";
    return outcome;
  });
  EXPECT_THAT(describe(got), ElementsAre("RC902 a 1", "RC902 a 2", "RC902 b 1"));
  EXPECT_EQ(got.outcome.findings[0].message, "first");
}

TEST_F(RunnerTest, SortsTheWorstFirst) {
  const CheckRun got = run([](const CheckContext&) -> Result<Outcome> {
    Outcome outcome;
    outcome.findings = {find(warning(), "a"), find(critical(), "b", "1"),
                        find(critical(), "a", "2")};
    return outcome;
  });
  EXPECT_THAT(describe(got), ElementsAre("RC902 a 2", "RC902 b 1", "RC901 a"));
}

TEST_F(RunnerTest, APodThatGetsNoReadersIsNotBlamed) {
  topology_.pods[1].ready = false;
  const CheckRun got = run([](const CheckContext&) -> Result<Outcome> {
    Outcome outcome;
    outcome.findings = {find(warning(), "a"), find(critical(), "b", "1"),
                        find(critical(), "b", "2"), find(warning(), "")};
    return outcome;
  });
  EXPECT_THAT(describe(got), ElementsAre("RC901 ", "RC901 a"));
  EXPECT_THAT(got.outcome.notes, ElementsAre("b is not ready, so it is not blamed for RC902 (2)"));
  EXPECT_EQ(got.verdict, Verdict::kWarn);
}

TEST_F(RunnerTest, OfAPodThatGetsReadersSinceItWasAskedNothingIsKnownYet) {
  struct Row {
    const char* name;
    void (*edit)(CheckSpec& spec, CheckRun& run, Pod& asked, Pod& now);
    std::size_t gaps;
  };
  const Row rows[] = {
      {"it gets them", [](CheckSpec&, CheckRun&, Pod&, Pod&) {}, 1},
      {"it got them", [](CheckSpec&, CheckRun&, Pod& asked, Pod&) { asked.ready = true; }, 0},
      {"it still gets none", [](CheckSpec&, CheckRun&, Pod&, Pod& now) { now.ready = false; }, 0},
      {"it leaves", [](CheckSpec&, CheckRun&, Pod&, Pod& now) { now.terminating = true; }, 0},
      {"another pod", [](CheckSpec&, CheckRun&, Pod&, Pod& now) { now.uid = "another"; }, 0},
      {"it could not be looked at anyway",
       [](CheckSpec&, CheckRun& run, Pod&, Pod&) {
         run.outcome.gaps = {{"b", "the pod", {ErrorCode::kUnavailable, "refused"}}};
       },
       1},
      {"the check asks no pods", [](CheckSpec& spec, CheckRun&, Pod&, Pod&) { spec.needs = {}; },
       0},
  };
  for (const Row& row : rows) {
    CheckSpec spec{.name = "posts", .needs = {Need::kPods}};
    CheckRun run{.verdict = Verdict::kPass};
    Topology asked = podsNamed({"a", "b"});
    Topology now = asked;
    asked.pods[1].ready = false;
    row.edit(spec, run, asked.pods[1], now.pods[1]);
    for (int i = 0; i < 2; ++i) doubtReturned(spec, run, asked, now);
    EXPECT_EQ(run.outcome.gaps.size(), row.gaps) << row.name;
    EXPECT_EQ(run.verdict, row.gaps > 0 ? Verdict::kUnknown : Verdict::kPass) << row.name;
  }
}

TEST_F(RunnerTest, WithoutADatabaseACheckThatNeedsOneDoesNotApply) {
  spec_.needs = {Need::kDatabase};
  const CheckRun got = run([](const CheckContext&) -> Result<Outcome> {
    ADD_FAILURE() << "the check ran";
    return Outcome{};
  });
  EXPECT_EQ(got.verdict, Verdict::kNotApplicable);
  EXPECT_EQ(got.outcome.notApplicable, "no database is configured");
}

TEST_F(RunnerTest, WithoutKubernetesACheckOfTheWorkloadDoesNotApply) {
  spec_.needs = {Need::kWorkload};
  const CheckRun got = run([](const CheckContext&) -> Result<Outcome> { return Outcome{}; });
  EXPECT_EQ(got.outcome.notApplicable, "the pods are not taken from the Kubernetes API");
}

TEST_F(RunnerTest, WhatOnlyTheLeaderDoesDoesNotApplyToAnotherReplica) {
  spec_.needs = {Need::kLead};
  leads_ = false;
  CheckRun got = run([](const CheckContext&) -> Result<Outcome> { return Outcome{}; });
  EXPECT_EQ(got.outcome.notApplicable, "left to the replica of Rollcall that leads");
  leads_ = true;
  got = run([](const CheckContext&) -> Result<Outcome> { return Outcome{}; });
  EXPECT_EQ(got.verdict, Verdict::kPass);
}

TEST_F(RunnerTest, PodsThatCouldNotBeListedAreAnErrorAndNotAPass) {
  spec_.needs = {Need::kPods};
  topology_ = Topology{{}, "the name ghost-pods does not resolve"};
  const CheckRun got = run([](const CheckContext&) -> Result<Outcome> { return Outcome{}; });
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(got.verdict, Verdict::kUnknown);
}

TEST_F(RunnerTest, GonePodsLeaveTheRunAndTheVerdict) {
  CheckRun got = run([](const CheckContext&) -> Result<Outcome> {
    Outcome outcome;
    outcome.findings = {find(critical(), "b"), find(warning(), "a"), find(warning(), "")};
    outcome.gaps = {{"b", "the pod", {}}};
    outcome.tally.pods = {{"a", {}}, {"b", {}}};
    outcome.tally.podResources = {{{"a", "post", "ok"}, 1}, {{"b", "post", "ok"}, 1}};
    return outcome;
  });
  ASSERT_EQ(got.verdict, Verdict::kFail);
  dropGonePods(got, podsNamed({"a"}));
  EXPECT_THAT(describe(got), ElementsAre("RC901 ", "RC901 a"));
  EXPECT_TRUE(got.outcome.gaps.empty());
  EXPECT_EQ(got.outcome.tally.pods.size(), 1u);
  EXPECT_EQ(got.outcome.tally.podResources.size(), 1u);
  EXPECT_EQ(got.verdict, Verdict::kWarn);
}

TEST_F(RunnerTest, WhatAGonePodDidWithTheNewestPostsIsDropped) {
  CheckRun got = run([](const CheckContext&) -> Result<Outcome> {
    Outcome outcome;
    outcome.tally.newest = {{{"post", "1", "one", ""}, {}, {{"a", {"ok"}}, {"b", {"missing"}}}}};
    return outcome;
  });
  dropGonePods(got, podsNamed({"a"}));
  ASSERT_EQ(got.outcome.tally.newest.size(), 1u);
  EXPECT_EQ(got.outcome.tally.newest[0].cells.size(), 1u);
  EXPECT_TRUE(got.outcome.tally.newest[0].cells.contains("a"));
}

TEST_F(RunnerTest, WhatIsAmissOnAPodThatBeganToLeaveIsDropped) {
  CheckRun got = run([](const CheckContext&) -> Result<Outcome> {
    Outcome outcome;
    outcome.findings = {find(critical(), "b"), find(warning(), "a")};
    outcome.gaps = {{"b", "the pod", {}}};
    outcome.tally.pods = {{"a", {}}, {"b", {}}};
    return outcome;
  });
  Topology topology = podsNamed({"a", "b"});
  topology.pods[1].terminating = true;
  dropGonePods(got, topology);
  EXPECT_THAT(describe(got), ElementsAre("RC901 a"));
  EXPECT_TRUE(got.outcome.gaps.empty());
  EXPECT_EQ(got.outcome.tally.pods.size(), 2u) << "it is still there";
}

// Runs at the seconds 0, 1, 2, ...; each row says what a run sees.
class SinceTest : public testing::Test {
 protected:
  CheckRun seen(std::vector<Finding> findings, std::vector<Gap> gaps = {},
                std::optional<Error> error = {}) {
    CheckRun run;
    run.check = "demo";
    run.started = WallTime(std::chrono::seconds(second_++));
    run.outcome.findings = std::move(findings);
    run.outcome.gaps = std::move(gaps);
    run.error = std::move(error);
    memory_.apply(run, topology_);
    return run;
  }
  static int since(const CheckRun& run) {
    const auto time = run.outcome.findings.at(0).since;
    return time ? static_cast<int>(time->time_since_epoch() / std::chrono::seconds(1)) : -1;
  }
  Topology topology_ = podsNamed({"a", "b"});
  SinceMemory memory_;
  int second_ = 0;
};

TEST_F(SinceTest, AFindingKeepsTheTimeItWasFirstSeen) {
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 0);
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 0);
  EXPECT_EQ(since(seen({find(critical(), "a", "2")})), 2);
}

TEST_F(SinceTest, AFindingThatWentAwayStartsAnew) {
  seen({find(critical(), "a", "1")});
  seen({});
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 2);
}

TEST_F(SinceTest, ARunThatCouldNotLookForgetsNothing) {
  seen({find(critical(), "a", "1")});
  seen({}, {}, Error{ErrorCode::kUnavailable, "no database"});
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 0);
}

TEST_F(SinceTest, AGapOnThePodForgetsNothingOfThatPodOnly) {
  seen({find(critical(), "a", "1"), find(critical(), "b", "1")});
  seen({}, {{"a", "the pod", {}}});
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 0);
  EXPECT_EQ(since(seen({find(critical(), "b", "1")})), 3);
}

TEST_F(SinceTest, AGapThatNamesNoPodForgetsNothing) {
  seen({find(critical(), "a", "1")});
  seen({}, {{"", "the list of posts", {}}});
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 0);
}

TEST_F(SinceTest, ARunThatDidNotApplyForgetsNothing) {
  seen({find(critical(), "a", "1")});
  CheckRun skipped;
  skipped.check = "demo";
  skipped.outcome.notApplicable = "the site is private";
  memory_.apply(skipped, topology_);
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 0);
}

TEST_F(SinceTest, APodThatGetsNoReadersForgetsNothing) {
  seen({find(critical(), "a", "1"), find(critical(), "b", "1")});
  topology_.pods[0].ready = false;
  seen({});
  topology_.pods[0].ready = true;
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 0);
  EXPECT_EQ(since(seen({find(critical(), "b", "1")})), 3);
}

TEST_F(SinceTest, WhatAnEarlierProcessSawKeepsItsTimeUntilItIsOver) {
  second_ = 100;
  memory_.resume({{.check = "demo",
                   .code = "RC902",
                   .pod = "a",
                   .resource = "post:1",
                   .since = WallTime(std::chrono::seconds(7))}});
  EXPECT_EQ(since(seen({find(critical(), "b", "1"), find(critical(), "a", "1")})), 100);
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 7);
  seen({});
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 103);
}

TEST_F(SinceTest, NothingIsThereSinceAfterItWasSeen) {  // another clock was ahead
  second_ = 100;
  memory_.resume({{.check = "demo",
                   .code = "RC902",
                   .pod = "a",
                   .resource = "post:1",
                   .since = WallTime(std::chrono::seconds(7'000))}});
  EXPECT_EQ(since(seen({find(critical(), "a", "1")})), 100);
}

TEST_F(SinceTest, ChecksDoNotShareTheirMemory) {
  seen({find(critical(), "a", "1")});
  CheckRun other;
  other.check = "other";
  other.started = WallTime(std::chrono::seconds(7));
  other.outcome.findings = {find(critical(), "a", "1")};
  memory_.apply(other, topology_);
  EXPECT_EQ(since(other), 7);
}

}  // namespace
}  // namespace rollcall
