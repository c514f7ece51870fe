// The commands of `rollcall`, one file each. Each returns the program's exit code and writes
// results to stdout, everything else to stderr.
#pragma once

#include <string>
#include <vector>

#include "daemon/cli/options.h"
#include "daemon/config/config.h"
#include "daemon/core/registry.h"

namespace rollcall {

// `rollcall check`: to be called from main's thread while it is the only one.
int checkCommand(const CheckRegistry& registry, const Options& options, const Config& config,
                 const Environment& environment);
// `check --watch`: until a signal comes or nothing can be written.
int watchCommand(const CheckRegistry& registry, const Options& options, const Config& config,
                 const Environment& environment);

// `rollcall report`: likewise.
int reportCommand(const CheckRegistry& registry, const Options& options, const Config& config,
                  const Environment& environment);

// `rollcall serve`: runs until SIGTERM or SIGINT (0, within 5 s), a second signal ends it at once.
// To be called from main's thread while it is the only one: it blocks signals for all later ones.
// 64 when the configuration cannot be used or the address to listen on is taken.
int serveCommand(const CheckRegistry& registry, const Config& config);

// `rollcall volume-agent`: as serveCommand(), but with what its flags say and nothing else: it
// reads no configuration, environment or secret. 64 when the address to listen on cannot be used.
int volumeAgentCommand(const AgentOptions& options);

int listCommand(const CheckRegistry& registry);
// `what` is a code (any letter case) or a check's name.
int explainCommand(const CheckRegistry& registry, const std::string& what, std::size_t width);
int configCheckCommand(const CheckRegistry& registry, const Config& config);
int configShowCommand(const Config& config);
// Asks the daemon at `address` (HOST:PORT) for /livez: 0 when it is alive, 1 when it is not, or
// does not answer within 3 s.
int healthCommand(const std::string& address);
int versionCommand();
// `shell` is bash, zsh or fish.
int completionCommand(const std::string& shell);

// What keeps pods from being asked, one sentence a line; empty when nothing does.
std::string missingForPods(const Config& config);

// The whole program: arguments without its name -> exit code.
int runProgram(const CheckRegistry& registry, const std::vector<std::string>& arguments,
               const Environment& environment);

}  // namespace rollcall
