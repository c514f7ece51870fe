#include "daemon/content/reading_child.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

namespace rollcall {
namespace {

using std::chrono::milliseconds;

// How long a wait goes without looking at the clock.
constexpr milliseconds kLookAround{20};

// The child's exit status is 0, an errno, or one of these.
constexpr int kNotAsWanted = 250;
constexpr int kTooLarge = 251;

int openFile(const char* path, int flags) {
  return ::open(path, flags);
}
// Not the C library's function: the header of glibc 2.36 declares it unusable for C++.
int openPidfd(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}
void killChild(pid_t child) {
  ::kill(child, SIGKILL);
}

// A child that hangs must hold nothing of ours open: neither sockets nor a terminal nor a pipe that
// someone reads to its end.
void keepOnly(int pipe) {
  if (pipe != STDIN_FILENO) ::dup2(pipe, STDIN_FILENO);
  if (::close_range(STDIN_FILENO + 1, ~0U, 0) == 0) return;
  for (int fd = STDIN_FILENO + 1; fd < 4096; ++fd) ::close(fd);
}

// What the child sends before the content.
struct Head {
  std::int64_t changedMs;  // since the epoch
};

bool writeAll(const char* data, ssize_t size) {
  while (size > 0) {
    const ssize_t written = ::write(STDIN_FILENO, data, static_cast<std::size_t>(size));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= written;
  }
  return true;
}

[[noreturn]] void sendFile(int file, std::size_t maxBytes) {
  char buffer[16 * 1024];
  std::size_t total = 0;
  while (true) {
    const ssize_t got = ::read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ::_exit(errno);
    if (got == 0) ::_exit(0);
    total += static_cast<std::size_t>(got);
    if (total > maxBytes) ::_exit(kTooLarge);
    if (!writeAll(buffer, got)) ::_exit(EPIPE);
  }
}

constexpr char kRemoved = '\0';  // since the folder was read: no entry any more

char letterOf(int folder, const char* name, struct stat& info) {
  if (::fstatat(folder, name, &info, 0) == 0) {
    if (S_ISREG(info.st_mode)) return kFileLetter;
    return S_ISDIR(info.st_mode) ? kFolderLetter : kOtherLetter;
  }
  // Only these say that a link leads nowhere; all others that nobody knows.
  const bool nowhere = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
  if (::fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? kRemoved : kUnknownLetter;
  return nowhere && S_ISLNK(info.st_mode) ? kDanglingLetter : kUnknownLetter;
}

// One record; false when nobody takes it. No stdio: this is a forked child of a process with
// threads.
bool sendEntry(int folder, const char* name, std::size_t& total) {
  struct stat info {};
  const char letter = letterOf(folder, name, info);
  if (letter == kRemoved) return true;
  char head[24];
  char* at = head + sizeof head;
  *--at = '/';
  auto size = letter == kFileLetter ? static_cast<std::uint64_t>(info.st_size) : 0;
  do {
    *--at = static_cast<char>('0' + size % 10);
    size /= 10;
  } while (size > 0);
  *--at = letter;
  const auto headBytes = static_cast<ssize_t>(head + sizeof head - at);
  const auto nameBytes = static_cast<ssize_t>(std::strlen(name) + 1);
  total += static_cast<std::size_t>(headBytes + nameBytes);
  return writeAll(at, headBytes) && writeAll(name, nameBytes);
}

// The system call itself: the C library's readdir() allocates.
[[noreturn]] void sendFolder(int folder, std::size_t maxBytes) {
  alignas(dirent64) char buffer[16 * 1024];
  std::size_t total = 0;
  while (true) {
    const long got = ::syscall(SYS_getdents64, folder, buffer, sizeof buffer);
    if (got < 0) ::_exit(errno);
    if (got == 0) ::_exit(0);
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const char* name = entry->d_name;
      if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
      if (!sendEntry(folder, name, total)) ::_exit(EPIPE);
      if (total > maxBytes) ::_exit(kTooLarge);
    }
  }
}

// The child's life: async-signal-safe calls only, for the parent has threads. Not waiting for a
// writer, should the file be a pipe.
[[noreturn]] void readPath(const char* path, Wanted wanted, std::size_t maxBytes, int pipe,
                           const ChildCalls& calls) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  keepOnly(pipe);
  const int file = calls.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) ::_exit(errno);
  struct stat info {};
  if (::fstat(file, &info) != 0) ::_exit(errno);
  const bool isFolder = wanted == Wanted::kFolder;
  if (isFolder ? !S_ISDIR(info.st_mode) : !S_ISREG(info.st_mode)) ::_exit(kNotAsWanted);
  const Head head{info.st_mtim.tv_sec * std::int64_t{1000} + info.st_mtim.tv_nsec / 1'000'000};
  if (!writeAll(reinterpret_cast<const char*>(&head), sizeof head)) ::_exit(EPIPE);
  if (isFolder) sendFolder(file, maxBytes);
  sendFile(file, maxBytes);
}

