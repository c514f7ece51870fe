// Runs commands that people wrote: bounded in time and output, and gone afterwards with all they
// started.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

// A command of the exec check as configured.
struct ExecCommand {
  std::string name;  // letters, digits, '.', '_' and '-'; unique
  std::vector<std::string>
      argv;  // an absolute path first; $ROLLCALL_POD_* and _SITE_* are filled in
  std::vector<std::string> environment;  // names of Rollcall's own variables that it gets, too
  Duration timeout = std::chrono::seconds(10);
  bool perPod = false;
  std::size_t maxOutput = 64 * 1024;  // bytes
};

// One run of a command.
struct CommandCall {
  std::string key;                // of two runs with the same key the second waits for what the
                                  // first left in the kernel; see run()
  std::vector<std::string> argv;  // an absolute path first
  std::map<std::string, std::string> variables;  // its whole environment
  Duration timeout = std::chrono::seconds(10);
  std::size_t maxOutput = 64 * 1024;
};

struct CommandAnswer {
  int exitCode = 0;
  std::string output;  // as it wrote it
  std::string errors;  // what it wrote to stderr, its beginning
};

class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  // Runs it to its end, without a shell, a terminal or input. Whatever happens, nothing that it
  // started is left afterwards, but for what hangs in the kernel beyond any signal.
  // kNotFound, kPermissionDenied, kInvalidArgument: cannot be started. kDeadlineExceeded: not done
  // in its timeout or by `deadline`. kProtocol: told more than allowed, or was ended by a signal.
  // kCancelled: a stop was requested. kUnavailable: no process to be had, or what an earlier run of
  // this key left still hangs. Thread-safe for calls of different keys.
  virtual Result<CommandAnswer> run(const CommandCall& call, Deadline deadline,
                                    std::stop_token stop) = 0;
};

// `clock` is borrowed.
std::unique_ptr<CommandRunner> makeCommandRunner(const Clock& clock);

}  // namespace rollcall
