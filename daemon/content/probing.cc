#include "daemon/content/probing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "daemon/content/own_files.h"

namespace rollcall {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kEntriesToSweep = 200'000;  // of one folder

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}
// The child's own measure of its calls; Clock is the parent's.
std::int64_t read(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return nanoseconds(now);
}

bool processLives(std::uint32_t process) {
  return ::kill(static_cast<pid_t>(process), 0) == 0 || errno != ESRCH;
}

// One folder, step by step. Async-signal-safe calls only.
class FolderProbe {
 public:
  FolderProbe(const ProbeWork& work, std::uint32_t index, int pipe, const ChildCalls& calls)
      : work_(work), asked_(work.folders[index]), pipe_(pipe), calls_(calls) {
    record_.folder = index;
    printOwnFile(
        {OwnKind::kProbe, work.place, static_cast<std::uint32_t>(::getpid()), work.serial + index},
        name_);
    for (std::size_t i = 0; i < kBlock; ++i)
      block_[i] = static_cast<char>(i * 131 + static_cast<std::size_t>(began_) + index);
  }
  FolderProbe(const FolderProbe&) = delete;
  ~FolderProbe() {
    if (file_ >= 0) ::close(file_);
    if (created_) ::unlinkat(folder_, name_, 0);
    if (folder_ >= 0) ::close(folder_);
  }

  void run() {
    if (!step(ProbeStep::kReach, [this] { return reach(); })) return;
    if (work_.write && asked_.owes && !step(ProbeStep::kRemove, [this] { return payDebt(); }))
      return;
    if (work_.write && !writeAndRead()) return;
    record_.step = ProbeStep::kDone;
    send();
    if (!work_.write || !asked_.sweep) return;
    record_.leftOvers += sweep(volumeNow_).removed;
    send();
  }

 private:
  // Says what it is about to do, does it, and says how it went when it failed.
  template <class Action>
  bool step(ProbeStep step, Action action) {
    record_.step = step;
    send();
    if (action()) return true;
    record_.error = record_.differs ? 0 : errno;
    send();
    return false;
  }

  void send() {
    record_.spentNs = read(CLOCK_MONOTONIC) - began_;
    writeAll(pipe_, &record_, sizeof record_);
  }

  bool writeAndRead() {
    return step(ProbeStep::kCreate, [this] { return create(); }) &&
           step(ProbeStep::kWrite, [this] { return write(); }) &&
           step(ProbeStep::kSync, [this] { return sync(); }) &&
           step(ProbeStep::kClose, [this] { return close(); }) &&
           step(ProbeStep::kReadBack, [this] { return readBack(); }) &&
           step(ProbeStep::kRemove, [this] { return remove(); });
  }

