// Ctrl-C and SIGTERM for commands that end by themselves.
#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <stop_token>
#include <thread>

namespace rollcall {

// From its construction on (before any other thread) the two signals request a stop instead of
// ending the program. Work that does not end within a good half second after that is abandoned: the
// program ends with 130 or 143 at once, as it does after a second signal.
class Interrupt {
 public:
  // `beforeEnd` is called just before such an end, on another thread.
  explicit Interrupt(std::function<void()> beforeEnd);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  // The exit code for the signal that came; 0 when none did.
  int exitCode() const { return exitCode_; }

 private:
  void watch();

  std::function<void()> beforeEnd_;
  sigset_t before_;
  int signals_;
  int done_;
  std::stop_source stop_;
  std::atomic<int> exitCode_{0};
  std::jthread thread_;
};

}  // namespace rollcall
