#include "daemon/exec/process_calls.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace rollcall {

void closeFrom(int first) {
  if (::close_range(static_cast<unsigned>(first), ~0U, 0) == 0) return;
  for (int fd = first; fd < 4096; ++fd) ::close(fd);
}

// Not the C library's function: the header of glibc 2.36 declares it unusable for C++.
int openPidfd(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

}  // namespace rollcall
