#include "checks/canary/write_through.h"

#include <fmt/format.h>

#include <algorithm>

#include "checks/canary/round.h"
#include "daemon/ghost/admin_token.h"

namespace rollcall::checks::canary {

bool WriteThrough::isDue(const CheckContext& context) const {
  if (!began_ || context.trigger == Trigger::kOnce) return true;
  const Duration since = context.clock.mono() - *began_;
  if (since >= interval_) return true;
  const bool well = last_.findings.empty() && last_.gaps.empty();
  const bool known = std::ranges::all_of(context.topology.pods, [this](const Pod& pod) {
    return !pod.mayBeBlamed() || pods_.contains(pod.name);
  });
  return since >= kSoonestRound && !(well && known);
}

// Of pods that are still there and may still be blamed.
void WriteThrough::addLast(const CheckContext& context, Outcome& outcome) const {
  const auto holds = [&](const std::string& pod) {
    return pod.empty() || std::ranges::any_of(context.topology.pods, [&](const Pod& one) {
             return one.name == pod && one.mayBeBlamed();
           });
  };
  for (const Finding& finding : last_.findings)
    if (holds(finding.pod)) outcome.findings.push_back(finding);
  for (const Gap& gap : last_.gaps)
    if (holds(gap.pod)) outcome.gaps.push_back(gap);
  outcome.notes.insert(outcome.notes.end(), last_.notes.begin(), last_.notes.end());
  for (const auto& [pod, up] : last_.tally.volumeUp)
    if (holds(pod)) {
      const auto known = outcome.tally.volumeUp.try_emplace(pod, up).first;
      known->second = known->second && up;
    }
}

void WriteThrough::run(const CheckContext& context, Outcome& outcome) {
  if (ghost::adminAuthorization(context.adminKey, context.clock.wall(), std::nullopt).empty()) {
    outcome.gaps.push_back(
        {"", "uploads through every pod",
         invalidArgument("write_through_pods needs an Admin API key: give ROLLCALL_ADMIN_API_KEY "
                         "or admin_api_key_file")});
    return;
  }
  if (isDue(context)) {
    began_ = context.clock.mono();
    pods_.clear();
    for (const Pod& pod : context.topology.pods)
      if (pod.mayBeBlamed()) pods_.insert(pod.name);
    last_ = Round(context, uploads_).run();
  }
  addLast(context, outcome);
}

}  // namespace rollcall::checks::canary
