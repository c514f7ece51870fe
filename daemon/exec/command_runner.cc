#include "daemon/exec/command_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "daemon/core/fd.h"
#include "daemon/exec/process_calls.h"
#include "daemon/exec/supervisor.h"

namespace rollcall {
namespace {

using std::chrono::milliseconds;

constexpr int kLookAroundMs = 20;  // how long a wait goes without looking at clock and stop request
constexpr Duration kGoneWithin = std::chrono::seconds(1);  // most can be killed
constexpr std::size_t kMostErrors = 4096;                  // bytes of stderr that are kept
constexpr std::size_t kMostLeft = 32;                      // runs that hang in the kernel

struct Pipe {
  Fd out;  // what is read
  Fd in;   // what is written
};

Error systemError(std::string_view what) {
  return {ErrorCode::kUnavailable, fmt::format("{}: {}", what, std::strerror(errno))};
}

bool openPipe(Pipe& pipe) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  pipe = {Fd(ends[0]), Fd(ends[1])};
  return true;
}

// A run under way, as this side sees it. Closing `control` ends it.
struct Running {
  pid_t supervisor = -1;
  Fd exit;  // readable once the supervisor has ended
  Fd output, errors, result, control;

  // Looks without waiting; a supervisor ends when nothing of the command is left.
  bool isGone() const { return ::waitpid(supervisor, nullptr, WNOHANG) != 0; }
};

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Result<Running> start(const CommandCall& call) {
  std::vector<std::string> argv = call.argv;
  std::vector<std::string> variables;
  for (const auto& [name, value] : call.variables) variables.push_back(name + "=" + value);
  const std::vector<char*> argvPointers = pointersTo(argv);
  const std::vector<char*> variablePointers = pointersTo(variables);
  const SupervisedCommand command{argvPointers.data(), variablePointers.data()};

  const Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Pipe output, errors, control, result;
  if (!nothing.valid() || !openPipe(output) || !openPipe(errors) || !openPipe(control) ||
      !openPipe(result))
    return systemError("no descriptors to run the command");
  const SupervisorEnds ends{nothing.get(), output.in.get(), errors.in.get(), control.out.get(),
                            result.in.get()};
  const pid_t pid = ::fork();
  if (pid == 0) supervise(command, ends);
  if (pid < 0) return systemError("no process to run the command");
  for (const Fd* end : {&output.out, &errors.out, &result.out})
    ::fcntl(end->get(), F_SETFL, O_NONBLOCK);
  return Running{pid,
                 Fd(openPidfd(pid)),
                 std::move(output.out),
                 std::move(errors.out),
                 std::move(result.out),
                 std::move(control.in)};
}

// Appends what is there, `most` bytes of it at most, and drops the rest; false at its end.
bool take(const Fd& from, std::string& text, std::size_t most) {
  char buffer[16 * 1024];
  const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
  if (got > 0) text.append(buffer, std::min(static_cast<std::size_t>(got), most - text.size()));
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

// Listens to a run until it is over or enough is heard.
class Listener {
 public:
  Listener(const Clock& clock, const CommandCall& call, Running& running)
      : clock_(clock), call_(call), running_(running) {}

  // Nothing when it was heard to its end.
  std::optional<Error> listen(Deadline deadline, const std::stop_token& stop) {
    while (true) {
      hear();
      if (told_.size() > call_.maxOutput)
        return Error{ErrorCode::kProtocol,
                     fmt::format("told more than {} bytes and was ended", call_.maxOutput)};
      if (end_ && (outputEnded_ || deadline.passed(clock_))) return std::nullopt;
      if (resultEnded_ && !end_)
        return Error{ErrorCode::kUnavailable,
                     "the process that watches over it was killed, or got no descriptors"};
      if (stop.stop_requested()) return Error{ErrorCode::kCancelled, "a stop was requested"};
      if (deadline.passed(clock_))
        return Error{ErrorCode::kDeadlineExceeded,
                     fmt::format("had not ended after {} and was killed", formatDuration(took()))};
      await();
    }
  }

  // Of a run that was heard to its end.
  Result<CommandAnswer> answer() {
    switch (end_->kind) {
      case CommandEnd::Kind::kExited:
        return CommandAnswer{end_->value, std::move(told_), std::move(complained_)};
      case CommandEnd::Kind::kSignalled:
        return Error{ErrorCode::kProtocol,
                     fmt::format("was ended by signal {} ({})", end_->value,
                                 ::sigabbrev_np(end_->value) ? ::sigabbrev_np(end_->value) : "?")};
      case CommandEnd::Kind::kNotStarted:
        return cannotStart();
      case CommandEnd::Kind::kNoProcess:
        errno = end_->value;
        return systemError("no process to run the command");
    }
    return Error{};
  }

 private:
  void hear() {
    if (!outputEnded_) outputEnded_ = !take(running_.output, told_, call_.maxOutput + 1);
    if (!errorsEnded_) errorsEnded_ = !take(running_.errors, complained_, kMostErrors);
    if (end_ || resultEnded_) return;
    CommandEnd end;
    const ssize_t got = ::read(running_.result.get(), &end, sizeof end);
    if (got == static_cast<ssize_t>(sizeof end)) end_ = end;
    resultEnded_ = got == 0;
  }
  void await() const {
    // Negative descriptors are left out by poll().
    pollfd awaited[3] = {{outputEnded_ ? -1 : running_.output.get(), POLLIN, 0},
                         {errorsEnded_ ? -1 : running_.errors.get(), POLLIN, 0},
                         {end_ ? -1 : running_.result.get(), POLLIN, 0}};
    ::poll(awaited, 3, kLookAroundMs);
  }
  Duration took() const { return clock_.mono() - begun_; }
  Error cannotStart() const {
    const int why = end_->value;
    const ErrorCode code = why == ENOENT || why == ENOTDIR ? ErrorCode::kNotFound
                           : why == EACCES                 ? ErrorCode::kPermissionDenied
                                                           : ErrorCode::kInvalidArgument;
    // A script is "not found" when its interpreter is not.
    return {code, fmt::format("{} cannot be started: {}{}", call_.argv.front(), std::strerror(why),
                              why == ENOENT ? " (the program, or what its first line names)" : "")};
  }

  const Clock& clock_;
  const CommandCall& call_;
  Running& running_;
  const MonoTime begun_ = clock_.mono();
  std::string told_, complained_;
  bool outputEnded_ = false, errorsEnded_ = false, resultEnded_ = false;
  std::optional<CommandEnd> end_;
};

class ForkingRunner final : public CommandRunner {
 public:
  explicit ForkingRunner(const Clock& clock) : clock_(clock) {}

  Result<CommandAnswer> run(const CommandCall& call, Deadline deadline,
                            std::stop_token stop) override {
    if (stop.stop_requested()) return Error{ErrorCode::kCancelled, "a stop was requested"};
    if (deadline.passed(clock_))
      return Error{ErrorCode::kDeadlineExceeded, "no time was left to start it"};
    if (auto hangs = lookAtLeft(call.key)) return *hangs;
    Result<Running> running = start(call);
    if (!running) return running.error();
    Listener listener(clock_, call, *running);
    const std::optional<Error> failed =
        listener.listen(deadline.atMost(clock_, call.timeout), stop);
    running->control = Fd();
    if (!awaitGone(*running)) leave(call.key, std::move(*running));
    if (failed) return *failed;
    return listener.answer();
  }

 private:
  struct Left {
    Running running;
    WallTime since;
  };

  // Forgets what has gone by now; an Error when this key, or too much, is still there.
  std::optional<Error> lookAtLeft(const std::string& key) {
    std::lock_guard lock(mutex_);
    std::erase_if(left_, [](const auto& one) { return one.second.running.isGone(); });
    if (const auto own = left_.find(key); own != left_.end())
      return Error{ErrorCode::kUnavailable,
                   fmt::format("what it started hangs in the kernel beyond any signal since {}; it "
                               "is not started again before that is gone",
                               formatTime(own->second.since))};
    if (left_.size() >= kMostLeft)
      return Error{ErrorCode::kUnavailable,
                   fmt::format("{} other runs hang in the kernel beyond any signal", kMostLeft)};
    return std::nullopt;
  }
  bool awaitGone(const Running& running) const {
    const Deadline patience = Deadline::after(clock_, kGoneWithin);
    while (!running.isGone()) {
      if (patience.passed(clock_)) return false;
      pollfd awaited{running.exit.get(), POLLIN, 0};
      ::poll(&awaited, 1, kLookAroundMs);
    }
    return true;
  }
  void leave(const std::string& key, Running running) {
    std::lock_guard lock(mutex_);
    left_.insert_or_assign(key, Left{std::move(running), clock_.wall()});
  }

  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Left> left_;  // by the key of their call
};

}  // namespace

std::unique_ptr<CommandRunner> makeCommandRunner(const Clock& clock) {
  return std::make_unique<ForkingRunner>(clock);
}

}  // namespace rollcall
