#include "daemon/cli/long_run.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "daemon/cli/exit_code.h"

namespace rollcall {
namespace {

constexpr timespec kGrace{4, 0};     // from the first signal to the end
constexpr int kWorkEnded = SIGUSR1;  // sent to this process by itself

sigset_t awaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, kWorkEnded}) sigaddset(&signals, one);
  return signals;
}

int waitForSignal(const sigset_t& signals) {
  int got = 0;
  while (sigwait(&signals, &got) != 0) {
  }
  return got;
}

// The signal that came within `grace`; 0 when none did.
int waitForSignal(const sigset_t& signals, const timespec& grace) {
  int got = -1;
  do got = sigtimedwait(&signals, nullptr, &grace);
  while (got < 0 && errno == EINTR);
  return std::max(got, 0);
}

}  // namespace

void blockSignals() {
  const sigset_t signals = awaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

std::unique_ptr<Journal> makeStderrJournal() {
  if (isatty(STDERR_FILENO) == 0) return makeJournal(LogStyle::kJson);
  return makeJournal(std::getenv("NO_COLOR") ? LogStyle::kText : LogStyle::kColor);
}

int refuseToStart(Journal& journal, const Error& error) {
  journal.write(LogLevel::kError, error.message);
  return kExitUsage;
}

void runUntilSignal(const std::function<void(std::stop_token)>& work, Journal& journal) {
  const sigset_t signals = awaitedSignals();
  const pid_t self = getpid();
  std::jthread thread([&work, self](const std::stop_token& stop) {
    work(stop);
    kill(self, kWorkEnded);
  });
  const int first = waitForSignal(signals);
  if (first == kWorkEnded) return;
  journal.write(LogLevel::kInfo, "stopping", {{"signal", first == SIGINT ? "SIGINT" : "SIGTERM"}});
  thread.request_stop();
  const int next = waitForSignal(signals, kGrace);
  if (next == kWorkEnded) return;
  if (next == 0) {
    journal.write(LogLevel::kWarning, "what was under way did not stop in time and was abandoned");
    std::_Exit(kExitPass);
  }
  std::_Exit(next == SIGINT ? kExitInterrupted : kExitTerminated);
}

}  // namespace rollcall
