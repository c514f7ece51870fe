#include "daemon/core/finding.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

const FindingDef kCritical{"RC1", Severity::kCritical, "", "", ""};
const FindingDef kWarning{"RC2", Severity::kWarning, "", "", ""};
const FindingDef kInfo{"RC3", Severity::kInfo, "", "", ""};

Finding finding(const FindingDef& def, std::string pod = "") {
  Finding made;
  made.def = &def;
  made.pod = std::move(pod);
  return made;
}

TEST(Judge, followsTheOrderOfSeverities) {
  struct Row {
    std::vector<const FindingDef*> findings;
    bool gap;
    bool error;
    Verdict expected;
  };
  const Row rows[] = {
      {{}, false, false, Verdict::kPass},
      {{&kInfo}, false, false, Verdict::kPass},
      {{&kWarning}, false, false, Verdict::kWarn},
      {{&kWarning}, true, false, Verdict::kUnknown},
      {{}, true, false, Verdict::kUnknown},
      {{}, false, true, Verdict::kUnknown},
      {{&kCritical}, true, false, Verdict::kFail},
      {{&kInfo, &kCritical}, false, false, Verdict::kFail},
  };
  for (const Row& row : rows) {
    Outcome outcome;
    for (const FindingDef* def : row.findings) outcome.findings.push_back(finding(*def));
    if (row.gap) outcome.gaps.push_back({});
    std::optional<Error> error;
    if (row.error) error = Error{};
    EXPECT_EQ(judge(outcome, error), row.expected);
  }
}

TEST(Judge, aCheckThatDoesNotApplyIsNeitherGoodNorBad) {
  Outcome outcome;
  outcome.notApplicable = "Ghost 6.57 routes from the database";
  EXPECT_EQ(judge(outcome, {}), Verdict::kNotApplicable);
}

TEST(Worst, ordersFailUnknownWarnPass) {
  using V = Verdict;
  EXPECT_EQ(worst({V::kPass, V::kFail, V::kUnknown}), V::kFail);
  EXPECT_EQ(worst({V::kPass, V::kWarn, V::kUnknown}), V::kUnknown);
  EXPECT_EQ(worst({V::kPass, V::kWarn, V::kNotApplicable}), V::kWarn);
  EXPECT_EQ(worst({V::kPass, V::kNotApplicable}), V::kPass);
  EXPECT_EQ(worst({V::kNotApplicable}), V::kNotApplicable);
}

TEST(PodVerdict, countsOnlyWhatNamesThePod) {
  CheckRun run;
  run.outcome.findings = {finding(kCritical, "a"), finding(kWarning, "b"), finding(kCritical, "")};
  run.outcome.gaps.push_back({"c", "the pod", {}});
  EXPECT_EQ(podVerdict("a", {run}), Verdict::kFail);
  EXPECT_EQ(podVerdict("b", {run}), Verdict::kWarn);
  EXPECT_EQ(podVerdict("c", {run}), Verdict::kUnknown);
  EXPECT_EQ(podVerdict("d", {run}), Verdict::kPass);
}

// They stand in reports and metrics, where others go by them.
TEST(Finding, namesAreWhatTheReportsSchemaSays) {
  EXPECT_EQ(name(ErrorCode::kInvalidArgument), "invalid_argument");
  EXPECT_EQ(name(ErrorCode::kNotFound), "not_found");
  EXPECT_EQ(name(ErrorCode::kPermissionDenied), "permission_denied");
  EXPECT_EQ(name(ErrorCode::kUnavailable), "unavailable");
  EXPECT_EQ(name(ErrorCode::kDeadlineExceeded), "deadline_exceeded");
  EXPECT_EQ(name(ErrorCode::kCancelled), "cancelled");
  EXPECT_EQ(name(ErrorCode::kProtocol), "protocol");
  EXPECT_EQ(name(ErrorCode::kInternal), "internal");
  EXPECT_EQ(name(Severity::kInfo), "info");
  EXPECT_EQ(name(Severity::kWarning), "warning");
  EXPECT_EQ(name(Severity::kCritical), "critical");
  EXPECT_EQ(name(Verdict::kPass), "pass");
  EXPECT_EQ(name(Verdict::kWarn), "warn");
  EXPECT_EQ(name(Verdict::kFail), "fail");
  EXPECT_EQ(name(Verdict::kUnknown), "unknown");
  EXPECT_EQ(name(Verdict::kNotApplicable), "not_applicable");
}

}  // namespace
}  // namespace rollcall
