// What an agent beside a pod tells of the content volume as that pod has it, as JSON: written by
// the agent, read by the check. Pure. Nothing in it depends on two clocks that agree: moments are
// told as ages.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "daemon/content/volume_probe.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

struct VolumeReport {
  std::string folder;  // the content folder, where the agent has it
  uid_t user = 0;      // as which it looks
  Duration interval{};
  // Of the last look that ended: how long ago it began and ended.
  Duration began{};
  Duration ended{};
  std::vector<MountLook> looks;  // without Mount::id: it means nothing elsewhere
  // What the look before saw, so that nobody has to rely on a single one; empty at first.
  std::vector<MountLook> before;
};

// More is refused unread, by whoever fetches it and by parseVolumeReport().
inline constexpr std::size_t kMaxVolumeReportBytes = 512u << 10;

// `now` is the clock that MountLook::hungSince is by.
std::string formatVolumeReport(const VolumeReport& report, WallTime now);
// kProtocol with one sentence that names what is wrong and where.
Result<VolumeReport> parseVolumeReport(std::string_view json, WallTime now);

// Whether the last look is too long ago to speak for the present: an agent that no longer looks, or
// a copy that something between it and us kept.
bool isStale(const VolumeReport& report);

}  // namespace rollcall
