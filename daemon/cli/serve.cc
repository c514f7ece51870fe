#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "daemon/cli/commands.h"
#include "daemon/cli/exit_code.h"
#include "daemon/core/version.h"
#include "daemon/run/engine.h"
#include "daemon/run/log_sink.h"
#include "daemon/run/services.h"
#include "daemon/sinks/metrics.h"
#include "daemon/web/report_pages.h"

namespace rollcall {
namespace {

constexpr Duration kOldestTurn = std::chrono::seconds(30);  // for /livez
constexpr timespec kGrace{4, 0};                            // from the first signal to the end
constexpr int kEngineEnded = SIGUSR1;                       // sent to this process by itself

// SIGTERM, SIGINT and the engine's own, blocked for this thread and all that come after it.
sigset_t blockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, kEngineEnded}) sigaddset(&signals, one);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
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

LogStyle logStyle() {
  if (isatty(STDERR_FILENO) == 0) return LogStyle::kJson;
  return std::getenv("NO_COLOR") ? LogStyle::kText : LogStyle::kColor;
}

int refuse(Journal& journal, const Error& error) {
  journal.write(LogLevel::kError, error.message);
  return kExitUsage;
}

void tellStart(Journal& journal, const Services& services, const Config& config,
               std::uint16_t port) {
  journal.write(LogLevel::kInfo, "started",
                {{"version", std::string(kVersion)},
                 {"site", services.site.url.text()},
                 {"listen", config.listen},
                 {"port", std::to_string(port)},
                 {"database", config.database ? config.database->describe() : "not configured"}});
}

// Until the first signal; then the engine has its grace, and a second signal ends it all at once.
void superviseEngine(Engine& engine, const sigset_t& signals, Journal& journal) {
  const pid_t self = getpid();
  std::jthread thread([&engine, self](std::stop_token stop) {
    engine.run(stop);
    kill(self, kEngineEnded);
  });
  const int first = waitForSignal(signals);
  if (first == kEngineEnded) return;
  journal.write(LogLevel::kInfo, "stopping", {{"signal", first == SIGINT ? "SIGINT" : "SIGTERM"}});
  thread.request_stop();
  const int next = waitForSignal(signals, kGrace);
  if (next == kEngineEnded) return;
  if (next == 0) {
    journal.write(LogLevel::kWarning, "a check did not stop in time and was abandoned");
    std::_Exit(kExitPass);
  }
  std::_Exit(next == SIGINT ? kExitInterrupted : kExitTerminated);
}

}  // namespace

int serveCommand(const CheckRegistry& registry, const Config& config) {
  const sigset_t signals = blockSignals();
  const std::unique_ptr<Journal> journal = makeJournal(logStyle());
  const SystemClock clock;
  Result<Services> services = makeServices(clock, config);
  if (!services) return refuse(*journal, services.error());
  if (std::none_of(config.checks.begin(), config.checks.end(),
                   [](const auto& one) { return one.second.enabled; }))
    return refuse(*journal, invalidArgument("every check is switched off; switch one on"));

  Metrics metrics(services->pods.get(), &registry);
  LogSink log(*journal);
  Engine engine(registry, config, *services, {&metrics, &log});
  WebContent content{.report = [&] { return engine.report(); },
                     .metrics = [&] { return metrics.text(); },
                     .live = [&] { return clock.mono() - engine.lastTurn() < kOldestTurn; },
                     .ready = [&] { return engine.ready(); },
                     .maxFindings = config.maxFindings};
  Result<std::unique_ptr<WebServer>> server =
      startWebServer(config.listen, makeReportPages(std::move(content)));
  if (!server) return refuse(*journal, server.error());
  tellStart(*journal, *services, config, (*server)->port());
  superviseEngine(engine, signals, *journal);
  (*server)->stop();
  journal->write(LogLevel::kInfo, "stopped");
  return kExitPass;
}

}  // namespace rollcall
