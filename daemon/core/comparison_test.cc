#include "daemon/core/comparison.h"

#include <gmock/gmock.h>

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const FindingDef kMissing{"RC201", Severity::kCritical, "missing", "", ""};
const FindingDef kSkew{"RC110", Severity::kWarning, "versions differ", "", ""};

WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

Finding missingOn(std::string pod, std::string id = "1") {
  Finding finding;
  finding.def = &kMissing;
  finding.pod = std::move(pod);
  finding.resource = ResourceRef{"post", std::move(id), "slug", "https://example.org/slug/"};
  finding.message = finding.pod + " answers 404";
  finding.since = at(1'000);
  return finding;
}

CheckRun postsRun(std::vector<Finding> findings) {
  CheckRun run;
  run.check = "posts";
  run.started = at(1'000);
  run.outcome.findings = std::move(findings);
  return run;
}

Report reportOf(CheckRun run) {
  Topology topology;
  for (const char* name : {"a", "b"}) topology.pods.push_back(Pod{.name = name});
  Report report = makeReport({}, topology, {std::move(run)});
  report.started = at(1'000);
  return report;
}

PastFinding past(std::string pod, std::string resource = "post:1") {
  return {.check = "posts",
          .code = "RC201",
          .pod = std::move(pod),
          .resource = std::move(resource),
          .severity = "critical",
          .title = "missing",
          .message = "answered 404",
          .since = at(500),
          .seen = at(900)};
}

std::vector<std::string> named(const std::vector<PastFinding>& findings) {
  std::vector<std::string> names;
  for (const PastFinding& one : findings)
    names.push_back(one.code + " " + one.pod + " " + one.resource);
  return names;
}

TEST(Comparison, WithoutAFormerRunEverythingBegan) {
  const Comparison got = compare({}, reportOf(postsRun({missingOn("a"), missingOn("b")})));
  EXPECT_THAT(named(got.began), ElementsAre("RC201 a post:1", "RC201 b post:1"));
  EXPECT_THAT(got.lasting, IsEmpty());
}

TEST(Comparison, WhatWasThereBeforeLastsAndKeepsItsBeginning) {
  const Comparison got = compare({past("a")}, reportOf(postsRun({missingOn("a")})));
  EXPECT_THAT(got.began, IsEmpty());
  ASSERT_THAT(named(got.lasting), ElementsAre("RC201 a post:1"));
  EXPECT_EQ(got.lasting[0].since, at(500));
  EXPECT_EQ(got.lasting[0].seen, at(1'000));
  EXPECT_EQ(got.lasting[0].message, "a answers 404");
}

TEST(Comparison, AnotherPodOrResourceIsAnotherFinding) {
  const Comparison got =
      compare({past("a"), past("b", "post:2")}, reportOf(postsRun({missingOn("b")})));
  EXPECT_THAT(named(got.began), ElementsAre("RC201 b post:1"));
  EXPECT_THAT(named(got.ended), ElementsAre("RC201 a post:1", "RC201 b post:2"));
}

// Only what was looked at again, and is right, has ended.
struct Look {
  const char* how;
  void (*change)(CheckRun& run);
  bool ended;
};
class AbsentFinding : public testing::TestWithParam<Look> {};

TEST_P(AbsentFinding, EndsOnlyWhenItWasLookedAt) {
  CheckRun run = postsRun({});
  GetParam().change(run);
  const Comparison got = compare({past("a")}, reportOf(std::move(run)));
  EXPECT_EQ(got.ended.size(), GetParam().ended ? 1 : 0);
  EXPECT_EQ(got.unseen.size(), GetParam().ended ? 0 : 1);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, AbsentFinding,
    testing::Values(
        Look{"a whole run", [](CheckRun&) {}, true},
        Look{"a gap on its pod",
             [](CheckRun& run) {
               run.outcome.gaps = {{"a", "newest", {}}};
             },
             false},
        Look{"a gap on another pod",
             [](CheckRun& run) {
               run.outcome.gaps = {{"b", "newest", {}}};
             },
             true},
        Look{"a gap on no pod in particular",
             [](CheckRun& run) {
               run.outcome.gaps = {{"", "routes", {}}};
             },
             false},
        Look{"a check that could not run", [](CheckRun& run) { run.error = Error{}; }, false},
        Look{"a check that did not apply",
             [](CheckRun& run) { run.outcome.notApplicable = "the site is private"; }, false},
        Look{"a check that was not asked", [](CheckRun& run) { run.check = "pods"; }, false}),
    [](const auto& row) {
      std::string name;
      for (const char c : std::string_view(row.param.how))
        if (c != ' ') name += c;
      return name;
    });

TEST(Comparison, AGonePodTakesItsFindingsWithIt) {
  CheckRun run = postsRun({});
  run.error = Error{};
  const Comparison got = compare({past("gone")}, reportOf(std::move(run)));
  EXPECT_THAT(named(got.ended), ElementsAre("RC201 gone post:1"));
}

TEST(Comparison, NoPodIsGoneWhenNoneCouldBeListed) {
  Report report = makeReport({}, Topology{.stale = "ghost-pods does not resolve"}, {postsRun({})});
  EXPECT_THAT(named(compare({past("a")}, report).unseen), ElementsAre("RC201 a post:1"));
  report.podsStale = "";
  EXPECT_THAT(named(compare({past("a")}, report).ended), ElementsAre("RC201 a post:1"));
}

TEST(Comparison, OfAllPodsNothingHasEndedWhileOneCouldNotBeLookedAt) {
  CheckRun run = postsRun({});
  run.outcome.gaps = {{"b", "the pod", {}}};
  const Comparison got = compare({past("")}, reportOf(std::move(run)));
  EXPECT_THAT(named(got.unseen), ElementsAre("RC201  post:1"));
}

TEST(Comparison, WhatIsPastIsToldByCodeAndPod) {
  const std::vector<PastGroup> got =
      groupPast({past("a", "post:1"), past("b", "post:1"), past("a", "post:2")});
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].pod, "a");
  EXPECT_EQ(got[0].count, 2u);
  EXPECT_EQ(got[1].count, 1u);
}

TEST(Comparison, FindingsAreDatedBackToWhenTheyWereFirstSeen) {
  Report report = reportOf(postsRun({missingOn("a"), missingOn("b")}));
  dateBack(report, {past("a")});
  EXPECT_EQ(report.checks[0].outcome.findings[0].since, at(500));
  EXPECT_EQ(report.checks[0].outcome.findings[1].since, at(1'000));
}

TEST(Comparison, TheSummaryCountsFindingsAndWhatCouldNotBeLookedAt) {
  Finding skew;
  skew.def = &kSkew;
  CheckRun run = postsRun({missingOn("a"), missingOn("b"), skew});
  run.outcome.gaps = {{"a", "newest", {}}};
  run.error = Error{};
  const PastRun got = summaryOf(reportOf(std::move(run)));
  EXPECT_EQ(got.critical, 2u);
  EXPECT_EQ(got.warning, 1u);
  EXPECT_EQ(got.info, 0u);
  EXPECT_EQ(got.gaps, 2u);
  EXPECT_EQ(got.pods, 2u);
  EXPECT_EQ(got.started, at(1'000));
}

TEST(Propagation, HasTheSmallestTimeThatSoManyDoNotExceed) {
  using std::chrono::milliseconds;
  struct Row {
    std::vector<milliseconds> times;
    std::optional<Propagation> expected;
  };
  const Row table[] = {
      {{}, std::nullopt},
      {{milliseconds(7)}, Propagation{1, milliseconds(7), milliseconds(7), milliseconds(7)}},
      {{milliseconds(3), milliseconds(1)},
       Propagation{2, milliseconds(1), milliseconds(3), milliseconds(3)}},
      {{milliseconds(5), milliseconds(1), milliseconds(9)},
       Propagation{3, milliseconds(5), milliseconds(9), milliseconds(9)}},
  };
  for (const Row& row : table) EXPECT_EQ(propagationOf(row.times), row.expected);
}

}  // namespace
}  // namespace rollcall
