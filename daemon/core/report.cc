#include "daemon/core/report.h"

#include <algorithm>

namespace rollcall {
namespace {

// What the latest run that knows the pod says of it; what it does not know, an earlier one may.
PodFacts factsOf(const std::string& pod, std::vector<const CheckRun*> runs) {
  std::ranges::stable_sort(runs, {}, &CheckRun::started);
  PodFacts facts;
  for (const CheckRun* run : runs) {
    const auto found = run->outcome.tally.pods.find(pod);
    if (found == run->outcome.tally.pods.end()) continue;
    const PodFacts& seen = found->second;
    facts.reachable = seen.reachable;
    if (seen.well) facts.well = seen.well;
    if (seen.privateMode) facts.privateMode = seen.privateMode;
    if (!seen.version.empty()) facts.version = seen.version;
    if (seen.bootedAt) facts.bootedAt = seen.bootedAt;
  }
  return facts;
}

// Each fact is some check's own: no two runs of a report differ about one.
RestartFacts restartFactsOf(const std::vector<CheckRun>& runs) {
  RestartFacts facts;
  for (const CheckRun& run : runs) {
    const RestartFacts& seen = run.outcome.tally.restart;
    if (seen.emailsInFlight) facts.emailsInFlight = seen.emailsInFlight;
    if (seen.postsDueSoon) facts.postsDueSoon = seen.postsDueSoon;
    if (seen.migrationLocked) facts.migrationLocked = seen.migrationLocked;
  }
  return facts;
}

bool wasAsked(const std::string& pod, const std::vector<CheckRun>& runs) {
  return std::ranges::any_of(
      runs, [&](const CheckRun& run) { return run.outcome.tally.pods.contains(pod); });
}

PodReport reportOf(const Pod& pod, const std::vector<CheckRun>& runs, bool complete) {
  std::vector<const CheckRun*> known;
  for (const CheckRun& run : runs) known.push_back(&run);
  PodReport report{pod, factsOf(pod.name, std::move(known)), podVerdict(pod.name, runs),
                   wasAsked(pod.name, runs)};
  if (!report.facts.bootedAt) report.facts.bootedAt = pod.startedAt;
  // That nothing was found says nothing about a pod nobody asked.
  if (!report.asked && report.verdict == Verdict::kPass) report.verdict = Verdict::kUnknown;
  if (!complete) report.verdict = worst({report.verdict, Verdict::kUnknown});
  return report;
}

}  // namespace

Report makeReport(Site site, const Topology& topology, std::vector<CheckRun> checks,
                  std::vector<std::string> pending) {
  Report report;
  report.site = std::move(site);
  report.podsStale = topology.stale;
  std::vector<Verdict> verdicts;
  for (const CheckRun& run : checks) verdicts.push_back(run.verdict);
  if (checks.empty() || !pending.empty()) verdicts.push_back(Verdict::kUnknown);
  report.verdict = worst(verdicts);
  for (const Pod& pod : topology.pods)
    report.pods.push_back(reportOf(pod, checks, pending.empty()));
  report.restart = restartFactsOf(checks);
  report.checks = std::move(checks);
  report.pending = std::move(pending);
  return report;
}

}  // namespace rollcall
