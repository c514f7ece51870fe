#include "daemon/run/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>

#include "daemon/core/finding_traits.h"

namespace rollcall {
namespace {

using Key = std::tuple<std::string, std::string, std::string>;  // code, pod, resource

Key keyOf(const Finding& finding) {
  return {std::string(finding.def->code), finding.pod, resourceKey(finding)};
}

bool needs(const CheckSpec& spec, Need need) {
  return std::find(spec.needs.begin(), spec.needs.end(), need) != spec.needs.end();
}

Outcome notApplicable(std::string reason) {
  Outcome outcome;
  outcome.notApplicable = std::move(reason);
  return outcome;
}

Result<Outcome> runGuarded(const CheckSpec& spec, Check& check, const CheckContext& context) {
  if (needs(spec, Need::kDatabase) && !context.content)
    return notApplicable("no database is configured");
  if (needs(spec, Need::kWorkload) && !context.workload)
    return notApplicable("the pods are not taken from the Kubernetes API");
  if (needs(spec, Need::kLead) && !context.leads)
    return notApplicable("left to the replica of Rollcall that leads");
  if (needs(spec, Need::kPods) && context.topology.pods.empty()) {
    if (context.topology.stale.empty()) return notApplicable("there are no pods to ask");
    return Error{ErrorCode::kUnavailable, "no pod is known: " + context.topology.stale};
  }
  try {
    return check.run(context);
  } catch (const std::exception& problem) {
    return Error{ErrorCode::kInternal, fmt::format("the check \"{}\" ended in an exception: {}",
                                                   spec.name, problem.what())};
  } catch (...) {
    return Error{ErrorCode::kInternal,
                 fmt::format("the check \"{}\" ended in an unknown exception", spec.name)};
  }
}

void tidy(std::vector<Finding>& findings) {
  std::set<Key> seen;
  std::erase_if(findings, [&](const Finding& one) { return !seen.insert(keyOf(one)).second; });
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    if (a.def->severity != b.def->severity) return a.def->severity > b.def->severity;
    return keyOf(a) < keyOf(b);
  });
}

// What is amiss on a pod that gets no readers is worth knowing, and nobody's alarm.
void excuse(Outcome& outcome, const Topology& topology) {
  for (const Pod& pod : topology.pods) {
    if (pod.mayBeBlamed()) continue;
    std::map<std::string_view, std::size_t> codes;
    std::erase_if(outcome.findings, [&](const Finding& one) {
      if (one.pod != pod.name) return false;
      ++codes[one.def->code];
      return true;
    });
    for (const auto& [code, count] : codes)
      outcome.notes.push_back(fmt::format("{} is {}, so it is not blamed for {} ({})", pod.name,
                                          pod.terminating ? "leaving" : "not ready", code, count));
  }
}

}  // namespace

CheckRun runCheck(const CheckSpec& spec, Check& check, const CheckContext& context) noexcept {
  CheckRun run;
  run.check = spec.name;
  run.started = context.clock.wall();
  const MonoTime begin = context.clock.mono();
  if (Result<Outcome> outcome = runGuarded(spec, check, context)) {
    run.outcome = std::move(*outcome);
    tidy(run.outcome.findings);
    excuse(run.outcome, context.topology);
  } else {
    run.error = std::move(outcome.error());
  }
  run.took = std::chrono::duration_cast<std::chrono::milliseconds>(context.clock.mono() - begin);
  run.verdict = judge(run.outcome, run.error);
  return run;
}

void dropGonePods(CheckRun& run, const Topology& topology) {
  const auto gone = [&](const std::string& pod) {
    return !pod.empty() && std::none_of(topology.pods.begin(), topology.pods.end(),
                                        [&](const Pod& known) { return known.name == pod; });
  };
  // It began to leave while the check ran, or after: what was seen there is no news any more.
  const auto leaving = [&](const std::string& pod) {
    return std::any_of(topology.pods.begin(), topology.pods.end(),
                       [&](const Pod& known) { return known.name == pod && known.terminating; });
  };
  Outcome& outcome = run.outcome;
  std::erase_if(outcome.findings,
                [&](const Finding& one) { return gone(one.pod) || leaving(one.pod); });
  std::erase_if(outcome.gaps, [&](const Gap& one) { return gone(one.pod) || leaving(one.pod); });
  std::erase_if(outcome.tally.pods, [&](const auto& one) { return gone(one.first); });
  std::erase_if(outcome.tally.volumes, [&](const auto& one) { return gone(one.first); });
  std::erase_if(outcome.tally.volumeUp, [&](const auto& one) { return gone(one.first); });
  std::erase_if(outcome.tally.podResources,
                [&](const auto& one) { return gone(std::get<0>(one.first)); });
  for (RollRow& row : outcome.tally.newest)
    std::erase_if(row.cells, [&](const auto& one) { return gone(one.first); });
  run.verdict = judge(outcome, run.error);
}

void doubtReturned(const CheckSpec& spec, CheckRun& run, const Topology& asked,
                   const Topology& now) {
  if (!needs(spec, Need::kPods)) return;
  const auto returned = [&](const Pod& before) {
    return !before.mayBeBlamed() && std::ranges::any_of(now.pods, [&](const Pod& one) {
      return one.name == before.name && one.uid == before.uid && one.mayBeBlamed();
    });
  };
  for (const Pod& pod : asked.pods)
    if (returned(pod) && wasLookedAt(run, pod.name))
      run.outcome.gaps.push_back(
          {pod.name, "the pod", {ErrorCode::kUnavailable, "it got no readers when it was asked"}});
  run.verdict = judge(run.outcome, run.error);
}

void SinceMemory::resume(const std::vector<PastFinding>& findings) {
  for (const PastFinding& one : findings)
    seen_[one.check].emplace(Key{one.code, one.pod, one.resource}, one.since);
}

void SinceMemory::apply(CheckRun& run, const Topology& topology) {
  std::set<std::string_view> excused;
  for (const Pod& pod : topology.pods)
    if (!pod.mayBeBlamed()) excused.insert(pod.name);
  std::map<Key, WallTime>& known = seen_[run.check];
  std::map<Key, WallTime> now;
  for (Finding& finding : run.outcome.findings) {
    const Key key = keyOf(finding);
    const auto earlier = known.find(key);
    const WallTime since =
        earlier != known.end() ? std::min(earlier->second, run.started) : run.started;
    finding.since = finding.since ? std::min(*finding.since, since) : since;
    now.emplace(key, *finding.since);
  }
  for (const auto& [key, since] : known)
    if (excused.contains(std::get<1>(key)) || !wasLookedAt(run, std::get<1>(key)))
      now.emplace(key, since);
  known = std::move(now);
}

}  // namespace rollcall
