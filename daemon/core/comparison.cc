#include "daemon/core/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <tuple>

#include "daemon/core/finding_traits.h"

namespace rollcall {
namespace {

using Key = std::tuple<std::string_view, std::string_view, std::string_view, std::string>;

Key keyOf(const PastFinding& finding) {
  return {finding.check, finding.code, finding.pod, finding.resource};
}
Key keyOf(const CheckRun& run, const Finding& finding) {
  return {run.check, finding.def->code, finding.pod, resourceKey(finding)};
}

PastFinding pastOf(const CheckRun& run, const Finding& finding) {
  return {.check = run.check,
          .code = std::string(finding.def->code),
          .pod = finding.pod,
          .resource = resourceKey(finding),
          .severity = std::string(name(finding.def->severity)),
          .title = std::string(finding.def->title),
          .message = finding.message,
          .since = finding.since.value_or(run.started),
          .seen = run.started};
}

// The smallest time that `percent` of the sorted `times` do not exceed.
std::chrono::milliseconds percentile(const std::vector<std::chrono::milliseconds>& times,
                                     std::size_t percent) {
  return times[(times.size() * percent + 99) / 100 - 1];
}

std::map<Key, const PastFinding*> byKey(const std::vector<PastFinding>& findings) {
  std::map<Key, const PastFinding*> map;
  for (const PastFinding& finding : findings) map.emplace(keyOf(finding), &finding);
  return map;
}

}  // namespace

Comparison compare(const std::vector<PastFinding>& before, const Report& report) {
  std::map<Key, const PastFinding*> missed = byKey(before);
  Comparison comparison;
  for (const CheckRun& run : report.checks)
    for (const Finding& finding : run.outcome.findings) {
      const auto earlier = missed.find(keyOf(run, finding));
      PastFinding now = pastOf(run, finding);
      if (earlier == missed.end()) {
        comparison.began.push_back(std::move(now));
        continue;
      }
      now.since = std::min(now.since, earlier->second->since);
      comparison.lasting.push_back(std::move(now));
      missed.erase(earlier);
    }
  for (const auto& [key, finding] : missed)
    (isOver(report, finding->check, finding->pod) ? comparison.ended : comparison.unseen)
        .push_back(*finding);
  return comparison;
}

void dateBack(Report& report, const std::vector<PastFinding>& before) {
  const std::map<Key, const PastFinding*> known = byKey(before);
  for (CheckRun& run : report.checks)
    for (Finding& finding : run.outcome.findings)
      if (const auto earlier = known.find(keyOf(run, finding)); earlier != known.end())
        finding.since = std::min(finding.since.value_or(run.started), earlier->second->since);
}

std::vector<PastGroup> groupPast(const std::vector<PastFinding>& findings) {
  std::vector<PastGroup> groups;
  for (const PastFinding& one : findings) {
    const auto group = std::ranges::find_if(groups, [&](const PastGroup& known) {
      return known.code == one.code && known.pod == one.pod;
    });
    if (group == groups.end())
      groups.push_back({one.code, one.pod, one.severity, one.title, 1});
    else
      ++group->count;
  }
  return groups;
}

std::optional<Propagation> propagationOf(std::vector<std::chrono::milliseconds> times) {
  if (times.empty()) return std::nullopt;
  std::ranges::sort(times);
  return Propagation{times.size(), percentile(times, 50), percentile(times, 95), times.back()};
}

std::vector<std::chrono::milliseconds> propagationTimes(const CheckRun& run) {
  std::vector<std::chrono::milliseconds> times;
  for (const double seconds : run.outcome.tally.propagationSeconds)
    times.emplace_back(std::llround(seconds * 1'000));
  return times;
}

PastRun summaryOf(const Report& report) {
  PastRun past{.started = report.started,
               .took = report.took,
               .verdict = std::string(name(report.verdict)),
               .pods = report.pods.size()};
  for (const CheckRun& run : report.checks) {
    past.gaps += run.outcome.gaps.size() + (run.error ? 1 : 0);
    for (const Finding& finding : run.outcome.findings) switch (finding.def->severity) {
        case Severity::kCritical:
          ++past.critical;
          break;
        case Severity::kWarning:
          ++past.warning;
          break;
        case Severity::kInfo:
          ++past.info;
          break;
      }
  }
  return past;
}

}  // namespace rollcall
