// What every CommandRunner keeps to: the fake of the unit tests and the real one alike.
#include <gmock/gmock.h>

#include <memory>

#include "tests/support/fake_command_runner.h"

namespace rollcall::testing_support {
namespace {

using namespace std::chrono_literals;

enum class Kind { kFake, kReal };

class CommandRunnerContract : public testing::TestWithParam<Kind> {
 protected:
  // The script that a shell is given, and what a fake one answers to it.
  Result<CommandAnswer> run(const std::string& script, int exitCode, const std::string& output,
                            const std::string& errors = "") {
    fake_.answer("/bin/sh", exitCode, output, errors);
    return run({.key = "k", .argv = {"/bin/sh", "-c", script}, .variables = {}, .maxOutput = 10});
  }
  Result<CommandAnswer> run(const CommandCall& call) {
    if (GetParam() == Kind::kFake) return fake_.run(call, deadline_, stop_.get_token());
    return real_->run(call, deadline_, stop_.get_token());
  }

  const SystemClock clock_;
  FakeCommandRunner fake_{clock_};
  std::unique_ptr<CommandRunner> real_ = makeCommandRunner(clock_);
  Deadline deadline_ = Deadline::after(clock_, 60s);
  std::stop_source stop_;
};

INSTANTIATE_TEST_SUITE_P(Both, CommandRunnerContract, testing::Values(Kind::kFake, Kind::kReal),
                         [](const auto& one) {
                           return one.param == Kind::kFake ? "Fake" : "Real";
                         });

TEST_P(CommandRunnerContract, TellsExitCodeOutputAndErrors) {
  for (const int code : {0, 1, 2, 3, 4, 127, 255}) {
    const auto answer =
        run("printf 'a\\nb'; printf c >&2; exit " + std::to_string(code), code, "a\nb", "c");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->exitCode, code);
    EXPECT_EQ(answer->output, "a\nb");
    EXPECT_EQ(answer->errors, "c");
  }
}

TEST_P(CommandRunnerContract, TakesAsMuchAsAllowedAndNoMore) {
  const auto full = run("printf 0123456789", 0, "0123456789");
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_EQ(full->output, "0123456789");
  const auto more = run("printf 0123456789a", 0, "0123456789a");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kProtocol);
}

TEST_P(CommandRunnerContract, SaysThatAProgramDoesNotExist) {
  const auto answer = run({.key = "k", .argv = {"/nowhere/check"}, .variables = {}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kNotFound);
}

TEST_P(CommandRunnerContract, StartsNothingOnceAStopWasRequestedOrTheTimeIsOver) {
  const std::string made = testing::TempDir() + "command_runner_contract_made";
  const std::string script = ": > " + made;
  deadline_ = Deadline::after(clock_, 0s);
  auto answer = run(script, 0, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
  deadline_ = Deadline::after(clock_, 60s);
  stop_.request_stop();
  answer = run(script, 0, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kCancelled);
  EXPECT_NE(::access(made.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace rollcall::testing_support
