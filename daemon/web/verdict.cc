#include "daemon/web/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "daemon/core/params.h"
#include "daemon/k8s/json.h"

namespace rollcall {
namespace {

using Json = nlohmann::ordered_json;

Result<std::vector<std::string>> askedChecks(const WebQuery& query, const CheckPlan& plan) {
  std::set<std::string> names;
  const auto [begin, end] = query.equal_range("check");
  for (auto each = begin; each != end; ++each) {
    if (const auto refused = refuseCheck(plan, each->second)) return *refused;
    names.insert(each->second);
  }
  if (names.empty())
    for (const auto& [name, planned] : plan)
      if (planned.enabled) names.insert(name);
  return std::vector<std::string>(names.begin(), names.end());
}

class Judge {
 public:
  Judge(const Report& report, const VerdictQuestion& question, const CheckPlan& plan, WallTime now)
      : report_(report), question_(question), plan_(plan), now_(now) {}

  Json document() {
    for (const std::string& name : question_.checks) {
      const auto run = std::ranges::find(report_.checks, name, &CheckRun::check);
      if (run == report_.checks.end())
        doubt(name, "not_run");
      else
        judge(*run);
    }
    judgePods();
    if (!applied_ && !doubtful_) doubt("", "nothing_applied");
    Json reasons = Json::array();
    for (const auto& [key, count] : reasons_)
      reasons.push_back({{"check", orNull(std::get<0>(key))},
                         {"code", std::get<2>(key)},
                         {"severity", orNull(std::get<1>(key))},
                         {"count", count}});
    return {{"verdict", failed_     ? "fail"
                        : doubtful_ ? "inconclusive"
                                    : "pass"},
            {"asOf", orNull(asOf_)},
            {"since", orNull(since_)},
            {"stale", stale_},
            {"reasons", std::move(reasons)}};
  }

 private:
  static Json orNull(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }
  static Json orNull(const std::optional<WallTime>& time) {
    return time ? Json(formatTime(*time)) : Json(nullptr);
  }

  bool concerns(const std::string& pod) const {
    return question_.pod.empty() || pod.empty() || pod == question_.pod;
  }
  void count(const std::string& check, std::string_view severity, std::string_view code) {
    ++reasons_[{check, std::string(severity), std::string(code)}];
  }
  void doubt(const std::string& check, std::string_view code) {
    count(check, "", code);
    doubtful_ = true;
  }

  // Whether the look speaks for the present, and for the time that was asked for.
  bool counts(const CheckRun& run) {
    const PlannedCheck& planned = plan_.find(run.check)->second;
    const bool old =
        now_ - run.started > question_.maxAge.value_or(2 * (planned.interval + planned.timeout));
    const bool early = question_.after && run.started < *question_.after;
    if (old) doubt(run.check, "too_old");
    if (early) doubt(run.check, "before_after");
    stale_ |= old;
    return !old && !early;
  }

  // Not what the check looked at: another process has started under the name.
  bool startedLater(const Pod& pod, const CheckRun& run) const {
    return concerns(pod.name) && pod.mayBeBlamed() && pod.startedAt && *pod.startedAt > run.started;
  }

  void judge(const CheckRun& run) {
    if (!asOf_ || run.started < *asOf_) asOf_ = run.started;
    if (!counts(run)) return;
    if (run.verdict == Verdict::kNotApplicable) return count(run.check, "", "not_applicable");
    applied_ = true;
    asksPods_ |= !run.outcome.tally.pods.empty();
    std::set<std::string> others;
    for (const PodReport& one : report_.pods)
      if (startedLater(one.pod, run)) {
        others.insert(one.pod.name);
        doubt(run.check, "pod_started_later");
      }
    if (run.error) doubt(run.check, "could_not_look");
    for (const Gap& gap : run.outcome.gaps)
      if (concerns(gap.pod)) doubt(run.check, "could_not_look");
    for (const Finding& finding : run.outcome.findings)
      if (concerns(finding.pod) && !others.contains(finding.pod)) take(run, finding);
  }

  void take(const CheckRun& run, const Finding& finding) {
    count(run.check, name(finding.def->severity), finding.def->code);
    if (finding.def->severity != Severity::kCritical) return;
    failed_ = true;
    const WallTime since = finding.since.value_or(run.started);
    if (!since_ || since < *since_) since_ = since;
  }

  void judgePods() {
    if (!report_.podsStale.empty()) doubt("", "pods_stale");
    for (const PodReport& one : report_.pods)
      if (one.pod.mayBeBlamed() && concerns(one.pod.name) && !one.asked && asksPods_)
        doubt("", "pod_not_asked");
    if (question_.pod.empty()) return;
    const auto named = std::ranges::find(report_.pods, question_.pod,
                                         [](const PodReport& one) { return one.pod.name; });
    if (named == report_.pods.end())
      doubt("", "pod_not_known");
    else if (!named->pod.mayBeBlamed())
      doubt("", "pod_not_serving");
  }

  const Report& report_;
  const VerdictQuestion& question_;
  const CheckPlan& plan_;
  const WallTime now_;
  // (check, severity, code); empty where there is none
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> reasons_;
  std::optional<WallTime> asOf_;
  std::optional<WallTime> since_;
  bool failed_ = false;
  bool doubtful_ = false;
  bool stale_ = false;
  bool applied_ = false;
  bool asksPods_ = false;
};

}  // namespace

Result<VerdictQuestion> readVerdictQuestion(const WebQuery& query, const CheckPlan& plan) {
  if (const auto refused = refuseUnknown(query, {"check", "pod", "max_age", "after"}))
    return *refused;
  VerdictQuestion question;
  Result<std::vector<std::string>> checks = askedChecks(query, plan);
  if (!checks) return checks.error();
  question.checks = std::move(*checks);
  Result<std::string> pod = singleValue(query, "pod");
  if (!pod) return pod.error();
  question.pod = std::move(*pod);
  const Result<std::string> maxAge = singleValue(query, "max_age");
  if (!maxAge) return maxAge.error();
  if (!maxAge->empty()) {
    const Result<Duration> age = parseDuration(*maxAge);
    if (!age) return invalidArgument("max_age is not a duration such as 30s, 5m or 1h");
    question.maxAge = *age;
  }
  const Result<std::string> after = singleValue(query, "after");
  if (!after) return after.error();
  if (!after->empty()) {
    question.after = k8s::readTime(*after);
    if (!question.after) return invalidArgument("after is not a time such as 2026-01-31T23:30:00Z");
  }
  return question;
}

std::string verdictDocument(const Report* report, const VerdictQuestion& question,
                            const CheckPlan& plan, WallTime now) {
  const Report nothing;
  return Judge(report != nullptr ? *report : nothing, question, plan, now)
             .document()
             .dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

std::string errorDocument(std::string_view sentence) {
  return Json{{"error", sentence}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rollcall
