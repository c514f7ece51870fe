// The command line, understood. options.cc is the only file that includes CLI11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/cli/exit_code.h"
#include "daemon/config/config.h"

namespace rollcall {

enum class Command {
  kCheck,
  kReport,
  kServe,
  kVolumeAgent,
  kList,
  kExplain,
  kConfigCheck,
  kConfigShow,
  kHealth,
  kShowVersion,
  kCompletion
};
enum class OutputFormat { kTable, kJson, kJunit, kNagios, kPrometheus, kMarkdown, kHtml };

// Of `volume-agent`, which has no configuration besides.
struct AgentOptions {
  std::string contentPath;
  std::vector<std::string> folders;  // below it
  Duration interval = std::chrono::seconds(20);
  std::string listen = "0.0.0.0:9869";
};

// Of `report`, besides those of a run.
struct ReportOptions {
  std::string folder;    // where every format goes as a file; empty = one format to stdout
  std::string pushUrl;   // of a Pushgateway; empty = nothing is pushed
  bool webhook = false;  // tell the one that is configured
};

struct Options {
  Command command = Command::kCheck;
  ConfigLayer flags;  // what configuration flags say, named after them
  std::string configFile;
  std::string ghostConfig;
  std::vector<std::string> only;
  OutputFormat output = OutputFormat::kTable;
  Duration timeout = std::chrono::seconds(30);
  FailOn failOn = FailOn::kWarn;
  bool verbose = false;
  std::optional<Duration> watch;           // check: again and again, so long after each round
  std::string address = "127.0.0.1:9868";  // health
  std::string code;                        // explain: RC201 or a check's name
  std::string shell;                       // completion
  AgentOptions agent;
  ReportOptions report;
  std::vector<std::string> ignored;  // serve: flags given that only `check` heeds
};

// Instead of a command: text to print. `exitCode` 0 goes to stdout, anything else to stderr.
struct Answer {
  std::string text;
  int exitCode = 0;
};

// `arguments` without the program's name. Never repeats a flag's value that might be a secret.
std::variant<Options, Answer> parseOptions(const std::vector<std::string>& arguments);

// What `rollcall` says when it is given nothing to do: the usual ways to start.
std::string shortHelp();

// What `completion` needs to know of the commands.
struct FlagInfo {
  std::string name;                  // "--db"
  std::string help;                  // one line
  std::vector<std::string> choices;  // empty = any value
  enum class Value { kNone, kText, kFile, kFolder } value = Value::kNone;
};
struct CommandInfo {
  std::string path;  // "config check"; "" for the program itself
  std::string help;
  std::vector<FlagInfo> flags;
  std::vector<std::string> words;  // sub-commands or what the argument may be
};
std::vector<CommandInfo> describeCommands();

}  // namespace rollcall
