// The real runner against commands that do harm: whatever they do, it is bounded in time, and
// nothing of them is left.
#include "daemon/exec/command_runner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Duration kPatience = 30s;  // for what takes milliseconds

std::string contentOf(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t openDescriptors() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

class CommandRunnerTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_THAT(alive(), IsEmpty());
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left, perhaps as a zombie";
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(openDescriptors(), descriptors_);
  }

  CommandCall shell(const std::string& script, Duration timeout = kPatience) const {
    return {.key = script,
            .argv = {"/bin/sh", "-c", script},
            .variables = {{"PATH", "/usr/bin:/bin"}, {"MARK", mark_}},
            .timeout = timeout};
  }
  Result<CommandAnswer> run(const CommandCall& call) {
    return runner_->run(call, Deadline::after(clock_, kPatience), stop_.get_token());
  }
  // "3 OK" or the Error's code.
  std::string outcome(const CommandCall& call) {
    const MonoTime begun = clock_.mono();
    const auto answer = run(call);
    EXPECT_LT(clock_.mono() - begun, kPatience / 2) << call.argv.back();
    if (!answer) return std::string(name(answer.error().code));
    return std::to_string(answer->exitCode) + " " + answer->output;
  }
  // The processes that carry this test's mark in their environment.
  std::vector<std::string> alive() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc"))
      if (contentOf(entry.path() / "environ").find("MARK=" + mark_) != std::string::npos)
        found.push_back(entry.path().filename().string() + " " +
                        contentOf(entry.path() / "cmdline"));
    return found;
  }
  bool until(const std::function<bool()>& condition) const {
    const Deadline patience = Deadline::after(clock_, kPatience);
    while (!condition()) {
      if (patience.passed(clock_)) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }

  const SystemClock clock_;
  const std::string mark_ = "rollcall-" + std::to_string(::getpid()) + "-" +
                            testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::unique_ptr<CommandRunner> runner_ = makeCommandRunner(clock_);
  const std::size_t descriptors_ = openDescriptors();
  std::stop_source stop_;
};

TEST_F(CommandRunnerTest, GivesTheVariablesAndNothingElse) {
  ::setenv("ROLLCALL_DB_PASSWORD", "hunter2", 1);
  CommandCall call = shell("");
  call.argv = {"/usr/bin/env"};
  const auto answer = run(call);
  ::unsetenv("ROLLCALL_DB_PASSWORD");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->output, "MARK=" + mark_ + "\nPATH=/usr/bin:/bin\n");
}

TEST_F(CommandRunnerTest, GivesNoInputNoTerminalAndNoDescriptorOfItsOwn) {
  const int secret = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as a library might
  EXPECT_EQ(outcome(shell("cat; [ -e /proc/self/fd/3 ] && echo more; : > /dev/tty || exit 7")),
            "2 ");
  EXPECT_EQ(outcome(shell("for fd in /proc/$$/fd/*; do [ -e $fd ] && echo ${fd##*/}; done; true")),
            "0 0\n1\n2\n");
  ::close(secret);
}

TEST_F(CommandRunnerTest, StartsWithPlainSignals) {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const std::string signals = outcome(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  EXPECT_EQ(signals, "0 SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(CommandRunnerTest, SaysWhyItCannotStart) {
  const std::string folder = testing::TempDir() + mark_;
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/script") << "#!/nowhere/interpreter\n";
  std::ofstream(folder + "/text") << "no program";
  std::filesystem::permissions(folder + "/script", std::filesystem::perms::owner_all);
  std::filesystem::permissions(folder + "/text", std::filesystem::perms::owner_read);
  struct Case {
    std::string program;
    ErrorCode code;
  };
  for (const Case& one : {Case{"/nowhere/check", ErrorCode::kNotFound},
                          Case{folder + "/script", ErrorCode::kNotFound},
                          Case{folder + "/text", ErrorCode::kPermissionDenied},
                          Case{folder, ErrorCode::kPermissionDenied}}) {
    CommandCall call = shell("");
    call.argv = {one.program, "hunter2"};
    const auto answer = run(call);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, one.code) << answer.error().message;
    EXPECT_THAT(answer.error().message, HasSubstr(one.program));
    EXPECT_THAT(answer.error().message, Not(HasSubstr("hunter2"))) << "an argument may be a secret";
  }
  std::filesystem::remove_all(folder);
}

TEST_F(CommandRunnerTest, StartsNothingWhereDescriptorsRunOut) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP()
      << "the sanitizer looks at objects through a pipe: without descriptors it takes good "
         "ones for bad";
#endif
  const std::string trace = testing::TempDir() + mark_;
  int others[2];  // where a supervisor has its control and result
  ASSERT_EQ(::pipe2(others, O_NONBLOCK), 0);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int free = ::dup(0);  // all below are taken
  ::close(free);
  int started = 0, refused = 0;
  for (rlim_t few = 1; few < 40; ++few) {
    const rlimit most{static_cast<rlim_t>(free) + few, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &most);
    const auto answer = run(shell("echo told; echo told >> " + trace));
    ::setrlimit(RLIMIT_NOFILE, &before);
    if (answer) {
      ++started;
      EXPECT_EQ(answer->output, "told\n");
    } else {
      ++refused;
      EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable) << answer.error().message;
    }
  }
  EXPECT_GT(started, 0);
  EXPECT_GT(refused, 9);
  const std::string traces = contentOf(trace);
  EXPECT_EQ(std::count(traces.begin(), traces.end(), '\n'), started) << "what it said went astray";
  std::filesystem::remove(trace);
  char text[64];
  EXPECT_EQ(::read(others[0], text, sizeof text), -1) << "a result was written to another's pipe";
  for (const int fd : others) ::close(fd);
}

