#include "daemon/content/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "daemon/exec/process_calls.h"

namespace rollcall {
namespace {

using std::chrono::milliseconds;

// How long a wait goes without looking at the clock and the stop request.
constexpr milliseconds kLookAround{20};
// On a busy machine a child that is killed needs a moment to be gone.
constexpr milliseconds kDying{500};

int openFile(const char* path, int flags) {
  return ::open(path, flags);
}
void killChild(pid_t child) {
  ::kill(child, SIGKILL);
}

// A child that hangs must hold nothing of ours open: neither sockets nor a terminal nor a pipe that
// someone reads to its end.
void keepOnly(int pipe) {
  if (pipe != STDIN_FILENO) ::dup2(pipe, STDIN_FILENO);
  closeFrom(STDIN_FILENO + 1);
}

[[noreturn]] void live(const std::function<int(int)>& work, int pipe, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);  // it died before that
  keepOnly(pipe);
  ::_exit(work(STDIN_FILENO));
}

Error systemError(const char* what) {
  return {ErrorCode::kUnavailable, fmt::format("{}: {}", what, std::strerror(errno))};
}

int sliceOf(const Clock& clock, Deadline deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline.left(clock));
  return static_cast<int>(std::min(left, kLookAround).count());
}

void awaitReadable(int fd, int sliceMs) {
  pollfd waiting{fd, POLLIN, 0};
  ::poll(&waiting, 1, sliceMs);
}

}  // namespace

ChildCalls systemCalls() {
  return {openFile, killChild};
}

bool writeAll(int pipe, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(pipe, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

Result<Child> Child::start(const std::function<int(int)>& work, const ChildCalls& calls) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return systemError("no pipe to look at the content folder");
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) live(work, ends[1], parent);
  const int failure = errno;
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    errno = failure;
    return systemError("no process to look at the content folder");
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Child(pid, openPidfd(pid), ends[0], calls);
}

Child::Child(pid_t pid, int exit, int pipe, const ChildCalls& calls)
    : pid_(pid), exit_(exit), pipe_(pipe), calls_(calls) {}

Child::Child(Child&& other) noexcept
    : pid_(other.pid_),
      exit_(std::exchange(other.exit_, -1)),
      pipe_(std::exchange(other.pipe_, -1)),
      calls_(other.calls_),
      gone_(std::exchange(other.gone_, true)),
      status_(other.status_) {}

Child::~Child() {
  if (!gone()) {
    calls_.end(pid_);
    gone();
  }
  if (exit_ >= 0) ::close(exit_);
  if (pipe_ >= 0) ::close(pipe_);
}

Child::Heard Child::hear(const Clock& clock, Deadline deadline, const std::stop_token& stop,
                         std::string& received) {
  char buffer[16 * 1024];
  while (true) {
    const ssize_t got = ::read(pipe_, buffer, sizeof buffer);
    if (got == 0) return Heard::kAll;
    if (got > 0) {
      received.append(buffer, static_cast<std::size_t>(got));
      return Heard::kMore;
    }
    if (deadline.passed(clock) || stop.stop_requested()) return Heard::kNothing;
    awaitReadable(pipe_, sliceOf(clock, deadline));
  }
}

bool Child::awaitEnd(const Clock& clock, Deadline deadline, const std::stop_token& stop) {
  while (!gone()) {
    if (deadline.passed(clock) || stop.stop_requested()) return false;
    awaitReadable(exit_, sliceOf(clock, deadline));
  }
  return true;
}

void Child::end(const Clock& clock) {
  calls_.end(pid_);
  awaitEnd(clock, Deadline::after(clock, kDying));
}

bool Child::gone() {
  if (gone_) return true;
  const pid_t ended = ::waitpid(pid_, &status_, WNOHANG);
  // Somebody else took its status: nothing vouches for what it sent.
  if (ended < 0) status_ = SIGKILL;
  gone_ = ended != 0;
  return gone_;
}

}  // namespace rollcall
