#include "checks/volume/rules.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "checks/volume/errors.h"

namespace rollcall::checks::volume {
namespace {

Ruling is(Code code) {
  return {code, {}};
}
Ruling unknown(ErrorCode code, std::string why) {
  return {{}, Error{code, std::move(why)}};
}

// The mount alone is read-only, and what is behind it may not be. `ro` of a network file system is
// this client's, too; but a pod's containers share what the pod's claim says.
bool isOwnMountReadOnly(const Place& place, const Mount& mount) {
  if (!hasOption(mount.options, "ro")) return false;
  return !hasOption(mount.superOptions, "ro") || (place.pod.empty() && isRemote(mount));
}

Ruling readOnly(const Place& place, const Mount& mount) {
  return is(isOwnMountReadOnly(place, mount) ? kOwnMountReadOnly : kReadOnly);
}

// File systems without an inode left refuse to create; a full one may, too. XFS and ZFS count no
// inodes as free either once they are full.
Ruling noSpace(const FolderLook& look) {
  if (look.step != ProbeStep::kCreate || !look.space || look.space->free == 0) return is(kFull);
  const bool someLeft = look.space->inodes > 0 && look.space->freeInodes > 0;
  return is(someLeft ? kFull : kNoInodes);
}

Ruling refused(const Place& place, const FolderLook& look, const Limits& limits) {
  // An immutable flag and their like hold for every user alike.
  if (place.user == limits.ghostUser || look.error == EPERM) return is(kRefused);
  if (look.owner && mayCreate(limits.ghostUser, *look.owner) == Allowed::kNo) return is(kRefused);
  return is(kOwnUserRefused);
}

Ruling failed(const Place& place, const Mount& mount, const FolderLook& look,
              const Limits& limits) {
  switch (kindOf(look.error)) {
    case ErrorKind::kReadOnly:
      return readOnly(place, mount);
    case ErrorKind::kNoSpace:
      return noSpace(look);
    case ErrorKind::kQuota:
      return is(kQuota);
    case ErrorKind::kIo:
      return is(kIoError);
    case ErrorKind::kStale:
      return is(kStale);
    case ErrorKind::kRefused:
      return refused(place, look, limits);
    case ErrorKind::kDisconnected:
      return is(kDisconnected);
    case ErrorKind::kAbsent:
      // A file that was just written is gone.
      return is(look.step <= ProbeStep::kCreate ? kMissing : kDiffers);
    case ErrorKind::kNoFolder:
      return is(kMissing);
    case ErrorKind::kOurOwn:
      return unknown(ErrorCode::kUnavailable, errorText(look.error));
    case ErrorKind::kOther:
      return is(kOtherError);
  }
  return is(kOtherError);
}

// Whoever writes as root may use what a file system keeps back from everybody else.
bool isFullForGhost(const Place& place, const FolderLook& look, const Limits& limits) {
  return place.user == 0 && limits.ghostUser != 0 && look.space && look.space->size > 0 &&
         look.space->free == 0;
}

bool isUnderWay(const FolderLook& look) {
  return look.begun && look.step != ProbeStep::kDone && look.error == 0 && !look.differs;
}
bool isDone(const FolderLook& look) {
  return look.begun && look.step == ProbeStep::kDone;
}

bool isBelowShare(std::uint64_t free, std::uint64_t all, std::uint64_t percent) {
  return static_cast<long double>(free) * 100 < static_cast<long double>(all) * percent;
}

FolderLook* find(std::vector<MountLook>& looks, std::string_view name, MountLook** in) {
  for (MountLook& mount : looks)
    for (FolderLook& folder : mount.folders)
      if (folder.folder == name) return *in = &mount, &folder;
  return nullptr;
}

const FolderLook* find(const std::vector<MountLook>& looks, std::string_view name) {
  for (const MountLook& mount : looks)
    for (const FolderLook& folder : mount.folders)
      if (folder.folder == name) return &folder;
  return nullptr;
}

// Whether the look before may speak beside the last one: not of an error that may be over, and for
// a last look that did not get through only that it was slow then, too.
bool confirms(const FolderLook& before, const FolderLook& last, const Limits& limits) {
  if (before.error != 0 || before.differs || !last.begun) return false;
  return isDone(last) || isSlow(before, limits);
}

bool anySlow(const MountLook& mount, const Limits& limits) {
  return std::ranges::any_of(mount.folders,
                             [&](const FolderLook& look) { return isSlow(look, limits); });
}

// `slowTwice`: each of the looks met a slow folder on this mount.
FolderLook ofTwo(const FolderLook& first, const FolderLook& second, const Limits& limits,
                 bool slowTwice) {
  const bool sawSlow = isSlow(first, limits);
  const bool seesSlow = isSlow(second, limits);
  if (second.begun && !isUnderWay(second) && !seesSlow) return second;
  if (!slowTwice || (!sawSlow && !seesSlow)) return {.folder = first.folder};
  if (!sawSlow || !seesSlow) return sawSlow ? first : second;
  return isDone(second) && (!isDone(first) || second.wrote < first.wrote) ? second : first;
}

}  // namespace

bool isRemote(const Mount& mount) {
  constexpr std::array<std::string_view, 12> kTypes{"nfs",  "nfs4",   "cifs", "smb3",
                                                    "ceph", "9p",     "afs",  "lustre",
                                                    "gpfs", "beegfs", "fuse", "virtiofs"};
  return mount.type.starts_with("fuse.") || std::ranges::find(kTypes, mount.type) != kTypes.end();
}

Allowed mayCreate(uid_t user, const FolderOwner& owner) {
  constexpr mode_t kWriteAndSearch = 3;
  const auto grants = [&](int shift) {
    return ((owner.mode >> shift) & kWriteAndSearch) == kWriteAndSearch;
  };
  if (user == 0) return Allowed::kYes;
  if (user == owner.user) return grants(6) ? Allowed::kYes : Allowed::kNo;
  if (grants(3)) return Allowed::kUnknown;
  if (grants(0)) return Allowed::kYes;
  return owner.user == 0 ? Allowed::kNo : Allowed::kUnknown;
}

Ruling ruleOn(const Place& place, const Mount& mount, const FolderLook& look,
              const Limits& limits) {
  if (!look.begun || (isUnderWay(look) && !isSlow(look, limits)))
    return unknown(ErrorCode::kDeadlineExceeded, "the volume took too long, no time was left");
  if (look.differs) return is(kDiffers);
  if (look.error != 0) return failed(place, mount, look, limits);
  if (!place.wrote && look.space && look.space->readOnly && !isOwnMountReadOnly(place, mount))
    return is(kReadOnly);
  if (isFullForGhost(place, look, limits)) return is(kFull);
  return isSlow(look, limits) ? is(kSlow) : Ruling{};
}

bool isExcused(const MountLook& mount, const FolderLook& look) {
  const auto absent = [](const FolderLook& one) {
    return one.step == ProbeStep::kReach && one.error == ENOENT;
  };
  return (look.folder == "media" || look.folder == "files") && absent(look) &&
         std::ranges::any_of(mount.folders,
                             [&](const FolderLook& one) { return one.begun && !absent(one); });
}

bool isSlow(const FolderLook& look, const Limits& limits) {
  if (isDone(look)) return look.wrote > limits.slow;
  return isUnderWay(look) && look.spent > limits.slow;
}

bool isSkewed(const FolderLook& look, const Limits& limits) {
  return look.skew && std::chrono::abs(*look.skew) > limits.maxSkew;
}

bool isForeign(const Place& place, const FolderLook& look, const Limits& limits) {
  return isDone(look) && look.owner && !(place.wrote && place.user == limits.ghostUser) &&
         mayCreate(limits.ghostUser, *look.owner) == Allowed::kNo;
}

bool isLow(const VolumeSpace& space, const Limits& limits) {
  return space.size > 0 && space.free < limits.enoughFree &&
         isBelowShare(space.free, space.size, limits.freePercent);
}

bool isLowOnInodes(const VolumeSpace& space, const Limits& limits) {
  return space.inodes > 0 && space.freeInodes < kEnoughFreeInodes &&
         isBelowShare(space.freeInodes, space.inodes, limits.freePercent);
}

std::vector<std::string> doubtful(const std::vector<MountLook>& looks, const Limits& limits) {
  std::vector<std::string> notBegun;
  std::vector<std::string> slow;
  for (const MountLook& mount : looks) {
    if (mount.hungSince) continue;
    for (const FolderLook& look : mount.folders) {
      if (!look.begun) notBegun.push_back(look.folder);
      if (isUnderWay(look) || isSlow(look, limits)) slow.push_back(look.folder);
    }
  }
  notBegun.insert(notBegun.end(), slow.begin(), slow.end());
  return notBegun;
}

std::vector<MountLook> confirmed(std::vector<MountLook> first, const std::vector<MountLook>& second,
                                 const Limits& limits) {
  const std::vector<MountLook> before = first;
  for (const MountLook& again : second) {
    for (const FolderLook& look : again.folders) {
      MountLook* mount = nullptr;
      FolderLook* known = find(first, look.folder, &mount);
      if (!known) continue;
      const bool slowTwice =
          anySlow(again, limits) &&
          anySlow(before[static_cast<std::size_t>(mount - first.data())], limits);
      if (again.hungSince) {
        mount->hungSince = again.hungSince;
        mount->unkillable = again.unkillable;
      }
      *known = again.hungSince ? look : ofTwo(*known, look, limits, slowTwice);
    }
  }
  return first;
}

std::vector<MountLook> confirmedByAgent(const VolumeReport& report, const Limits& limits) {
  std::vector<MountLook> again;
  for (const std::string& folder : doubtful(report.looks, limits)) {
    MountLook look;
    // Without it nothing confirms the last look.
    look.folders = {FolderLook{.folder = folder}};
    const FolderLook* last = find(report.looks, folder);
    const FolderLook* before = find(report.before, folder);
    if (last && before && confirms(*before, *last, limits)) look.folders = {*before};
    again.push_back(std::move(look));
  }
  return confirmed(report.looks, again, limits);
}

}  // namespace rollcall::checks::volume
