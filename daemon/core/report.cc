#include "daemon/core/report.h"

#include <algorithm>

namespace rollcall {
namespace {

PodFacts factsOf(const std::string& pod, const std::vector<CheckRun>& checks) {
  PodFacts facts;
  for (const CheckRun& run : checks) {
    const auto found = run.outcome.tally.pods.find(pod);
    if (found == run.outcome.tally.pods.end()) continue;
    facts.reachable = facts.reachable || found->second.reachable;
    facts.privateMode = facts.privateMode || found->second.privateMode;
    if (!found->second.version.empty()) facts.version = found->second.version;
    if (found->second.bootedAt) facts.bootedAt = found->second.bootedAt;
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
  for (const Pod& pod : topology.pods)
    report.pods.push_back({pod, factsOf(pod.name, checks), podVerdict(pod.name, checks)});
  report.checks = std::move(checks);
  return report;
}

}  // namespace rollcall
