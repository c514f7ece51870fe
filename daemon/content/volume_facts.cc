#include "daemon/content/volume_facts.h"

#include <algorithm>

namespace rollcall {
namespace {

double freeShare(std::uint64_t free, std::uint64_t size) {
  return static_cast<double>(free) / static_cast<double>(size);
}

void takeSpace(const VolumeSpace& space, VolumeFacts& facts) {
  const bool isFuller = !facts.sizeBytes || freeShare(space.free, space.size) <
                                                freeShare(*facts.freeBytes, *facts.sizeBytes);
  if (space.size > 0 && isFuller) {
    facts.sizeBytes = space.size;
    facts.freeBytes = space.free;
  }
  if (space.inodes > 0)
    facts.freeInodes = std::min(facts.freeInodes.value_or(space.freeInodes), space.freeInodes);
}

void takeFolder(const FolderLook& look, VolumeFacts& facts) {
  if (look.space) takeSpace(*look.space, facts);
  const double seconds = std::chrono::duration<double>(look.wrote).count();
  if (seconds > 0) facts.writeSeconds = std::max(facts.writeSeconds.value_or(0), seconds);
}

}  // namespace

VolumeFacts factsOf(const std::vector<MountLook>& looks) {
  VolumeFacts facts;
  VolumeFacts hung;
  for (const MountLook& look : looks) {
    if (look.hungSince)
      hung.hungSince = std::min(hung.hungSince.value_or(*look.hungSince), *look.hungSince);
    for (const FolderLook& folder : look.folders) takeFolder(folder, facts);
  }
  return hung.hungSince ? hung : facts;
}

}  // namespace rollcall
