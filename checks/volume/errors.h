// What the system's errors say of a volume. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace rollcall::checks::volume {

enum class ErrorKind : std::uint8_t {
  kReadOnly,
  kNoSpace,
  kQuota,
  kIo,
  kStale,
  kRefused,
  kDisconnected,
  kAbsent,
  kNoFolder,
  kOurOwn,  // this machine had no memory or descriptor left: says nothing of the volume
  kOther,
};
ErrorKind kindOf(int error);

std::string errorName(int error);  // "EROFS"
std::string errorText(int error);  // "read-only file system (EROFS)"

}  // namespace rollcall::checks::volume