TEST_F(CommandRunnerTest, EndsWhatTalksWithoutEnd) {
  EXPECT_EQ(outcome(shell("yes")), "protocol");
  EXPECT_EQ(outcome(shell("head -c 100000000 /dev/zero")), "protocol") << "no line's end";
  const auto loud = run(shell("yes hunter2 | head -c 3000000 >&2; exit 1"));
  ASSERT_TRUE(loud) << loud.error().message;
  EXPECT_EQ(loud->errors.size(), 4096U);
  EXPECT_EQ(outcome(shell("yes >&2", 200ms)), "deadline_exceeded");
}

TEST_F(CommandRunnerTest, EndsWhatIgnoresSignals) {
  EXPECT_EQ(outcome(shell("trap '' TERM INT HUP QUIT; while :; do sleep 0.05; done", 200ms)),
            "deadline_exceeded");
}

TEST_F(CommandRunnerTest, EndsWhatStopsItself) {
  EXPECT_EQ(outcome(shell("kill -STOP $$", 200ms)), "deadline_exceeded");
}

TEST_F(CommandRunnerTest, SaysWhichSignalEndedIt) {
  const auto answer = run(shell("kill -SEGV $$"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kProtocol);
  EXPECT_THAT(answer.error().message, HasSubstr("signal 11 (SEGV)"));
}

TEST_F(CommandRunnerTest, AwaitsTheEndOfWhatClosesItsOutput) {
  EXPECT_EQ(outcome(shell("echo told; exec >&- 2>&-; sleep 0.1; exit 2")), "2 told\n");
}

TEST_F(CommandRunnerTest, DoesNotAwaitWhatItLeftInTheBackground) {
  EXPECT_EQ(outcome(shell("sleep 300 & echo OK")), "0 OK\n");
}

TEST_F(CommandRunnerTest, EndsWhatEscapedIntoSessionsOfItsOwn) {
  const std::string escapes =
      "setsid sleep 300 & setsid sh -c 'setsid sleep 300 & setsid sh -c \"sleep 300 & exit\" &' & ";
  EXPECT_EQ(outcome(shell(escapes + "sleep 0.05; echo OK")), "0 OK\n");
  EXPECT_EQ(outcome(shell(escapes + "sleep 300", 150ms)), "deadline_exceeded");
}

TEST_F(CommandRunnerTest, EndsManyAndWhatRunsFromParentToChild) {
  EXPECT_EQ(outcome(shell("for i in 1 2 3 4 5; do for j in 1 2 3 4 5; do setsid sleep 300 & "
                          "sleep 300 & done; done; echo OK")),
            "0 OK\n");
  // Each generation starts the next and ends; bounded by itself.
  EXPECT_EQ(outcome(shell("run() { [ $1 -eq 0 ] || (run $(($1 - 1)) &); }; "
                          "(run 100 &); echo OK")),
            "0 OK\n");
}

TEST_F(CommandRunnerTest, EndsAtOnceWhenAStopIsRequested) {
  std::jthread stopper([&] {
    EXPECT_TRUE(until([&] { return alive().size() >= 2; }));
    stop_.request_stop();
  });
  EXPECT_EQ(outcome(shell("setsid sleep 300 & sleep 300")), "cancelled");
}

TEST_F(CommandRunnerTest, KeepsToTheDeadlineWhenThatIsEarlier) {
  const auto answer =
      runner_->run(shell("sleep 300"), Deadline::after(clock_, 100ms), stop_.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(CommandRunnerTest, RunsSeveralAtATime) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const std::string number = std::to_string(i);
      for (int round = 0; round < 5; ++round)
        EXPECT_EQ(outcome(shell("setsid sleep 300 & echo " + number + "; exit " + number)),
                  number + " " + number + "\n");
    });
}

// Rollcall may be killed, or its memory may be: what it ran does not outlive it.
TEST_F(CommandRunnerTest, WhatItRunsEndsWithTheProcess) {
  const pid_t rollcall = ::fork();
  if (rollcall == 0) {
    (void)run(shell("setsid sleep 300 & sleep 300"));
    ::_exit(0);
  }
  EXPECT_TRUE(until([&] { return alive().size() >= 2; }));
  ::kill(rollcall, SIGKILL);
  ::waitpid(rollcall, nullptr, 0);
  EXPECT_TRUE(until([&] { return alive().empty(); }));
}

}  // namespace
}  // namespace rollcall
