#include "daemon/net/curl_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

namespace rollcall {
namespace {
using namespace std::chrono_literals;

constexpr std::size_t kEventsAtOnce = 64;

bool ok(CURLMcode code) {
  return code == CURLM_OK;
}

unsigned eventsOf(int what) {
  return (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U);
}

// What is wrong with a socket is what reading or writing it says.
int readinessOf(unsigned events, unsigned wanted) {
  if (events & (EPOLLERR | EPOLLHUP)) events |= wanted;
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
}

bool add(const Fd& epoll, int fd, unsigned events) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  return epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

CurlLoop::CurlLoop() : multi_(curl_multi_init()) {
  if (!multi_) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlLoop::onSocket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
}

bool CurlLoop::open() {
  if (epoll_.valid() && wake_.valid()) return true;
  Fd epoll(epoll_create1(EPOLL_CLOEXEC)), wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.valid() || !wake.valid() || !add(epoll, wake.get(), EPOLLIN)) return false;
  epoll_ = std::move(epoll);
  wake_ = std::move(wake);
  return true;
}

bool CurlLoop::prepare(CURL* easy) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlLoop::onOpen) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlLoop::onClose) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this) == CURLE_OK;
}

curl_socket_t CurlLoop::onOpen(void* self, curlsocktype type, curl_sockaddr* address) noexcept {
  const curl_socket_t socket = openSocket(nullptr, type, address);
  if (socket >= 0) static_cast<CurlLoop*>(self)->watchOf(socket) = {.own = true};
  return socket;
}

// The kernel forgets a descriptor by itself only when no forked child holds it, too.
int CurlLoop::onClose(void* self, curl_socket_t socket) noexcept {
  auto& loop = *static_cast<CurlLoop*>(self);
  Watch& watch = loop.watchOf(socket);
  watch.wanted = 0;
  loop.tellKernel(socket, watch);
  watch = {};
  return ::close(socket);
}

int CurlLoop::onSocket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
  static_cast<CurlLoop*>(self)->want(socket, what == CURL_POLL_REMOVE ? 0 : eventsOf(what));
  return 0;
}

CurlLoop::Watch& CurlLoop::watchOf(int fd) {
  const auto at = static_cast<std::size_t>(fd);
  if (at >= watches_.size()) watches_.resize(at + 1);
  return watches_[at];
}

// A connection that answered and that nobody waits for will be waited for again with the next
// request: the kernel is told nothing, unless there is an event for nobody. One that waited to
// write did not come about, and the library closes those without onClose().
void CurlLoop::want(int fd, unsigned events) {
  Watch& watch = watchOf(fd);
  watch.wanted = events;
  if (events == watch.registered) return;
  if (events == 0 && watch.own && watch.registered == EPOLLIN) return;
  if (!tellKernel(fd, watch)) failed_ = true;
  if (events == 0) watch.own = false;
}

bool CurlLoop::tellKernel(int fd, Watch& watch) {
  epoll_event event{.events = watch.wanted, .data = {.fd = fd}};
  const unsigned before = std::exchange(watch.registered, watch.wanted);
  if (watch.wanted == before) return true;
  const int how = watch.wanted == 0 ? EPOLL_CTL_DEL : before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  return epoll_ctl(epoll_.get(), how, fd, &event) == 0 || how == EPOLL_CTL_DEL;
}

bool CurlLoop::advance() {
  int running = 0;
  const bool moved = untilDue() > 0ns ||
                     ok(curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running));
  return moved && !std::exchange(failed_, false);
}

bool CurlLoop::wait(Duration atMost) {
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(
      std::max<Duration>(std::min(atMost, untilDue()), 0ns));
  std::array<epoll_event, kEventsAtOnce> events;
  const int count =
      epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, static_cast<int>(millis.count()));
  if (count < 0) return errno == EINTR;
  for (int i = 0; i < count; ++i)
    if (!serve(events[static_cast<std::size_t>(i)].data.fd,
               events[static_cast<std::size_t>(i)].events))
      return false;
  return !std::exchange(failed_, false);
}

bool CurlLoop::serve(int fd, unsigned events) {
  if (fd == wake_.get()) {
    eventfd_t count = 0;
    eventfd_read(fd, &count);
    return true;
  }
  Watch& watch = watchOf(fd);
  if (watch.wanted == 0) return tellKernel(fd, watch);
  int running = 0;
  return ok(
      curl_multi_socket_action(multi_.get(), fd, readinessOf(events, watch.wanted), &running));
}

Duration CurlLoop::untilDue() const {
  long millis = -1;
  curl_multi_timeout(multi_.get(), &millis);
  return millis < 0 ? Duration::max() : Duration(std::chrono::milliseconds(millis));
}

void CurlLoop::wake() const {
  if (wake_.valid()) eventfd_write(wake_.get(), 1);
}

}  // namespace rollcall
