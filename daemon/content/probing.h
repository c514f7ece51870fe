// The work of the child that writes to the folders of a volume and reads back, and what it sends.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "daemon/content/child.h"
#include "daemon/content/volume_probe.h"

namespace rollcall {

struct ProbeFolder {
  std::string path;   // absolute
  bool sweep = true;  // remove what was left behind
  // The last probe could not remove its file: write nothing before that has gone.
  bool owes = false;
};

struct ProbeWork {
  std::vector<ProbeFolder> folders;
  bool write = true;
  std::uint64_t place = 0;
  std::uint64_t serial = 0;
};

// Sent whole at the beginning and the end of each step; the last one of a folder counts.
struct ProbeRecord {
  std::uint32_t folder = 0;  // index
  std::uint32_t leftOvers = 0;
  ProbeStep step = ProbeStep::kReach;
  bool differs = false;
  bool hasSpace = false;
  bool hasOwner = false;
  bool hasSkew = false;
  std::int32_t error = 0;
  std::int64_t wroteNs = 0;
  std::int64_t syncedNs = 0;
  std::int64_t spentNs = 0;
  std::int64_t skewNs = 0;
  VolumeSpace space;
  FolderOwner owner;
  std::uint64_t mountId = 0;  // 0: not known
};

// In the child; returns its exit status.
int probeFolders(const ProbeWork& work, int pipe, const ChildCalls& calls);
struct Swept {
  std::uint32_t removed = 0;
  int error = 0;  // errno of the last one that could not be removed
};
// In the child: removes the own files nobody needs any more from an open folder. Without the time
// only those whose process has ended. Calls `goesOn` each time the volume answered.
Swept removeLeftOvers(int folder, std::uint64_t place, std::int64_t volumeNowNs,
                      const std::function<void()>& goesOn = {});

FolderLook lookOf(const ProbeRecord& record, std::string folder);

}  // namespace rollcall
