#include "daemon/core/finding_changes.h"

#include <algorithm>
#include <utility>

#include "daemon/core/finding_traits.h"
#include "daemon/core/publication.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;

constexpr Duration kBetweenCounts = 10min;
constexpr Duration kHandOver = 1min;
// A process that has ended may still have had something to tell that began so lately.
constexpr Duration kMayBeUntold = 10min;
constexpr int kOfOneAtOnce = 4;

const Pod* podNamed(const Report& report, const std::string& name) {
  const auto found =
      std::ranges::find_if(report.pods, [&](const PodReport& one) { return one.pod.name == name; });
  return found == report.pods.end() ? nullptr : &found->pod;
}

// As commandOf() of a finding, of what resourceKey() made of its resource.
std::string commandIn(const std::string& resource) {
  constexpr std::string_view kCommand = "command:";
  return resource.starts_with(kCommand) ? resource.substr(kCommand.size()) : "";
}

// Whoever is told knows of the earliest.
void keepEarlier(std::optional<WallTime>& since, const std::optional<WallTime>& other) {
  if (other && (!since || *other < *since)) since = other;
}

}  // namespace

bool ChangeBudget::canTake(MonoTime now) const {
  const MonoTime fullAt = std::max(fullAt_.value_or(now), now);
  return fullAt - now <= refill_ * (atOnce_ - 1);
}

bool ChangeBudget::take(MonoTime now) {
  if (!canTake(now)) return false;
  fullAt_ = std::max(fullAt_.value_or(now), now) + refill_;
  return true;
}

FindingChanges::Conditions FindingChanges::conditionsOf(const Report& report) const {
  Conditions conditions;
  for (const CheckRun& run : report.checks) {
    for (const Finding& finding : run.outcome.findings) {
      if (finding.def->severity == Severity::kInfo) continue;
      const Pod* pod = podNamed(report, finding.pod);
      if (rule_.podsOfTheApi && (!pod || pod->uid.empty())) continue;
      Condition& condition = conditions[{run.check, std::string(finding.def->code), finding.pod,
                                         commandOf(finding), rule_.podsOfTheApi ? pod->uid : ""}];
      if (condition.count++ == 0) condition.finding = publicForm(finding);
      keepEarlier(condition.finding.since, finding.since);
    }
  }
  return conditions;
}

std::vector<FindingChange> FindingChanges::take(const Report& report, const CheckRun* latest,
                                                MonoTime now, WallTime wall) {
  const bool leads = report.leads.value_or(true);
  const Conditions present = conditionsOf(report);
  endWhatIsOver(report, present, now);
  see(report, present, latest, now, wall);
  std::vector<FindingChange> changes;
  for (const bool isThere : {false, true})  // the budget is for what is over first
    for (auto& [key, thing] : things_) {
      if (thing.isThere != isThere) continue;
      if (!leads)
        leaveToAnother(thing, now);
      else if (auto change = tell(thing, now))
        changes.push_back(std::move(*change));
    }
  std::erase_if(things_, [&](const auto& one) {
    return one.second.isForgotten() && one.second.budget.isFull(now);
  });
  return changes;
}

void FindingChanges::resume(const std::vector<PastFinding>& findings) {
  for (const PastFinding& one : findings)
    resumed_.insert({one.check, one.code, one.pod, commandIn(one.resource), ""});
}

void FindingChanges::see(const Report& report, const Conditions& present, const CheckRun* latest,
                         MonoTime now, WallTime wall) {
  for (const auto& [key, condition] : present) {
    const auto [at, isNew] =
        things_.try_emplace(key, Thing{{}, {kOfOneAtOnce, kBetweenCounts}, now, now});
    Thing& thing = at->second;
    if (isNew || thing.isForgotten()) {
      begin(thing, key, condition, now, wall);
    } else if (latest && latest->check == key.check) {
      ++thing.change.runs;
    }
    if (!thing.isTold) thing.show(condition);
    thing.isThere = true;
  }
  for (const CheckRun& run : report.checks)
    if (!run.error && !run.outcome.notApplicable) looked_.insert(run.check);
}