Error systemError(const char* what) {
  return {ErrorCode::kUnavailable, fmt::format("{}: {}", what, std::strerror(errno))};
}

ErrorCode codeOf(int number) {
  if (number == ENOENT || number == ENOTDIR) return ErrorCode::kNotFound;
  if (number == EACCES || number == EPERM) return ErrorCode::kPermissionDenied;
  if (number == ENAMETOOLONG) return ErrorCode::kInvalidArgument;
  return ErrorCode::kUnavailable;
}

int sliceOf(const Clock& clock, Deadline deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline.left(clock));
  return static_cast<int>(std::min(left, kLookAround).count());
}

}  // namespace

ChildCalls systemCalls() {
  return {openFile, killChild};
}

Result<ReadingChild> ReadingChild::start(const std::string& path, Wanted wanted,
                                         std::size_t maxBytes, const ChildCalls& calls) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return systemError("no pipe to read the content folder");
  const pid_t pid = ::fork();
  if (pid == 0) readPath(path.c_str(), wanted, maxBytes, ends[1], calls);
  const int failure = errno;
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    errno = failure;
    return systemError("no process to read the content folder");
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return ReadingChild(pid, openPidfd(pid), ends[0], path, wanted, maxBytes, calls);
}

ReadingChild::ReadingChild(pid_t pid, int exit, int pipe, std::string path, Wanted wanted,
                           std::size_t maxBytes, const ChildCalls& calls)
    : pid_(pid),
      exit_(exit),
      pipe_(pipe),
      path_(std::move(path)),
      wanted_(wanted),
      maxBytes_(maxBytes),
      calls_(calls) {}

ReadingChild::ReadingChild(ReadingChild&& other) noexcept
    : pid_(other.pid_),
      exit_(std::exchange(other.exit_, -1)),
      pipe_(std::exchange(other.pipe_, -1)),
      path_(std::move(other.path_)),
      wanted_(other.wanted_),
      maxBytes_(other.maxBytes_),
      calls_(other.calls_),
      gone_(std::exchange(other.gone_, true)),
      status_(other.status_) {}

ReadingChild::~ReadingChild() {
  if (!gone()) {
    calls_.end(pid_);
    gone();
  }
  if (exit_ >= 0) ::close(exit_);
  if (pipe_ >= 0) ::close(pipe_);
}

Result<ContentFile> ReadingChild::content(const Clock& clock, Deadline deadline) {
  std::string received;
  if (receive(clock, deadline, received) && exited(clock, deadline))
    return judge(std::move(received));
  calls_.end(pid_);
  // Most children can be killed: do not leave those to the next call.
  exited(clock, Deadline::after(clock, kLookAround));
  return Error{ErrorCode::kDeadlineExceeded,
               fmt::format("reading {} took too long: its volume hangs", path_)};
}

// Takes what the child sends until it closes the pipe; false when that was too late.
bool ReadingChild::receive(const Clock& clock, Deadline deadline, std::string& received) {
  char buffer[16 * 1024];
  while (true) {
    const ssize_t got = ::read(pipe_, buffer, sizeof buffer);
    if (got == 0) return true;
    if (got > 0) {
      received.append(buffer, static_cast<std::size_t>(got));
      continue;
    }
    if (deadline.passed(clock)) return false;
    pollfd waiting{pipe_, POLLIN, 0};
    ::poll(&waiting, 1, sliceOf(clock, deadline));
  }
}

bool ReadingChild::exited(const Clock& clock, Deadline deadline) {
  while (!gone()) {
    if (deadline.passed(clock)) return false;
    pollfd waiting{exit_, POLLIN, 0};
    ::poll(&waiting, 1, sliceOf(clock, deadline));
  }
  return true;
}

bool ReadingChild::gone() {
  if (gone_) return true;
  const pid_t ended = ::waitpid(pid_, &status_, WNOHANG);
  // Somebody else took its status: nothing vouches for what it sent.
  if (ended < 0) status_ = SIGKILL;
  gone_ = ended != 0;
  return gone_;
}

Result<ContentFile> ReadingChild::judge(std::string received) const {
  if (!WIFEXITED(status_))
    return Error{
        ErrorCode::kUnavailable,
        fmt::format("the process that read {} was ended by signal {}", path_, WTERMSIG(status_))};
  const int status = WEXITSTATUS(status_);
  if (status == 0 && received.size() >= sizeof(Head)) {
    Head head;
    std::memcpy(&head, received.data(), sizeof head);
    received.erase(0, sizeof head);
    return ContentFile{std::move(received), WallTime(milliseconds(head.changedMs))};
  }
  if (status == kNotAsWanted)
    return Error{
        ErrorCode::kProtocol,
        fmt::format("{} is no {}", path_, wanted_ == Wanted::kFolder ? "folder" : "regular file")};
  if (status == kTooLarge)
    return Error{ErrorCode::kProtocol, fmt::format("{} is larger than {} bytes", path_, maxBytes_)};
  return Error{codeOf(status), fmt::format("cannot read {}: {}", path_, std::strerror(status))};
}

}  // namespace rollcall
