#include "daemon/core/finding_traits.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(WasLookedAt, OnlyWhereNothingStoodInTheWay) {
  const CheckRun whole;
  CheckRun failed, skipped, gapOnA, gapOnNone;
  failed.error = Error{};
  skipped.outcome.notApplicable = "another replica of Rollcall leads";
  gapOnA.outcome.gaps = {{"a", "the pod", {}}};
  gapOnNone.outcome.gaps = {{"", "the database", {}}};
  struct Row {
    const char* what;
    const CheckRun* run;
    const char* pod;
    bool expected;
  };
  for (const Row& row :
       {Row{"a whole run", &whole, "a", true}, Row{"a whole run, of all pods", &whole, "", true},
        Row{"could not run", &failed, "a", false}, Row{"did not apply", &skipped, "a", false},
        Row{"a gap on the pod", &gapOnA, "a", false},
        Row{"a gap on another pod", &gapOnA, "b", true},
        Row{"a gap on one pod, of all pods", &gapOnA, "", false},
        Row{"a gap on no pod in particular", &gapOnNone, "b", false}})
    EXPECT_EQ(wasLookedAt(*row.run, row.pod), row.expected) << row.what;
}

TEST(IsOver, OfAPodThatIsGoneOrWasLookedAtAndMayBeBlamed) {
  Topology topology;
  topology.pods = {Pod{.name = "a"}, Pod{.name = "fenced", .ready = false},
                   Pod{.name = "leaves", .terminating = true}};
  CheckRun posts, tiers;
  posts.check = "posts";
  tiers.check = "tiers";
  tiers.error = Error{};
  const Report report = makeReport({}, topology, {posts, tiers});
  struct Row {
    const char* check;
    const char* pod;
    bool expected;
  };
  for (const Row& row :
       {Row{"posts", "a", true}, Row{"posts", "", true}, Row{"posts", "fenced", false},
        Row{"posts", "leaves", false}, Row{"posts", "gone", true}, Row{"tiers", "a", false},
        Row{"tiers", "gone", true}, Row{"not run", "a", false}})
    EXPECT_EQ(isOver(report, row.check, row.pod), row.expected) << row.check << " " << row.pod;
}

}  // namespace
}  // namespace rollcall
