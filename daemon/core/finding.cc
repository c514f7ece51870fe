#include "daemon/core/finding.h"

#include <algorithm>

namespace rollcall {

std::string_view name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kPermissionDenied:
      return "permission_denied";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kDeadlineExceeded:
      return "deadline_exceeded";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kProtocol:
      return "protocol";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kCritical:
      return "critical";
  }
  return "critical";
}

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kFail:
      return "fail";
    case Verdict::kUnknown:
      return "unknown";
    case Verdict::kNotApplicable:
      return "not_applicable";
  }
  return "unknown";
}

namespace {

Verdict verdictOf(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return Verdict::kPass;
    case Severity::kWarning:
      return Verdict::kWarn;
    case Severity::kCritical:
      return Verdict::kFail;
  }
  return Verdict::kFail;
}

// not applicable < pass < warn < unknown < fail
int rank(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNotApplicable:
      return 0;
    case Verdict::kPass:
      return 1;
    case Verdict::kWarn:
      return 2;
    case Verdict::kUnknown:
      return 3;
    case Verdict::kFail:
      return 4;
  }
  return 4;
}

Verdict worse(Verdict a, Verdict b) {
  return rank(a) >= rank(b) ? a : b;
}

}  // namespace

Verdict judge(const Outcome& outcome, const std::optional<Error>& error) {
  if (outcome.notApplicable && !error) return Verdict::kNotApplicable;
  Verdict verdict = error || !outcome.gaps.empty() ? Verdict::kUnknown : Verdict::kPass;
  for (const Finding& finding : outcome.findings)
    verdict = worse(verdict, verdictOf(finding.def->severity));
  return verdict;
}

Verdict worst(const std::vector<Verdict>& verdicts) {
  Verdict all = Verdict::kNotApplicable;
  for (const Verdict verdict : verdicts) all = worse(all, verdict);
  return all;
}

Verdict podVerdict(std::string_view pod, const std::vector<CheckRun>& runs) {
  Verdict verdict = Verdict::kPass;
  for (const CheckRun& run : runs) {
    for (const Finding& finding : run.outcome.findings)
      if (finding.pod == pod) verdict = worse(verdict, verdictOf(finding.def->severity));
    for (const Gap& gap : run.outcome.gaps)
      if (gap.pod == pod) verdict = worse(verdict, Verdict::kUnknown);
  }
  return verdict;
}

}  // namespace rollcall
