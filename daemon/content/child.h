// A child process that works on a volume and is the only one to touch it: a call that hangs in the
// kernel cannot be ended from within the thread that made it.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <stop_token>
#include <string>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

// What the child asks the system for, how it is ended, and for how long it may tell nothing; tests
// put a volume that hangs here.
// `open` and `sync` are called in the child: they must be async-signal-safe.
struct ChildCalls {
  int (*open)(const char* path, int flags);
  void (*end)(pid_t child);
  int (*sync)(int file) = ::fsync;
  Duration patience = std::chrono::seconds(10);
};
ChildCalls systemCalls();

// For the work of a child: false when nobody takes it.
bool writeAll(int pipe, const void* data, std::size_t size);

// Owns a running child. Thread-compatible.
class Child {
 public:
  // Runs `work` in a child, with a pipe's end to send through as its only open descriptor; what it
  // returns, 0 to 255, is the exit status. It is forked from a process with threads: async-signal-
  // safe calls only, no allocation. An Error when the system has no process or descriptor left.
  static Result<Child> start(const std::function<int(int pipe)>& work, const ChildCalls& calls);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  // Ends the child; does not wait for it.
  ~Child();

  enum class Heard { kMore, kAll, kNothing };
  // Appends what the child sent; kAll once it has sent everything, kNothing when `deadline` passed
  // or a stop was requested before there was more.
  Heard hear(const Clock& clock, Deadline deadline, const std::stop_token& stop,
             std::string& received);
  // Waits until it is gone; false when that was too late or a stop was requested.
  bool awaitEnd(const Clock& clock, Deadline deadline, const std::stop_token& stop = {});
  // Most children can be killed: waits a moment for that.
  void end(const Clock& clock);
  // Looks whether the child is gone, without waiting. A child that hangs in the kernel stays.
  bool gone();
  // Once it is gone: what waitpid() said.
  int status() const { return status_; }

 private:
  Child(pid_t pid, int exit, int pipe, const ChildCalls& calls);

  pid_t pid_;
  int exit_;  // readable once the child has ended
  int pipe_;  // what it sends comes out of it
  ChildCalls calls_;
  bool gone_ = false;
  int status_ = 0;
};

}  // namespace rollcall
