#include "daemon/state/watch_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "daemon/state/history.h"

namespace rollcall {
namespace {

// Ends with the process, however that ends.
class FileLock {
 public:
  FileLock() = default;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() {
    if (fd_ >= 0) ::close(fd_);
  }

  Result<void> take(const std::string& path) {
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0) return {};
    const int reason = errno;
    if (fd_ >= 0 && reason == EWOULDBLOCK)
      return Error{ErrorCode::kUnavailable,
                   "another daemon of Rollcall keeps its history there: each needs a file of its "
                   "own"};
    return Error{ErrorCode::kPermissionDenied,
                 fmt::format("cannot lock {}: {}", path, std::generic_category().message(reason))};
  }

 private:
  int fd_ = -1;
};

class FileStore final : public WatchStore {
 public:
  FileStore(const std::string& path, const std::string& site) : path_(path), site_(site) {}

  Result<PastWatch> open() override {
    if (Result<void> locked = lock_.take(path_ + ".lock"); !locked) return named(locked.error());
    auto history = History::open(path_, site_);
    if (!history) return history.error();
    Result<PastWatch> watch = (*history)->watch();
    if (!watch) return named(watch.error());
    history_ = std::move(*history);
    return watch;
  }

  Result<void> keep(const PastWatch& watch,
                    const std::vector<std::chrono::milliseconds>& propagation) override {
    Result<void> kept = history_->keep(watch, propagation);
    return kept ? kept : named(kept.error());
  }

 private:
  Error named(Error error) const {
    error.message = fmt::format("the state file {}: {}", path_, error.message);
    return error;
  }

  const std::string path_;
  const std::string site_;
  FileLock lock_;
  std::unique_ptr<History> history_;
};

}  // namespace

std::unique_ptr<WatchStore> makeFileStore(const std::string& path, const std::string& site) {
  return std::make_unique<FileStore>(path, site);
}

}  // namespace rollcall