  bool reach() {
    folder_ = calls_.open(asked_.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat info {};
    if (folder_ < 0 || ::fstat(folder_, &info) != 0) return false;
    record_.hasOwner = true;
    record_.owner = {info.st_uid, info.st_gid, info.st_mode & 07777};
    struct statvfs space {};
    if (::fstatvfs(folder_, &space) != 0) return false;
    record_.hasSpace = true;
    record_.space = {space.f_blocks * space.f_frsize, space.f_bavail * space.f_frsize,
                     space.f_files, space.f_favail, (space.f_flag & ST_RDONLY) != 0};
    struct statx more {};
    if (::statx(folder_, "", AT_EMPTY_PATH, STATX_MNT_ID, &more) == 0 &&
        (more.stx_mask & STATX_MNT_ID) != 0)
      record_.mountId = more.stx_mnt_id;
    return true;
  }

  bool create() {
    createdAt_ = read(CLOCK_MONOTONIC);
    createdWall_ = read(CLOCK_REALTIME);
    file_ = ::openat(folder_, name_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    created_ = file_ >= 0;
    return created_;
  }

  bool write() {
    const ssize_t written = ::write(file_, block_, kBlock);
    if (written >= 0 && written < static_cast<ssize_t>(kBlock)) errno = ENOSPC;
    return written == static_cast<ssize_t>(kBlock);
  }

  bool sync() {
    const std::int64_t before = read(CLOCK_MONOTONIC);
    if (calls_.sync(file_) != 0) return false;
    record_.syncedNs = read(CLOCK_MONOTONIC) - before;
    noteSkew();
    ::posix_fadvise(file_, 0, 0, POSIX_FADV_DONTNEED);
    return true;
  }

  // How far the file's time is outside of when it was written.
  void noteSkew() {
    const std::int64_t now = read(CLOCK_REALTIME);
    struct stat info {};
    if (::fstat(file_, &info) != 0) return;
    volumeNow_ = nanoseconds(info.st_mtim);
    record_.hasSkew = true;
    if (volumeNow_ > now) record_.skewNs = volumeNow_ - now;
    if (volumeNow_ < createdWall_) record_.skewNs = volumeNow_ - createdWall_;
  }

  bool close() {
    const int file = file_;
    file_ = -1;
    if (::close(file) != 0) return false;
    record_.wroteNs = read(CLOCK_MONOTONIC) - createdAt_;
    return true;
  }

  bool readBack() {
    file_ = ::openat(folder_, name_, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file_ < 0) return false;
    std::size_t total = 0;
    while (total <= kBlock) {
      const ssize_t got = ::read(file_, back_ + total, sizeof back_ - total);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return false;
      if (got == 0) break;
      total += static_cast<std::size_t>(got);
    }
    // NFS and FUSE only rename a file that is removed while it is open.
    ::close(file_);
    file_ = -1;
    record_.differs = total != kBlock || std::memcmp(block_, back_, kBlock) != 0;
    return !record_.differs;
  }

  bool remove() {
    if (::unlinkat(folder_, name_, 0) != 0) return false;
    created_ = false;
    return true;
  }

  bool payDebt() {
    const Swept swept = sweep(0);
    record_.leftOvers += swept.removed;
    errno = swept.error;
    return swept.error == 0;
  }

  // A volume is none the worse when its folders cannot be listed.
  Swept sweep(std::int64_t volumeNow) {
    const int listed = ::openat(folder_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (listed < 0) return {};
    const Swept swept = removeLeftOvers(listed, work_.place, volumeNow, [this] { send(); });
    ::close(listed);
    return swept;
  }

  const ProbeWork& work_;
  const ProbeFolder& asked_;
  const int pipe_;
  const ChildCalls& calls_;
  const std::int64_t began_ = rollcall::read(CLOCK_MONOTONIC);
  ProbeRecord record_;
  char name_[kOwnNameBytes];
  char block_[kBlock];
  char back_[kBlock + 1];
  int folder_ = -1;
  int file_ = -1;
  bool created_ = false;
  std::int64_t createdAt_ = 0;
  std::int64_t createdWall_ = 0;
  std::int64_t volumeNow_ = 0;
};

}  // namespace

Swept removeLeftOvers(int folder, std::uint64_t place, std::int64_t volumeNowNs,
                      const std::function<void()>& goesOn) {
  alignas(dirent64) char buffer[16 * 1024];
  Swept swept;
  std::size_t seen = 0;
  while (seen < kEntriesToSweep) {
    // The system call itself: the C library's readdir() allocates.
    const long got = ::syscall(SYS_getdents64, folder, buffer, sizeof buffer);
    if (got <= 0) break;
    if (goesOn) goesOn();
    for (long at = 0; at < got; ++seen) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const auto own = parseOwnFile(entry->d_name);
      struct stat info {};
      if (!own || ::fstatat(folder, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
      const Duration age(volumeNowNs - nanoseconds(info.st_mtim));
      if (!S_ISREG(info.st_mode) || !isLeftOver(*own, place, age, processLives)) continue;
      if (::unlinkat(folder, entry->d_name, 0) == 0)
        ++swept.removed;
      else if (errno != ENOENT)
        swept.error = errno;
    }
  }
  return swept;
}

int probeFolders(const ProbeWork& work, int pipe, const ChildCalls& calls) {
  for (std::uint32_t i = 0; i < work.folders.size(); ++i) FolderProbe(work, i, pipe, calls).run();
  return 0;
}

FolderLook lookOf(const ProbeRecord& record, std::string folder) {
  FolderLook look;
  look.folder = std::move(folder);
  look.begun = true;
  look.step = record.step;
  look.error = record.error;
  look.differs = record.differs;
  look.wrote = Duration(record.wroteNs);
  look.synced = Duration(record.syncedNs);
  look.spent = Duration(record.spentNs);
  if (record.hasSpace) look.space = record.space;
  if (record.hasOwner) look.owner = record.owner;
  if (record.hasSkew) look.skew = Duration(record.skewNs);
  look.leftOvers = record.leftOvers;
  return look;
}

std::string_view name(ProbeStep step) {
  switch (step) {
    case ProbeStep::kReach:
      return "reach";
    case ProbeStep::kCreate:
      return "create";
    case ProbeStep::kWrite:
      return "write";
    case ProbeStep::kSync:
      return "sync";
    case ProbeStep::kClose:
      return "close";
    case ProbeStep::kReadBack:
      return "read back";
    case ProbeStep::kRemove:
      return "remove";
    case ProbeStep::kDone:
      return "done";
  }
  return "";
}

}  // namespace rollcall
