// What a look at the content volume saw: each folder written to and read back, as Ghost would do.
// Pure values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/content/mounts.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

// What is done in a folder, in this order. Without `write` (see VolumeQuestion) kReach is the last.
enum class ProbeStep : std::uint8_t {
  kReach,     // find the folder; its owner, its file system's space
  kCreate,    // a file of a new name
  kWrite,     // a block
  kSync,      // fsync()
  kClose,     // where NFS reports what it had put off
  kReadBack,  // what was written, not from this machine's cache where the system lets it go
  kRemove,
  kDone,
};
std::string_view name(ProbeStep step);  // "reach", "create", "write", "sync", ...

// statvfs(3). Sizes in bytes; `free` is what users without privileges may still use.
struct VolumeSpace {
  std::uint64_t size = 0;
  std::uint64_t free = 0;
  std::uint64_t inodes = 0;  // 0: the file system does not count them
  std::uint64_t freeInodes = 0;
  bool readOnly = false;  // as the flag says; a file system that failed may not set it

  bool operator==(const VolumeSpace&) const = default;
};

struct FolderOwner {
  uid_t user = 0;
  gid_t group = 0;
  mode_t mode = 0;  // permission bits

  bool operator==(const FolderOwner&) const = default;
};

struct FolderLook {
  std::string folder;                  // below the content folder
  bool begun = false;                  // false: others on the same mount took all the time
  ProbeStep step = ProbeStep::kReach;  // kDone, or the one that failed or was still under way
  int error = 0;                       // errno of `step`; 0: it was under way, or `differs`
  bool differs = false;                // at kReadBack: not what was written
  Duration wrote{};   // from creating the file until it was closed, fsync() included
  Duration synced{};  // fsync() alone
  Duration spent{};   // until the last step that ended
  std::optional<VolumeSpace> space;
  std::optional<FolderOwner> owner;
  // The file's time of modification against this machine's clock: positive when the volume's clock
  // is ahead. Nothing when no file was written.
  std::optional<Duration> skew;
  std::uint32_t leftOvers = 0;  // own files that were removed

  bool operator==(const FolderLook&) const = default;
};

// The folders that are on one mount, looked at by one child.
struct MountLook {
  Mount mount;
  std::vector<FolderLook> folders;
  // A step took longer than VolumeQuestion::patience, since then. What comes after it is not known.
  std::optional<WallTime> hungSince;
  bool unkillable = false;     // and the child that made it cannot be ended
  std::optional<Error> error;  // no child could be started, or it was ended

  bool operator==(const MountLook& other) const {
    return mount == other.mount && folders == other.folders && hungSince == other.hungSince &&
           unkillable == other.unkillable && error.has_value() == other.error.has_value();
  }
};

struct VolumeQuestion {
  std::vector<std::string> folders;
  bool write = true;                             // false: nothing is written
  Duration patience = std::chrono::seconds(10);  // for one step; beyond it the volume hangs
};

}  // namespace rollcall
