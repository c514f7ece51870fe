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
    facts.privateMode = seen.privateMode;
    if (!seen.version.empty()) facts.version = seen.version;
    if (seen.bootedAt) facts.bootedAt = seen.bootedAt;
  }
  return facts;
}

}  // namespace

Report makeReport(Site site, const Topology& topology, std::vector<CheckRun> checks) {
  Report report;
  report.site = std::move(site);
  report.podsStale = topology.stale;
  std::vector<Verdict> verdicts;
  for (const CheckRun& run : checks) verdicts.push_back(run.verdict);
  report.verdict = checks.empty() ? Verdict::kUnknown : worst(verdicts);
  std::vector<const CheckRun*> runs;
  for (const CheckRun& run : checks) runs.push_back(&run);
  for (const Pod& pod : topology.pods)
    report.pods.push_back({pod, factsOf(pod.name, runs), podVerdict(pod.name, checks)});
  report.checks = std::move(checks);
  return report;
}

}  // namespace rollcall
