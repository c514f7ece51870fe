// The process between Rollcall and a command: the parent of everything that the command starts and
// abandons, so that it can end all of it, also when Rollcall is gone.
#pragma once

namespace rollcall {

// What a supervisor tells of the command, once.
struct CommandEnd {
  enum class Kind { kExited, kSignalled, kNotStarted, kNoProcess };
  Kind kind = Kind::kNotStarted;
  int value = 0;  // exit code, signal, errno, errno
};

// Prepared before the fork: the child may not allocate. Borrowed.
struct SupervisedCommand {
  char* const* argv;
  char* const* environment;
};

// Descriptors of the supervisor's side.
struct SupervisorEnds {
  int input;    // the command's stdin
  int output;   // its stdout
  int errors;   // its stderr
  int control;  // everything is ended once the other side closes it
  int result;   // a CommandEnd is written here
};

// The life of a process just forked from one with threads: async-signal-safe calls only. Runs the
// command, waits for its end or for `control`, ends all that is left of it, and ends itself when
// nothing is.
[[noreturn]] void supervise(const SupervisedCommand& command, const SupervisorEnds& ends);

}  // namespace rollcall
