// libcurl's transfers over one epoll: only the one that can go on is looked at, however many wait.
#pragma once

#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/fd.h"
#include "daemon/net/curl_handles.h"

namespace rollcall {

// Owns the kept connections. Used by one thread at a time, but for wake(). Its easy handles are
// removed from multi() before it ends.
class CurlLoop {
 public:
  CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  CURLM* multi() const { return multi_.get(); }
  // Before an easy handle is first added: its sockets are opened and closed by the loop.
  bool prepare(CURL* easy);
  // What the loop waits with. False when the process has no descriptor left: the rest must not be
  // called then, and a later try may succeed.
  bool open();
  // Moves on what is new and what is due by time. False when the library or the kernel failed.
  bool advance();
  // Waits at most so long for a socket, a transfer's time or wake(), then moves on what is ready.
  // False as above.
  bool wait(Duration atMost);
  // From any thread.
  void wake() const;

 private:
  // Of a descriptor, by its number.
  struct Watch {
    bool own = false;         // a connection: open until the library tells us to close it
    unsigned wanted = 0;      // what the library waits for, as EPOLLIN and EPOLLOUT
    unsigned registered = 0;  // what the kernel was told
  };
  static curl_socket_t onOpen(void* self, curlsocktype, curl_sockaddr* address) noexcept;
  static int onClose(void* self, curl_socket_t socket) noexcept;
  static int onSocket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept;
  Watch& watchOf(int fd);
  void want(int fd, unsigned events);
  bool tellKernel(int fd, Watch& watch);
  bool serve(int fd, unsigned events);
  Duration untilDue() const;

  std::vector<Watch> watches_;
  Fd epoll_, wake_;
  bool failed_ = false;  // the kernel refused a descriptor
  Multi multi_;          // goes first: it closes sockets through the above
};

}  // namespace rollcall
