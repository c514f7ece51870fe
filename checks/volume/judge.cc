#include "checks/volume/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "checks/volume/wording.h"
#include "daemon/content/volume_facts.h"

namespace rollcall::checks::volume {
namespace {

// The folder whose file system has the smallest share left of what `left` names.
const FolderLook* tightest(const MountLook& mount, double (*left)(const VolumeSpace&)) {
  const FolderLook* found = nullptr;
  for (const FolderLook& look : mount.folders)
    if (look.space && (!found || left(*look.space) < left(*found->space))) found = &look;
  return found;
}
double share(const VolumeSpace& space) {
  return space.size > 0 ? static_cast<double>(space.free) / static_cast<double>(space.size) : 2;
}
double inodeShare(const VolumeSpace& space) {
  return space.inodes > 0
             ? static_cast<double>(space.freeInodes) / static_cast<double>(space.inodes)
             : 2;
}

class Judge {
 public:
  Judge(const Place& place, const std::vector<MountLook>& looks, const Limits& limits,
        const std::map<std::string, Forecast>& forecasts)
      : place_(place), looks_(looks), limits_(limits), forecasts_(forecasts) {}

  Judgement judge() {
    for (const MountLook& mount : looks_) look(mount);
    claimTroubles();
    claimRest();
    judgement_.facts = factsOf(looks_);
    noteLeftOvers();
    return std::move(judgement_);
  }

 private:
  void look(const MountLook& mount);
  void look(const MountLook& mount, const FolderLook& folder);
  void lookForRoom(const MountLook& mount);
  void gap(const std::vector<std::string>& folders, const Error& why);
  bool isNothingThere() const;
  void claimTroubles();
  void claimRest();
  void claim(Finding finding) { judgement_.findings.push_back(std::move(finding)); }
  void noteLeftOvers();
  std::optional<Duration> soon(const std::optional<Duration>& until) const {
    return until && *until < limits_.fullWithin ? until : std::nullopt;
  }

  const Place& place_;
  const std::vector<MountLook>& looks_;
  const Limits& limits_;
  const std::map<std::string, Forecast>& forecasts_;
  std::map<Code, std::vector<Case>> troubles_;
  std::vector<const MountLook*> hanging_;
  std::vector<Case> skewed_;
  std::vector<Case> foreign_;
  std::vector<Room> full_;
  std::vector<Room> fewInodes_;
  Judgement judgement_;
};

void Judge::gap(const std::vector<std::string>& folders, const Error& why) {
  judgement_.gaps.push_back({place_.pod, listed(folders) + " of the content volume", why});
}

// What lies behind a step that hangs is not known, and is said with it.
void Judge::look(const MountLook& mount) {
  if (mount.hungSince) return hanging_.push_back(&mount);
  std::map<std::string, std::pair<Error, std::vector<std::string>>> unseen;
  for (const FolderLook& folder : mount.folders) {
    const Ruling ruling = ruleOn(place_, mount.mount, folder, limits_);
    if (ruling.code && !isExcused(mount, folder))
      troubles_[*ruling.code].push_back({&mount, &folder});
    // A child that was ended tells no more than how far it came.
    const std::optional<Error>& why = ruling.gap && mount.error ? mount.error : ruling.gap;
    if (!why) continue;
    auto& [error, folders] = unseen[why->message];
    error = *why;
    folders.push_back(folder.folder);
  }
  for (const auto& [text, one] : unseen) gap(one.second, one.first);
  for (const FolderLook& folder : mount.folders) look(mount, folder);
  lookForRoom(mount);
}

void Judge::look(const MountLook& mount, const FolderLook& folder) {
  if (isSkewed(folder, limits_)) skewed_.push_back({&mount, &folder});
  if (isForeign(place_, folder, limits_)) foreign_.push_back({&mount, &folder});
}

void Judge::lookForRoom(const MountLook& mount) {
  const auto told = [&](Code code) {
    const auto found = troubles_.find(code);
    return found != troubles_.end() &&
           std::ranges::any_of(found->second, [&](const Case& one) { return one.mount == &mount; });
  };
  const auto found = forecasts_.find(mount.mount.point);
  const Forecast forecast = found == forecasts_.end() ? Forecast{} : found->second;
  const bool isFull = told(kFull) || told(kQuota);
  bool runsFull = isFull;
  if (const FolderLook* least = tightest(mount, share); least && !isFull) {
    const auto until = soon(forecast.full);
    runsFull = until || isLow(*least->space, limits_);
    if (runsFull) full_.push_back({&mount, least, until, forecast.history});
  }
  if (const FolderLook* least = tightest(mount, inodeShare); least && !told(kNoInodes)) {
    // Where inodes are made of free space they go with it.
    const auto until = runsFull ? std::nullopt : soon(forecast.noInodes);
    if (until || isLowOnInodes(*least->space, limits_))
      fewInodes_.push_back({&mount, least, until, forecast.history});
  }
}

bool Judge::isNothingThere() const {
  std::size_t asked = 0;
  for (const MountLook& mount : looks_) asked += mount.folders.size();
  const auto found = troubles_.find(kMissing);
  return found != troubles_.end() && found->second.size() == asked &&
         std::ranges::all_of(found->second,
                             [](const Case& one) { return one.look->error == ENOENT; });
}

void Judge::claimTroubles() {
  for (const auto& [code, cases] : troubles_)
    claim(trouble(code, place_, cases, limits_, code == kMissing && isNothingThere()));
}

void Judge::claimRest() {
  std::ranges::sort(hanging_, {}, [](const MountLook* one) { return *one->hungSince; });
  std::ranges::sort(full_, {}, [](const Room& one) { return share(*one.look->space); });
  std::ranges::sort(fewInodes_, {}, [](const Room& one) { return inodeShare(*one.look->space); });
  if (!hanging_.empty()) claim(hanging(place_, hanging_));
  if (!skewed_.empty()) claim(skewed(place_, skewed_));
  if (!foreign_.empty()) claim(foreign(place_, foreign_, limits_));
  if (!full_.empty()) claim(runningFull(place_, full_));
  if (!fewInodes_.empty()) claim(runningOutOfInodes(place_, fewInodes_));
}

void Judge::noteLeftOvers() {
  std::uint32_t removed = 0;
  for (const MountLook& mount : looks_)
    for (const FolderLook& look : mount.folders) removed += look.leftOvers;
  if (removed > 0)
    judgement_.notes.push_back(
        fmt::format("{} of Rollcall's own that an earlier look had left behind {} removed from {}",
                    removed == 1 ? "a file" : fmt::format("{} files", removed),
                    removed == 1 ? "was" : "were", content(place_)));
}

}  // namespace

Judgement judge(const Place& place, const std::vector<MountLook>& looks, const Limits& limits,
                const std::map<std::string, Forecast>& forecasts) {
  return Judge(place, looks, limits, forecasts).judge();
}

}  // namespace rollcall::checks::volume
