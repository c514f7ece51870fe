#include "daemon/core/restart_safety.h"

#include <gmock/gmock.h>

namespace rollcall {
namespace {

PodReport podThat(std::string name, bool well) {
  PodReport pod;
  pod.pod.name = std::move(name);
  pod.facts = {.reachable = true, .well = well};
  return pod;
}

// Three pods that are well and nothing under way.
Report calm() {
  Report report;
  report.pods = {podThat("a", true), podThat("b", true), podThat("c", true)};
  report.restart = {.emailsInFlight = 0, .postsDueSoon = 0, .migrationLocked = false};
  return report;
}

struct Row {
  std::string name;
  void (*change)(Report&);
  std::string_view pod;
  std::vector<std::string> reasons;
};

class Restarting : public testing::TestWithParam<Row> {};

TEST_P(Restarting, saysWhyNot) {
  Report report = calm();
  GetParam().change(report);
  const RestartSafety safety = restartSafety(report, GetParam().pod);
  EXPECT_EQ(safety.reasons, GetParam().reasons);
  EXPECT_EQ(safety.safe, GetParam().reasons.empty());
}

const Row kRows[] = {
    {"OneOfThreeWellPods", [](Report&) {}, "a", {}},
    {"AnyOfThreeWellPods", [](Report&) {}, "", {}},
    {"TheOneThatIsNotWell", [](Report& report) { report.pods[0] = podThat("a", false); }, "a", {}},
    {"AWellOneBesideOneThatIsNot",
     [](Report& report) { report.pods[0] = podThat("a", false); },
     "b",
     {"only 1 other pod is well"}},
    {"AnyWhileOneIsNotWell",
     [](Report& report) { report.pods[0] = podThat("a", false); },
     "",
     {"only 1 other pod is well"}},
    {"TheOnlyPod", [](Report& report) { report.pods.resize(1); }, "a", {"no other pod is well"}},
    {"APodThatLeavesIsNoHelp",
     [](Report& report) { report.pods[2].pod.terminating = true; },
     "a",
     {"only 1 other pod is well"}},
    {"APodThatIsNotReadyIsNoHelp",
     [](Report& report) { report.pods[2].pod.ready = false; },
     "a",
     {"only 1 other pod is well"}},
    {"ReachableServesWhereWellIsNotKnown",
     [](Report& report) { report.pods[1].facts.well.reset(); },
     "a",
     {}},
    {"ANewsletterIsBeingSent",
     [](Report& report) { report.restart.emailsInFlight = 1; },
     "a",
     {"1 newsletter is being sent"}},
    {"PostsAreDue",
     [](Report& report) { report.restart.postsDueSoon = 2; },
     "a",
     {"2 scheduled posts are due within 10 minutes"}},
    {"TheMigrationLockIsHeld",
     [](Report& report) { report.restart.migrationLocked = true; },
     "a",
     {"the migration lock is held: a pod that boots now exits"}},
    {"NothingIsKnown",
     [](Report& report) { report.restart = {}; },
     "a",
     {"it is not known whether a newsletter is being sent",
      "it is not known whether a scheduled post is due",
      "it is not known whether the migration lock is held"}},
};

INSTANTIATE_TEST_SUITE_P(Pods, Restarting, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(RestartSafety, knowsTheRemediesThatRestart) {
  for (const char* remedy :
       {"restart pod-2: kubectl delete pod pod-2", "kubectl rollout restart deployment",
        "kubectl logs a; then restart it"})
    EXPECT_TRUE(asksForRestart(remedy)) << remedy;
  for (const char* remedy : {"kubectl describe pod a", "mend --pod or DNS", ""})
    EXPECT_FALSE(asksForRestart(remedy)) << remedy;
}

}  // namespace
}  // namespace rollcall
