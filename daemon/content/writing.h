// The work of a child that writes or removes one of Rollcall's own files on the content volume.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/content/child.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

struct WriteWork {
  std::string path;  // absolute
  std::string text;
  bool create = true;  // a file that must not be there yet; false: one that must be
};
// In the child; returns its exit status: 0 or an errno.
int writeFile(const WriteWork& work, int pipe, const ChildCalls& calls);
// In the parent: the file's time of modification by the volume's clock.
Result<WallTime> judgeWrite(const WriteWork& work, int status, std::string_view received);

struct RemoveWork {
  std::string path;                    // absolute
  std::optional<std::uint64_t> bytes;  // only a regular file of this size
};
int removeFile(const RemoveWork& work);

struct SweepWork {
  std::string folder;  // absolute
  std::uint64_t place = 0;
  WallTime volumeNow{};
};
int sweepFolder(const SweepWork& work, int pipe, const ChildCalls& calls);

}  // namespace rollcall
