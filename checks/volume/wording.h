// How the volume check's findings read. Pure.
#pragma once

#include <string>
#include <vector>

#include "checks/volume/phrases.h"
#include "daemon/core/finding.h"

namespace rollcall::checks::volume {

// A mount with little left; `until` when a forecast says so.
struct Room {
  const MountLook* mount;
  const FolderLook* look;  // whose space it is
  std::optional<Duration> until;
  Duration history{};
};

// Any code that ruleOn() gives. `all`: no folder at all is there (of kMissing).
Finding trouble(Code code, const Place& place, const std::vector<Case>& cases, const Limits& limits,
                bool all);
Finding hanging(const Place& place, const std::vector<const MountLook*>& mounts);
Finding skewed(const Place& place, const std::vector<Case>& cases);
Finding foreign(const Place& place, const std::vector<Case>& cases, const Limits& limits);
Finding runningFull(const Place& place, const std::vector<Room>& rooms);
Finding runningOutOfInodes(const Place& place, const std::vector<Room>& rooms);

}  // namespace rollcall::checks::volume
