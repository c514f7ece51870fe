// `rollcall check --watch`.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "daemon/cli/commands.h"
#include "daemon/cli/interrupt.h"
#include "daemon/cli/terminal.h"
#include "daemon/cli/watch_screen.h"
#include "daemon/run/once.h"
#include "daemon/run/services.h"
#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kChangesShown = 8;

class Watch {
 public:
  Watch(const Options& options, const Environment& environment, WatchScreen& screen, bool inPlace)
      : options_(options), environment_(environment), screen_(screen), inPlace_(inPlace) {}

  // False when nothing can be written any more.
  bool tell(const Result<std::shared_ptr<const Report>>& result, WallTime now) {
    ++rounds_;
    const Terminal terminal = askTerminal(STDOUT_FILENO);
    const TableStyle style = tableStyle(terminal, environment_, options_.verbose);
    std::string text = head(now);
    if (result) {
      exitCode_ = exitCode((*result)->verdict, options_.failOn);
      table_ = formatTable(**result, style);
      text += changes(**result) + "\n" + table_;
    } else {
      exitCode_ = kExitUnknown;
      text += fmt::format("\nthe roll could not be taken: {}\n", visible(result.error().message));
    }
    return written(screen_.show(text, terminal));
  }
  bool tellStart() { return !inPlace_ || written(screen_.show("taking the roll ...\n", {})); }

  std::optional<int> exitCodeOfLast() const { return exitCode_; }
  const std::string& lastTable() const { return table_; }

 private:
  bool written(int error) {
    if (error != 0 && error != EPIPE) {
      screen_.restore();
      complain(fmt::format("the output could not be written: {}", std::strerror(error)));
      exitCode_ = kExitUnknown;
    }
    return error == 0;
  }
  std::string head(WallTime now) const {
    return fmt::format("round {}, {}; the next {} after it; Ctrl-C ends\n", rounds_, shortTime(now),
                       formatDuration(*options_.watch));
  }
  // Since the round before. The first has none: what it finds stands in its table.
  std::string changes(const Report& report) {
    const std::size_t before = timeline_.told();
    timeline_.take(report);
    if (before == 0) return "";
    std::string text;
    for (const std::string& line : newEvents(timeline_, before, kChangesShown))
      text += "  " + line + "\n";
    if (text.empty()) text = "  nothing\n";
    return "\nCHANGED SINCE THE ROUND BEFORE\n" + text;
  }

  const Options& options_;
  const Environment& environment_;
  WatchScreen& screen_;
  const bool inPlace_;
  Timeline timeline_;
  std::size_t rounds_ = 0;
  std::string table_;
  std::optional<int> exitCode_;
};

}  // namespace

int watchCommand(const CheckRegistry& registry, const Options& options, const Config& config,
                 const Environment& environment) {
  const SystemClock clock;
  const bool inPlace = canRedraw(askTerminal(STDOUT_FILENO), environment);
  WatchScreen screen(STDOUT_FILENO, inPlace);
  const Interrupt interrupt([&screen] { screen.restore(); });
  Result<Services> services = makeServices(clock, config);
  if (!services) {
    complain(services.error().message);
    return services.error().code == ErrorCode::kInvalidArgument ? kExitUsage : kExitUnknown;
  }
  Rounds rounds(registry, config, *services, {.only = options.only, .timeout = options.timeout});
  Watch watch(options, environment, screen, inPlace);
  bool goesOn = watch.tellStart();
  while (goesOn) {
    const auto result = rounds.take(interrupt.token());
    if (interrupt.exitCode() != 0) break;  // cut short: no round
    goesOn = watch.tell(result, clock.wall()) &&
             clock.sleepUntil(clock.mono() + *options.watch, interrupt.token());
  }
  screen.restore();
  if (inPlace && !watch.lastTable().empty()) writeAll(STDOUT_FILENO, watch.lastTable());
  return watch.exitCodeOfLast().value_or(interrupt.exitCode());
}

}  // namespace rollcall
