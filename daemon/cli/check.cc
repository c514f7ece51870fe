#include <unistd.h>

#include <cstdlib>

#include "daemon/cli/commands.h"
#include "daemon/cli/one_round.h"
#include "daemon/cli/terminal.h"
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
    case OutputFormat::kMarkdown:
      return formatMarkdown(report, nullptr);
    case OutputFormat::kHtml:
      break;  // of reports only
  }
  std::abort();
}

}  // namespace

int checkCommand(const CheckRegistry& registry, const Options& options, const Config& config,
                 const Environment& environment) {
  if (options.watch) return watchCommand(registry, options, config, environment);
  const RoundResult round = takeOneRound(
      registry, config, {.only = options.only, .timeout = options.timeout}, environment);
  if (!round.report) return round.exitCode;
  if (!printOut(format(*round.report, options, config, environment))) return kExitUnknown;
  return exitCodeOf(*round.report, options.failOn);
}

}  // namespace rollcall
