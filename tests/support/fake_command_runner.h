// A CommandRunner that answers from a table. Keeps to what daemon/exec's contract test asks of it
// and of the real one alike.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "daemon/exec/command_runner.h"

namespace rollcall::testing_support {

// Programs that are not listed do not exist. Thread-safe.
class FakeCommandRunner final : public CommandRunner {
 public:
  using Responder = std::function<Result<CommandAnswer>(const CommandCall&)>;

  explicit FakeCommandRunner(const Clock& clock) : clock_(clock) {}

  void answer(const std::string& program, Responder responder) {
    table_[program] = std::move(responder);
  }
  void answer(const std::string& program, int exitCode, std::string output,
              std::string errors = "") {
    answer(program, [=](const CommandCall&) -> Result<CommandAnswer> {
      return CommandAnswer{exitCode, output, errors};
    });
  }
  void fail(const std::string& program, ErrorCode code) {
    answer(program, [=](const CommandCall&) -> Result<CommandAnswer> {
      return Error{code, "as the test asked"};
    });
  }

  Result<CommandAnswer> run(const CommandCall& call, Deadline deadline,
                            std::stop_token stop) override {
    if (stop.stop_requested()) return Error{ErrorCode::kCancelled, "a stop was requested"};
    if (deadline.passed(clock_)) return Error{ErrorCode::kDeadlineExceeded, "no time was left"};
    std::lock_guard lock(mutex_);
    calls.push_back(call);
    left.push_back(deadline.left(clock_));
    const auto found = table_.find(call.argv.front());
    if (found == table_.end()) return Error{ErrorCode::kNotFound, "there is no such program"};
    Result<CommandAnswer> answer = found->second(call);
    if (answer && answer->output.size() > call.maxOutput)
      return Error{ErrorCode::kProtocol, "told more than allowed"};
    return answer;
  }

  std::vector<CommandCall> calls;
  std::vector<Duration> left;  // of each call's deadline, when it came

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Responder> table_;
};

}  // namespace rollcall::testing_support
