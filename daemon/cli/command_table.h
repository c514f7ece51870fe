// Every command with its flags, as the command line, its help and the completion know them.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "daemon/cli/options.h"

namespace rollcall {

// A flag that takes one value. With a `path` it is a setting of the configuration.
struct FlagSpec {
  const char* name;
  const char* metavar;
  const char* path;
  FlagInfo::Value kind;
  const char* help;
};

struct CommandSpec {
  Command command;
  const char* path;  // "config check"
  const char* help;
  const char* examples;
};

std::span<const CommandSpec> commandTable();
// The flags of `command` that take a value.
std::vector<const FlagSpec*> flagsOf(Command command);
// What its --output may be; empty when it has none.
std::span<const std::pair<const char*, OutputFormat>> outputsOf(Command command);
// Whether it runs checks.
bool takesRun(Command command);
// Whether it takes --verbose: of the table, which a report does not print.
bool takesVerbose(Command command);

inline constexpr const char* kVerboseHelp = "every finding with its evidence";
inline constexpr const char* kWatchHelp =
    "repeat until Ctrl-C, each round SECONDS (default 5; 2m is 2 minutes) after the last one";
inline constexpr const char* kConfigHelp = "Look at the configuration";
extern const char* const kUsage;  // the usual ways to start

inline constexpr std::pair<const char*, OutputFormat> kOutputs[] = {
    {"table", OutputFormat::kTable},           {"json", OutputFormat::kJson},
    {"junit", OutputFormat::kJunit},           {"nagios", OutputFormat::kNagios},
    {"prometheus", OutputFormat::kPrometheus}, {"markdown", OutputFormat::kMarkdown}};
inline constexpr std::pair<const char*, OutputFormat> kReportOutputs[] = {
    {"markdown", OutputFormat::kMarkdown},
    {"html", OutputFormat::kHtml},
    {"json", OutputFormat::kJson},
    {"junit", OutputFormat::kJunit}};
inline constexpr std::pair<const char*, FailOn> kFailOns[] = {
    {"warn", FailOn::kWarn}, {"fail", FailOn::kFail}, {"never", FailOn::kNever}};
inline constexpr const char* kWebhookFormats[] = {"generic", "slack"};
inline constexpr const char* kShells[] = {"bash", "zsh", "fish"};

}  // namespace rollcall
