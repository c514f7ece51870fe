#include <algorithm>
#include <set>
#include <utility>

#include "checks/routes/probe.h"
#include "checks/routes/run.h"
#include "checks/routes/wording.h"

namespace rollcall::checks::routes {
namespace {

using namespace std::chrono_literals;

constexpr Duration kVerdictHolds = 5min;  // while the pod's sitemaps say the same

}  // namespace

Result<void> Run::judgeByFile() {
  kept_.sights.erase(kOthers);
  std::set<std::string> present;
  for (const Pod* pod : pods_) present.insert(pod->name);
  std::erase_if(kept_.verdicts, [&](const auto& one) { return !present.contains(one.first); });
  std::erase_if(kept_.sights, [&](const auto& one) {
    return !one.first.starts_with('/') && !present.contains(one.first);
  });
  if (const auto pods = suspects(); !pods.empty()) {
    const auto looked = lookAgain(pods);
    if (!looked) return tl::unexpected<Error>(looked.error());
    if (!*looked) {
      again(1s);
      return {};
    }
  }
  report();
  return {};
}

// The pods whose differences are to be looked at again now. Of a pod that cannot be asked nothing
// is forgotten.
std::vector<const Pod*> Run::suspects() {
  std::vector<const Pod*> found;
  const bool old = fileIsOld();
  std::optional<bool> waited;  // a one-shot run waits for all of them at once
  for (const PodMap& map : maps_) {
    if (map.gap) continue;
    const std::string& pod = map.pod->name;
    const Differences& seen = seen_[pod] = differencesOf(map);
    const auto known = kept_.verdicts.find(pod);
    if (seen.empty()) {
      kept_.verdicts.erase(pod);
      kept_.sights.erase(pod);
      continue;
    }
    const bool same = known != kept_.verdicts.end() && known->second.seen == seen;
    if (same && context_.clock.mono() - known->second.at < kVerdictHolds) continue;
    bool due = old || same;
    if (!due && waited) {
      due = *waited;
      if (!due) addGap(noTime(pod, "its routes"));
    } else if (!due) {
      due = settled(pod, fingerprint(seen), noTime(pod, "its routes"));
      if (once()) waited = due;
    }
    if (due) found.push_back(map.pod);
  }
  return found;
}

// False when the file is not what the first look went by.
Result<bool> Run::lookAgain(const std::vector<const Pod*>& suspects) {
  auto learned = learnAgain();
  if (!learned || !*learned) return learned;
  readMaps(suspects, {});
  for (const PodMap& map : maps_) {
    if (map.gap) continue;
    Differences& seen = seen_[map.pod->name];
    Differences now = differencesOf(map);
    const Differences both = shared(now, seen);
    if (both.size() < now.size()) again(1s);
    seen = std::move(now);
    decide(*map.pod, both);
  }
  return true;
}

void Run::decide(const Pod& pod, const Differences& differences) {
  Differences doubtful = differences;
  std::erase_if(doubtful, [this](const Difference& one) {
    return one.what == Difference::What::kOldRoute && resources_.mayBeAt(one.path, &*demand_);
  });
  std::optional<Gap> gap;
  Differences wrong = proven(context_, pod, doubtful, gap);
  if (gap)
    addGap(std::move(*gap));
  else
    kept_.verdicts[pod.name] = {differences, std::move(wrong), context_.clock.mono()};
}

Differences Run::differencesOf(const PodMap& map) const {
  return map.gap ? Differences() : compare(*demand_, map, isPage());
}

// What was proved of a pod, as far as this run saw it again.
Differences Run::standing(const std::string& pod) const {
  const auto known = kept_.verdicts.find(pod);
  const auto seen = seen_.find(pod);
  if (known == kept_.verdicts.end() || seen == seen_.end() || hasGap(pod)) return {};
  return shared(known->second.wrong, seen->second);
}

void Run::report() {
  const bool all = std::ranges::all_of(pods_, [this](const Pod* pod) {
    const auto known = kept_.verdicts.find(pod->name);
    if (known == kept_.verdicts.end() || known->second.wrong.empty()) return false;
    return hasGap(pod->name) || !standing(pod->name).empty();
  });
  for (const Pod* pod : pods_) {
    const Differences wrong = standing(pod->name);
    if (wrong.empty()) continue;
    Finding finding = otherRoutes({.pod = all ? "" : pod->name,
                                   .place = text_.place.empty() ? "routes.yaml" : text_.place,
                                   .changed = text_.changed ? formatTime(*text_.changed) : "",
                                   .differences = wrong});
    finding.reproduce =
        context_.pods.reproduce(*pod, ghost::encodePath(wrong.front().path), Door::kFront);
    outcome_.findings.push_back(std::move(finding));
    if (all) return;
  }
}

}  // namespace rollcall::checks::routes
