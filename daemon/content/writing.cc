#include "daemon/content/writing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daemon/content/probing.h"
#include "daemon/content/reading.h"

namespace rollcall {
namespace {

// Ghost's user has to be able to read it.
constexpr mode_t kReadableByAll = 0644;

std::int64_t millisecondsOf(const timespec& time) {
  return time.tv_sec * std::int64_t{1000} + time.tv_nsec / 1'000'000;
}

// 0 or an errno.
int fill(int file, const std::string& text, const ChildCalls& calls, struct stat& info) {
  if (::fchmod(file, kReadableByAll) != 0) return errno;
  if (!writeAll(file, text.data(), text.size())) return errno;
  if (calls.sync(file) != 0 || ::fstat(file, &info) != 0) return errno;
  return S_ISREG(info.st_mode) ? 0 : EINVAL;
}

}  // namespace

int writeFile(const WriteWork& work, int pipe, const ChildCalls& calls) {
  const int how = work.create ? O_CREAT | O_EXCL : O_TRUNC;
  const int file = ::open(work.path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | how,
                          kReadableByAll);
  if (file < 0) return errno;
  struct stat info {};
  int failure = fill(file, work.text, calls, info);
  if (::close(file) != 0 && failure == 0) failure = errno;
  if (failure != 0) {
    ::unlink(work.path.c_str());
    return failure;
  }
  const std::int64_t changed = millisecondsOf(info.st_mtim);
  return writeAll(pipe, &changed, sizeof changed) ? 0 : EPIPE;
}

Result<WallTime> judgeWrite(const WriteWork& work, int status, std::string_view received) {
  std::int64_t changed = 0;
  if (status != 0 || received.size() != sizeof changed)
    return pathError("write", work.path, status != 0 ? status : EIO);
  std::memcpy(&changed, received.data(), sizeof changed);
  return WallTime(std::chrono::milliseconds(changed));
}

int removeFile(const RemoveWork& work) {
  struct stat info {};
  if (work.bytes) {
    if (::lstat(work.path.c_str(), &info) != 0) return errno;
    if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) != *work.bytes)
      return EINVAL;
  }
  return ::unlink(work.path.c_str()) == 0 ? 0 : errno;
}

int sweepFolder(const SweepWork& work, int pipe, const ChildCalls& calls) {
  const int folder = calls.open(work.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return errno;
  const auto now = std::chrono::nanoseconds(work.volumeNow.time_since_epoch()).count();
  const std::uint32_t removed = removeLeftOvers(folder, work.place, now).removed;
  return writeAll(pipe, &removed, sizeof removed) ? 0 : EPIPE;
}

}  // namespace rollcall
