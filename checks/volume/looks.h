// Looks for the tests of this check.
#pragma once

#include <string>
#include <vector>

#include "checks/volume/rules.h"

namespace rollcall::checks::volume {

inline Mount disk() {
  return {7, "/content", "ext4", "/dev/sdb", "rw,relatime", "rw,errors=remount-ro"};
}
inline Mount share() {
  return {8, "/content", "nfs4", "files:/ghost", "rw,relatime", "rw,vers=4.2,hard"};
}
inline Mount bound(Mount mount, std::string options, std::string superOptions) {
  mount.options = std::move(options);
  mount.superOptions = std::move(superOptions);
  return mount;
}

// As Ghost's own user, who owns the folder; all is well.
inline FolderLook well(std::string folder = "images") {
  using namespace std::chrono_literals;
  FolderLook look;
  look.folder = std::move(folder);
  look.begun = true;
  look.step = ProbeStep::kDone;
  look.wrote = look.spent = 5ms;
  look.synced = 4ms;
  look.space = VolumeSpace{100ull << 30, 60ull << 30, 1'000'000, 900'000, false};
  look.owner = FolderOwner{1000, 1000, 0755};
  look.skew = Duration::zero();
  return look;
}
inline FolderLook failing(ProbeStep step, int error, std::string folder = "images") {
  FolderLook look = well(std::move(folder));
  look.step = step;
  look.error = error;
  look.wrote = Duration::zero();
  look.skew.reset();
  if (step == ProbeStep::kReach) look.space.reset(), look.owner.reset();
  return look;
}
inline FolderLook owned(FolderLook look, uid_t user, gid_t group, mode_t mode) {
  look.owner = FolderOwner{user, group, mode};
  return look;
}
inline FolderLook left(FolderLook look, std::uint64_t size, std::uint64_t free,
                       std::uint64_t inodes, std::uint64_t freeInodes) {
  look.space = VolumeSpace{size, free, inodes, freeInodes, false};
  return look;
}
inline FolderLook took(FolderLook look, Duration time) {
  look.wrote = look.spent = time;
  return look;
}
// Ended by the deadline while it was at `step`.
inline FolderLook cutAt(ProbeStep step, Duration spent, std::string folder = "images") {
  FolderLook look = failing(step, 0, std::move(folder));
  look.spent = spent;
  return look;
}
inline MountLook on(Mount mount, std::vector<FolderLook> folders) {
  MountLook look;
  look.mount = std::move(mount);
  look.folders = std::move(folders);
  return look;
}

}  // namespace rollcall::checks::volume
