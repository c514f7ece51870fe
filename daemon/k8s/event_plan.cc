#include "daemon/k8s/event_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/core/finding_traits.h"

namespace rollcall::k8s {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRefill = 6s;
constexpr int kAtOnce = 30;
constexpr Duration kBetweenCounts = 10min;
constexpr Duration kHandOver = 1min;
constexpr std::size_t kMaxPodInName = 200;

const Pod* podNamed(const Report& report, const std::string& name) {
  const auto found =
      std::ranges::find_if(report.pods, [&](const PodReport& one) { return one.pod.name == name; });
  return found == report.pods.end() ? nullptr : &found->pod;
}

// Whoever may read Events need not have an account in Ghost.
std::string noteOf(const Finding& finding) {
  const std::string title(finding.def->title);
  return isPublic(finding) ? fmt::format("{}: {}", title, finding.message) : title;
}

}  // namespace

bool EventBudget::take(MonoTime now) {
  const MonoTime fullAt = std::max(fullAt_.value_or(now), now);
  if (fullAt - now > kRefill * (kAtOnce - 1)) return false;
  fullAt_ = fullAt + kRefill;
  return true;
}

EventPlan::Conditions EventPlan::conditionsOf(const Report& report) {
  Conditions conditions;
  std::map<Key, std::size_t> counts;
  for (const CheckRun& run : report.checks) {
    for (const Finding& finding : run.outcome.findings) {
      const Pod* pod = podNamed(report, finding.pod);
      if (!pod || pod->uid.empty() || finding.def->severity == Severity::kInfo) continue;
      const Key key{run.check, std::string(finding.def->code), pod->name, pod->uid};
      ++counts[key];
      PodEvent event;
      event.pod = pod->name;
      event.podUid = pod->uid;
      event.reason = key.code;
      event.note = noteOf(finding);
      conditions.try_emplace(key, std::move(event));
    }
  }
  for (auto& [key, event] : conditions)
    if (const std::size_t more = counts[key] - 1; more > 0)
      event.note += fmt::format(" (and {} more)", more);
  return conditions;
}

std::string EventPlan::nextName(const std::string& pod) {
  return fmt::format("{}.rollcall-{:016x}", pod.substr(0, kMaxPodInName), serial_++);
}

bool EventPlan::afford(MonoTime now) {
  if (budget_.take(now)) return true;
  ++leftOut_;
  return false;
}

std::vector<EventPlan::Step> EventPlan::take(const Report& report, const CheckRun* latest,
                                             MonoTime now, WallTime wall) {
  std::vector<Step> steps;
  const bool leads = report.leads.value_or(true);
  const Conditions present = conditionsOf(report);
  end(report, present, leads, now, wall, steps);
  for (const auto& [key, condition] : present) {
    const auto [at, isNew] = active_.try_emplace(key, Ongoing{condition, now, now, false, false});
    Ongoing& ongoing = at->second;
    if (isNew) ongoing.event.at = wall;
    if (!isNew && latest && latest->check == key.check) ++ongoing.event.count;
    if (!leads) ongoing.byAnother = true;
    if (!leads) continue;
    if (auto step = tell(ongoing, now, wall)) steps.push_back(std::move(*step));
  }
  return steps;
}

std::optional<EventPlan::Step> EventPlan::tell(Ongoing& ongoing, MonoTime now, WallTime wall) {
  const bool begins = !ongoing.isTold && now - ongoing.began < kHandOver;
  if (!begins && now - ongoing.told < kBetweenCounts) return std::nullopt;
  ongoing.told = now;
  ongoing.began = now - kHandOver;  // what is left out is told with the next count
  if (!afford(now)) return std::nullopt;
  PodEvent& event = ongoing.event;
  if (event.name.empty()) event.name = nextName(event.pod);
  event.nameSpace = nameSpace_;
  event.warning = true;
  event.action = "FindingBegan";
  event.seen = wall;
  return Step{event, std::exchange(ongoing.isTold, true)};
}

void EventPlan::end(const Report& report, const Conditions& present, bool leads, MonoTime now,
                    WallTime wall, std::vector<Step>& steps) {
  for (auto at = active_.begin(); at != active_.end();) {
    const auto& [key, ongoing] = *at;
    const Pod* pod = podNamed(report, key.pod);
    const bool isGone = !pod || pod->uid != key.uid;
    if (!isGone && (present.contains(key) || !isOver(report, key.check, key.pod))) {
      ++at;
      continue;
    }
    if (!isGone && leads && (ongoing.isTold || ongoing.byAnother) && afford(now)) {
      PodEvent event = ongoing.event;
      event.name = nextName(key.pod);
      event.nameSpace = nameSpace_;
      event.warning = false;
      event.action = "FindingEnded";
      event.note = "over: " + event.note;
      event.at = wall;
      event.count = 1;
      steps.push_back({std::move(event), false});
    }
    at = active_.erase(at);
  }
}

}  // namespace rollcall::k8s
