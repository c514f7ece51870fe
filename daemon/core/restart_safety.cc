#include "daemon/core/restart_safety.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall {
namespace {

constexpr std::ptrdiff_t kOthersNeeded = 2;

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

bool isWell(const PodReport& pod) {
  return pod.pod.ready && !pod.pod.terminating && pod.facts.well.value_or(pod.facts.reachable);
}

// The pods that would carry the readers meanwhile.
std::ptrdiff_t othersWell(const Report& report, std::string_view pod) {
  const auto well = std::ranges::count_if(
      report.pods, [&](const PodReport& one) { return one.pod.name != pod && isWell(one); });
  return pod.empty() ? std::max<std::ptrdiff_t>(well - 1, 0) : well;
}

}  // namespace

RestartSafety restartSafety(const Report& report, std::string_view pod) {
  RestartSafety safety;
  const auto against = [&](std::string reason) {
    safety.safe = false;
    safety.reasons.push_back(std::move(reason));
  };
  const RestartFacts& facts = report.restart;
  if (!facts.emailsInFlight)
    against("it is not known whether a newsletter is being sent");
  else if (*facts.emailsInFlight > 0)
    against(counted(*facts.emailsInFlight, "newsletter is", "newsletters are") + " being sent");
  if (!facts.postsDueSoon)
    against("it is not known whether a scheduled post is due");
  else if (*facts.postsDueSoon > 0)
    against(counted(*facts.postsDueSoon, "scheduled post is", "scheduled posts are") +
            " due within 10 minutes");
  if (!facts.migrationLocked)
    against("it is not known whether the migration lock is held");
  else if (*facts.migrationLocked)
    against("the migration lock is held: a pod that boots now exits");
  if (const std::ptrdiff_t others = othersWell(report, pod); others < kOthersNeeded)
    against(others == 0 ? std::string("no other pod is well")
                        : fmt::format("only {} other pod is well", others));
  return safety;
}

bool asksForRestart(std::string_view remedy) {
  constexpr std::string_view kSigns[] = {"kubectl delete pod", "rollout restart", "restart"};
  return std::ranges::any_of(
      kSigns, [&](std::string_view sign) { return remedy.find(sign) != std::string_view::npos; });
}

}  // namespace rollcall
