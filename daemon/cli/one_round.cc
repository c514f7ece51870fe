#include "daemon/cli/one_round.h"

#include <unistd.h>

#include <optional>

#include "daemon/cli/interrupt.h"
#include "daemon/cli/progress.h"
#include "daemon/cli/terminal.h"
#include "daemon/run/services.h"

namespace rollcall {
namespace {

RoundResult failed(const Error& error) {
  complain(error.message);
  return {nullptr, error.code == ErrorCode::kInvalidArgument ? kExitUsage : kExitUnknown};
}

}  // namespace

RoundResult takeOneRound(const CheckRegistry& registry, const Config& config, OnceOptions once,
                         const Environment& environment) {
  const SystemClock clock;
  const Terminal screen = askTerminal(STDERR_FILENO);
  std::optional<Progress> progress;
  const Interrupt interrupt([&progress] {
    if (progress) progress->clear();
  });
  progress.emplace(clock, STDERR_FILENO, canRedraw(screen, environment),
                   tableStyle(screen, environment, false).width);

  Result<Services> services = makeServices(clock, config);
  if (!services) return failed(services.error());
  if (!config.database)
    complain(
        "no database is given, so checks that need one are not applicable: --db or "
        "--ghost-config names it");
  once.progress = [&progress](std::string_view text) { progress->say(text); };
  const auto report = runOnce(registry, config, *services, once, interrupt.token());
  progress->clear();
  if (interrupt.exitCode() != 0) {
    complain("interrupted");
    return {nullptr, interrupt.exitCode()};
  }
  if (!report) return failed(report.error());
  return {*report};
}

int exitCodeOf(const Report& report, FailOn failOn) {
  if (report.verdict == Verdict::kNotApplicable)
    complain("nothing was looked at: no check applies to what is configured");
  return exitCode(report.verdict, failOn);
}

}  // namespace rollcall
