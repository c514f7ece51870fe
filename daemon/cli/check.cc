#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "daemon/cli/commands.h"
#include "daemon/cli/interrupt.h"
#include "daemon/cli/progress.h"
#include "daemon/cli/terminal.h"
#include "daemon/run/once.h"
#include "daemon/run/services.h"
#include "daemon/sinks/formats.h"

namespace rollcall {
namespace {

std::string format(const Report& report, const Options& options, const Config& config,
                   const Environment& environment) {
  switch (options.output) {
    case OutputFormat::kTable:
      return formatTable(report,
                         tableStyle(askTerminal(STDOUT_FILENO), environment, options.verbose));
    case OutputFormat::kJson:
      return formatJson(report, config.maxFindings);
    case OutputFormat::kJunit:
      return formatJunit(report);
    case OutputFormat::kNagios:
      return formatNagios(report);
    case OutputFormat::kPrometheus:
      return formatPrometheus(report);
  }
  std::abort();
}

int complainAbout(const Error& error) {
  complain(error.message);
  return error.code == ErrorCode::kInvalidArgument ? kExitUsage : kExitUnknown;
}

}  // namespace

int checkCommand(const CheckRegistry& registry, const Options& options, const Config& config,
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
  if (!services) return complainAbout(services.error());
  if (!config.database)
    complain(
        "no database is given, so checks that need one are not applicable: --db or "
        "--ghost-config names it");
  OnceOptions once{options.only, options.timeout,
                   [&progress](std::string_view text) { progress->say(text); }};
  const auto report = runOnce(registry, config, *services, once, interrupt.token());
  progress->clear();
  if (interrupt.exitCode() != 0) {
    complain("interrupted");
    return interrupt.exitCode();
  }
  if (!report) return complainAbout(report.error());
  if (!printOut(format(**report, options, config, environment))) return kExitUnknown;
  if ((*report)->verdict == Verdict::kNotApplicable)
    complain("nothing was looked at: no check applies to what is configured");
  return exitCode((*report)->verdict, options.failOn);
}

}  // namespace rollcall
