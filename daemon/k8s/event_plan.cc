#include "daemon/k8s/event_plan.h"

#include <fmt/format.h>

#include "daemon/core/finding_traits.h"

namespace rollcall::k8s {
namespace {

constexpr std::size_t kMaxPodInName = 200;

// Whoever may read Events need not have an account in Ghost. What was named when a thing began may
// have been taken back when it ends.
std::string noteOf(const FindingChange& change) {
  const std::string title(change.finding.def->title);
  if (change.kind == FindingChange::Kind::kEnded) return "over: " + title;
  std::string note =
      isPublic(change.finding) ? fmt::format("{}: {}", title, change.finding.message) : title;
  if (change.more > 0) note += fmt::format(" (and {} more)", change.more);
  return note;
}

}  // namespace

EventPlan::Step EventPlan::stepOf(const FindingChange& change, WallTime wall) const {
  const bool ended = change.kind == FindingChange::Kind::kEnded;
  PodEvent event;
  event.name = fmt::format("{}.rollcall-{:016x}", change.finding.pod.substr(0, kMaxPodInName),
                           serial_ + 2 * change.number + (ended ? 1 : 0));
  event.nameSpace = nameSpace_;
  event.pod = change.finding.pod;
  event.podUid = change.podUid;
  event.warning = !ended;
  event.reason = change.finding.def->code;
  event.action = ended ? "FindingEnded" : "FindingBegan";
  event.note = noteOf(change);
  event.at = ended ? wall : change.began;
  event.count = ended ? 1 : change.runs;
  event.seen = wall;
  return {std::move(event), change.kind == FindingChange::Kind::kGoesOn};
}

std::vector<EventPlan::Step> EventPlan::take(const Report& report, const CheckRun* latest,
                                             MonoTime now, WallTime wall) {
  std::vector<Step> steps;
  for (const FindingChange& change : changes_.take(report, latest, now, wall))
    steps.push_back(stepOf(change, wall));
  return steps;
}

}  // namespace rollcall::k8s
