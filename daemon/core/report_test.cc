#include "daemon/core/report.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(MakeReport, mergesWhatAllChecksLearnedOfAPod) {
  Topology topology;
  topology.pods = {Pod{.name = "a"}, Pod{.name = "b"}};
  CheckRun pods{.check = "pods", .verdict = Verdict::kPass};
  pods.outcome.tally.pods["a"] = {.reachable = true, .version = "6.65"};
  CheckRun posts{.check = "posts", .verdict = Verdict::kUnknown};
  posts.outcome.gaps.push_back({"b", "newest posts", {}});
  const Report report = makeReport({}, topology, {pods, posts});
  EXPECT_EQ(report.verdict, Verdict::kUnknown);
  EXPECT_TRUE(report.pods[0].facts.reachable);
  EXPECT_EQ(report.pods[0].facts.version, "6.65");
  EXPECT_EQ(report.pods[0].verdict, Verdict::kPass);
  EXPECT_FALSE(report.pods[1].facts.reachable);
  EXPECT_EQ(report.pods[1].verdict, Verdict::kUnknown);
}

TEST(MakeReport, theLatestRunDecidesWhetherAPodIsReachable) {
  Topology topology;
  topology.pods = {Pod{.name = "a"}};
  CheckRun pods{.check = "pods", .started = WallTime(std::chrono::seconds(20))};
  pods.outcome.tally.pods["a"] = {.reachable = false};
  CheckRun posts{.check = "posts", .started = WallTime(std::chrono::seconds(10))};
  posts.outcome.tally.pods["a"] = {.reachable = true, .version = "6.65"};
  const Report report = makeReport({}, topology, {pods, posts});
  EXPECT_FALSE(report.pods[0].facts.reachable);
  EXPECT_EQ(report.pods[0].facts.version, "6.65");
}

TEST(MakeReport, aPodNobodyAskedIsUnknown) {
  Topology topology;
  topology.pods = {Pod{.name = "a"}, Pod{.name = "b"}};
  CheckRun posts{.check = "posts", .verdict = Verdict::kPass};
  posts.outcome.tally.pods["a"] = {.reachable = true};
  const Report report = makeReport({}, topology, {posts});
  EXPECT_TRUE(report.pods[0].asked);
  EXPECT_EQ(report.pods[0].verdict, Verdict::kPass);
  EXPECT_FALSE(report.pods[1].asked);
  EXPECT_EQ(report.pods[1].verdict, Verdict::kUnknown);
}

TEST(MakeReport, nothingIsWellWhileACheckIsPending) {
  Topology topology;
  topology.pods = {Pod{.name = "a"}};
  for (const auto& [ran, all] :
       std::vector<std::pair<Verdict, Verdict>>{{Verdict::kPass, Verdict::kUnknown},
                                                {Verdict::kWarn, Verdict::kUnknown},
                                                {Verdict::kNotApplicable, Verdict::kUnknown},
                                                {Verdict::kFail, Verdict::kFail}}) {
    CheckRun pods{.check = "pods", .verdict = ran};
    pods.outcome.tally.pods["a"] = {.reachable = true};
    const Report report = makeReport({}, topology, {pods}, {"posts"});
    EXPECT_EQ(report.verdict, all) << name(ran);
    EXPECT_EQ(report.pods[0].verdict, Verdict::kUnknown);
    EXPECT_EQ(report.pending, std::vector<std::string>{"posts"});
  }
}

TEST(MakeReport, aRunThatDidNotLearnOfPrivateModeLeavesWhatAnotherSaw) {
  Topology topology;
  topology.pods = {Pod{.name = "a"}};
  CheckRun pods{.check = "pods", .started = WallTime(std::chrono::seconds(10))};
  pods.outcome.tally.pods["a"] = {.reachable = true, .privateMode = true};
  CheckRun posts{.check = "posts", .started = WallTime(std::chrono::seconds(20))};
  posts.outcome.tally.pods["a"] = {.reachable = true};
  EXPECT_EQ(makeReport({}, topology, {pods, posts}).pods[0].facts.privateMode, true);
}

TEST(MakeReport, withoutAnyRunNothingIsKnown) {
  EXPECT_EQ(makeReport({}, {}, {}).verdict, Verdict::kUnknown);
}

}  // namespace
}  // namespace rollcall
