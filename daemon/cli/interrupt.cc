#include "daemon/cli/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "daemon/cli/exit_code.h"

namespace rollcall {
namespace {

constexpr int kGraceMs = 600;

int checked(int fd) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "cannot wait for signals");
  return fd;
}

sigset_t stopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Interrupt::Interrupt(std::function<void()> beforeEnd) : beforeEnd_(std::move(beforeEnd)) {
  const sigset_t set = stopSignals();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  signals_ = checked(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  done_ = checked(::eventfd(0, EFD_CLOEXEC));
  thread_ = std::jthread([this] { watch(); });
}

Interrupt::~Interrupt() {
  ::eventfd_write(done_, 1);
  thread_.join();
  ::close(signals_);
  ::close(done_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupt::watch() {
  while (true) {
    const bool asked = exitCode_ != 0;
    pollfd fds[2] = {{signals_, POLLIN, 0}, {done_, POLLIN, 0}};
    if (::poll(fds, 2, asked ? kGraceMs : -1) < 0) continue;
    if (fds[1].revents != 0) return;
    if (asked) {
      beforeEnd_();
      ::_exit(exitCode_);
    }
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info) continue;
    exitCode_ = info.ssi_signo == SIGTERM ? kExitTerminated : kExitInterrupted;
    stop_.request_stop();
  }
}

}  // namespace rollcall