void FindingChanges::begin(Thing& thing, const Key& key, const Condition& condition, MonoTime now,
                           WallTime wall) {
  thing.began = thing.told = now;
  thing.change = {};
  thing.change.number = numbers_++;
  thing.change.check = key.check;
  thing.change.podUid = key.uid;
  thing.change.began = wall;
  thing.change.atFirstLook = !looked_.contains(key.check);
  const bool wasSeen = resumed_.erase({key.check, key.code, key.pod, key.command, ""}) > 0;
  thing.byAnother = wasSeen && wall - condition.finding.since.value_or(wall) >= kMayBeUntold;
  if (thing.byAnother) thing.began = now - kHandOver;
}

// What a finding named before may have been taken back since.
void FindingChanges::Thing::show(const Condition& condition) {
  const std::optional<WallTime> since = change.finding.since;
  change.finding = condition.finding;
  keepEarlier(change.finding.since, since);
  change.more = condition.count - 1;
}

void FindingChanges::endWhatIsOver(const Report& report, const Conditions& present, MonoTime now) {
  for (auto& [key, thing] : things_) {
    if (!thing.isThere || present.contains(key)) continue;
    const Pod* pod = podNamed(report, key.pod);
    const bool isReplaced = rule_.podsOfTheApi && pod && pod->uid != key.uid;
    if (!isReplaced && !isOver(report, key.check, key.pod)) continue;
    const bool isGone = isReplaced || (!key.pod.empty() && !pod);
    thing.isThere = false;
    thing.ended = now;
    thing.change.podIsGone = isGone;
    if (isGone && rule_.podsOfTheApi) thing.isTold = thing.byAnother = false;  // nothing to tell
  }
  std::erase_if(resumed_, [&](const Key& key) {
    const auto same = [&](const auto& one) {
      const Key& seen = one.first;
      return Key{seen.check, seen.code, seen.pod, seen.command, ""} == key;
    };
    const bool isKnown = key.pod.empty() || podNamed(report, key.pod);  // it may not be listed yet
    return isKnown && isOver(report, key.check, key.pod) && std::ranges::none_of(present, same);
  });
}

void FindingChanges::leaveToAnother(Thing& thing, MonoTime now) {
  const bool endedLately = (thing.byAnother || thing.isTold) && now - thing.ended < kHandOver;
  thing.byAnother = thing.isThere || endedLately;
  thing.isTold = false;
}

std::optional<FindingChange> FindingChanges::tell(Thing& thing, MonoTime now) {
  if (thing.isThere) return tellBeginning(thing, now);
  if (thing.isForgotten()) return std::nullopt;
  if (!thing.budget.canTake(now) || !budget_.canTake(now)) return std::nullopt;
  thing.budget.take(now);
  budget_.take(now);
  thing.isTold = thing.byAnother = false;
  thing.change.kind = FindingChange::Kind::kEnded;
  return thing.change;
}

std::optional<FindingChange> FindingChanges::tellBeginning(Thing& thing, MonoTime now) {
  const bool begins = !thing.isTold && now - thing.began < kHandOver;
  const bool isKnown = thing.isTold || thing.byAnother;
  if (!begins && (now - thing.told < kBetweenCounts || (isKnown && !rule_.recounts)))
    return std::nullopt;
  if (!thing.budget.take(now)) return std::nullopt;
  thing.told = now;
  thing.began = now - kHandOver;  // what is left out is told with the next count
  if (!budget_.take(now)) {
    ++leftOut_;
    return std::nullopt;
  }
  thing.change.kind = std::exchange(thing.isTold, true) ? FindingChange::Kind::kGoesOn
                                                        : FindingChange::Kind::kBegan;
  return thing.change;
}

}  // namespace rollcall
