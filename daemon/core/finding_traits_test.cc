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

}  // namespace
}  // namespace rollcall
