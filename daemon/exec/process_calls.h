// What the C library of Debian 12 does not offer to C++. Async-signal-safe.
#pragma once

#include <sys/types.h>

namespace rollcall {

// Closes every descriptor from `first` on.
void closeFrom(int first);
// Readable once the process has ended; -1 where the system has no such thing.
int openPidfd(pid_t pid);

}  // namespace rollcall
