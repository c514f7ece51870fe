// What a look at the content volume says, folder by folder. Pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checks/volume/codes.h"
#include "daemon/content/volume_json.h"
#include "daemon/content/volume_probe.h"

namespace rollcall::checks::volume {

struct Limits {
  uid_t ghostUser = 1000;
  Duration slow = std::chrono::seconds(2);
  std::uint64_t freePercent = 10;
  std::uint64_t enoughFree = std::uint64_t{10} << 30;
  Duration fullWithin = std::chrono::hours(24);
  Duration maxSkew = std::chrono::seconds(5);
};
// Of inodes there is no setting: an image that is uploaded takes about ten.
inline constexpr std::uint64_t kEnoughFreeInodes = 50'000;

// From where the folders were looked at, and how.
struct Place {
  std::string pod;   // beside which; empty: Rollcall's own mount
  std::string path;  // of the content folder there
  uid_t user = 0;    // as whom
  bool wrote = true;
  // When it stands for several that see the same: all of them, "all 3 pods".
  std::string alike = {};
};

// Of NFS, CIFS, FUSE and their like, where a server behind the mount has the last word.
bool isRemote(const Mount& mount);

// Whether owner and mode let `user` create files in a folder. Unknown where it hangs on a group
// Rollcall cannot know, or where another user than root owns the folder: evidently it is Ghost's.
enum class Allowed { kYes, kNo, kUnknown };
Allowed mayCreate(uid_t user, const FolderOwner& owner);

// What one folder's look says; neither is set when all is well.
struct Ruling {
  std::optional<Code> code;
  std::optional<Error> gap;  // why it says nothing

  bool operator==(const Ruling& other) const {
    return code == other.code && gap.has_value() == other.gap.has_value();
  }
};
// Of a mount that does not hang. An absent folder is kMissing, whichever it is; see isExcused.
Ruling ruleOn(const Place& place, const Mount& mount, const FolderLook& look, const Limits& limits);
// Ghost makes these at the first upload: they may be absent where others on the mount are there.
bool isExcused(const MountLook& mount, const FolderLook& look);

// Written or still writing, and longer than it may take.
bool isSlow(const FolderLook& look, const Limits& limits);
bool isSkewed(const FolderLook& look, const Limits& limits);
// By owner and mode Ghost's user could not write, and Rollcall did not show as that user that it
// can.
bool isForeign(const Place& place, const FolderLook& look, const Limits& limits);

// By share and amount; nothing of a trend.
bool isLow(const VolumeSpace& space, const Limits& limits);
bool isLowOnInodes(const VolumeSpace& space, const Limits& limits);

// The folders to look at a second time before a volume is called slow.
std::vector<std::string> doubtful(const std::vector<MountLook>& looks, const Limits& limits);
// `first` with what the second look at the doubtful folders changes: the faster write of two slow
// ones. A mount that is slow throughout leaves no time to look at a folder twice: there, each look
// confirms the other. What could not be looked at twice otherwise counts as not looked at.
std::vector<MountLook> confirmed(std::vector<MountLook> first, const std::vector<MountLook>& second,
                                 const Limits& limits);
// Of an agent's last two looks the last, confirmed by the one before.
std::vector<MountLook> confirmedByAgent(const VolumeReport& report, const Limits& limits);

}  // namespace rollcall::checks::volume
