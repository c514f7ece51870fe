#include "daemon/exec/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "daemon/exec/process_calls.h"

namespace rollcall {
namespace {

// Where the supervisor's descriptors stand.
enum Place : int { kInput, kOutput, kErrors, kControl, kResult, kPlaces };

constexpr int kSliceMs = 20;         // where there is no descriptor to wait on
constexpr int kLongestRestMs = 200;  // between two attempts to end what does not end
constexpr int kNotStartedCode = 127;

// First out of the way, so that none is overwritten. False when there are no descriptors to be had:
// what stands in the places is Rollcall's.
bool putInPlace(const SupervisorEnds& ends) {
  int moved[kPlaces] = {ends.input, ends.output, ends.errors, ends.control, ends.result};
  for (int& fd : moved) {
    fd = ::fcntl(fd, F_DUPFD, kPlaces);
    if (fd < 0) return false;
  }
  for (int place = 0; place < kPlaces; ++place) ::dup2(moved[place], place);
  closeFrom(kPlaces);
  ::fcntl(kControl, F_SETFD, FD_CLOEXEC);
  ::fcntl(kResult, F_SETFD, FD_CLOEXEC);
  return true;
}

void tell(CommandEnd::Kind kind, int value) {
  const CommandEnd end{kind, value};
  // Whoever would have read it may be gone.
  [[maybe_unused]] const ssize_t written = ::write(kResult, &end, sizeof end);
}

// When memory runs out the kernel takes the command and not Rollcall. Only a process that may be
// looked into may say so of itself.
void volunteerForTheKernel() {
  ::prctl(PR_SET_DUMPABLE, 1);
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  ::prctl(PR_SET_DUMPABLE, 0);  // until the command takes its place this is Rollcall's memory
  if (file < 0) return;
  [[maybe_unused]] const ssize_t written = ::write(file, "1000", 4);
  ::close(file);
}

// Signals as a program finds them that a shell starts.
void resetSignals() {
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &plain, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void becomeCommand(const SupervisedCommand& command) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();  // a group of its own, and no terminal to write to
  const rlimit noCore{0, 0};
  ::setrlimit(RLIMIT_CORE, &noCore);
  volunteerForTheKernel();
  resetSignals();
  ::execve(command.argv[0], command.argv, command.environment);
  tell(CommandEnd::Kind::kNotStarted, errno);
  ::_exit(kNotStartedCode);
}

// True once the command has ended; it is not reaped, so that its id stays its own.
bool hasEnded(pid_t command, siginfo_t& how) {
  how.si_pid = 0;
  const int result = ::waitid(P_PID, static_cast<id_t>(command), &how, WEXITED | WNOHANG | WNOWAIT);
  return result != 0 || how.si_pid == command;
}

// Nothing is ever written there: readable is closed.
bool isToldToEnd(const pollfd& control) {
  return control.revents != 0;
}

void awaitEndOrOrder(pid_t command, siginfo_t& how) {
  const int exit = openPidfd(command);
  pollfd awaited[2] = {{kControl, POLLIN, 0}, {exit, POLLIN, 0}};
  while (!hasEnded(command, how)) {
    ::poll(awaited, 2, exit < 0 ? kSliceMs : -1);
    if (isToldToEnd(awaited[0])) break;
  }
  if (exit >= 0) ::close(exit);
}

// The processes whose parent this one is, by now; those that were abandoned are among them.
void killChildren(int list) {
  char text[4096];
  pid_t child = 0;
  ::lseek(list, 0, SEEK_SET);
  while (true) {
    const ssize_t got = ::read(list, text, sizeof text);
    if (got <= 0) return;
    for (ssize_t at = 0; at < got; ++at) {
      if (text[at] >= '0' && text[at] <= '9') {
        child = child * 10 + (text[at] - '0');
      } else {
        if (child > 0) ::kill(child, SIGKILL);
        child = 0;
      }
    }
  }
}

// A child that ends leaves its own children here: again, until there is none. What hangs in the
// kernel keeps this process waiting, and Rollcall knows by that.
void endEverything(pid_t command) {
  const int list = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  ::kill(-command, SIGKILL);
  int restMs = 1;
  while (true) {
    if (list >= 0) killChildren(list);
    bool any = false;
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, nullptr, WNOHANG)) > 0) any = true;
    if (ended < 0 && errno == ECHILD) return;
    restMs = any ? 1 : std::min(restMs * 2, kLongestRestMs);
    ::poll(nullptr, 0, restMs);
  }
}

}  // namespace

void supervise(const SupervisedCommand& command, const SupervisorEnds& ends) {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (!putInPlace(ends)) ::_exit(0);
  const pid_t child = ::fork();
  if (child == 0) becomeCommand(command);
  ::close(kOutput);
  ::close(kErrors);
  if (child < 0) {
    tell(CommandEnd::Kind::kNoProcess, errno);
    ::_exit(0);
  }
  siginfo_t how{};
  awaitEndOrOrder(child, how);
  if (how.si_pid == child)
    tell(how.si_code == CLD_EXITED ? CommandEnd::Kind::kExited : CommandEnd::Kind::kSignalled,
         how.si_status);
  endEverything(child);
  ::_exit(0);
}

}  // namespace rollcall
