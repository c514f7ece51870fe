#include "daemon/web/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <thread>

#include "daemon/web/connections.h"

namespace rollcall {
namespace {

// As many as the system lets (4,096 as a rule): beyond it a scrape's first packet is dropped, and
// sent again a second later.
constexpr int kBacklog = SOMAXCONN;

struct ListenAddress {
  std::string host;  // empty = every address of this machine
  std::string port;
};

Error badAddress(const std::string& listen, std::string_view why) {
  return invalidArgument(
      fmt::format("the address to listen on, \"{}\", {}; write ADDR:PORT, for example "
                  "0.0.0.0:9868, [::]:9868 or 127.0.0.1:9868",
                  listen, why));
}

Result<ListenAddress> parseListen(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return badAddress(listen, "has no port");
  ListenAddress address{listen.substr(0, colon), listen.substr(colon + 1)};
  unsigned port = 0;
  const char* end = address.port.data() + address.port.size();
  const auto [stop, error] = std::from_chars(address.port.data(), end, port);
  if (error != std::errc() || stop != end || port > 65535)
    return badAddress(listen, "has no port between 0 and 65535");
  std::string& host = address.host;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find_first_of(":[]") != std::string::npos)
    return badAddress(listen, "has an IPv6 address without [brackets]");
  return address;
}

// An open socket, bound and listening; errno tells why when it is not valid.
Fd listenOn(const addrinfo& info) {
  Fd fd(::socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, info.ai_protocol));
  if (!fd.valid()) return fd;
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (info.ai_family == AF_INET6)
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd.get(), info.ai_addr, info.ai_addrlen) != 0 || ::listen(fd.get(), kBacklog) != 0)
    return Fd();
  return fd;
}

Error cannotListen(const std::string& listen, int error) {
  if (error == EADDRINUSE)
    return {ErrorCode::kUnavailable,
            fmt::format("cannot listen on {}: another program listens there", listen)};
  if (error == EACCES)
    return invalidArgument(
        fmt::format("cannot listen on {}: this account may not use ports below 1024", listen));
  if (error == EADDRNOTAVAIL) return badAddress(listen, "is not an address of this machine");
  return {ErrorCode::kUnavailable,
          fmt::format("cannot listen on {}: {}", listen, std::strerror(error))};
}

Result<Fd> openListener(const std::string& listen) {
  Result<ListenAddress> address = parseListen(listen);
  if (!address) return address.error();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const char* host = address->host.empty() ? nullptr : address->host.c_str();
  if (const int failed = ::getaddrinfo(host, address->port.c_str(), &hints, &found); failed != 0)
    return badAddress(listen, fmt::format("names no address ({})", ::gai_strerror(failed)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  int lastError = EADDRNOTAVAIL;
  for (const int family : {AF_INET6, AF_INET}) {  // an IPv6 wildcard serves both
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
      if (each->ai_family != family) continue;
      if (Fd fd = listenOn(*each); fd.valid()) return fd;
      lastError = errno;
    }
  }
  return cannotListen(listen, lastError);
}

std::uint16_t portOf(const Fd& listener) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length);
  const bool v6 = address.ss_family == AF_INET6;
  return ntohs(v6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                  : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

// Visitors must not use up the descriptors that asking the pods needs.
WebLimits limitsOfThisProcess() {
  WebLimits limits;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
    limits.connections = std::clamp<std::size_t>(files.rlim_cur / 2, 16, limits.connections);
  return limits;
}

class PollServer final : public WebServer {
 public:
  PollServer(Fd listener, Fd wake, std::unique_ptr<WebPages> pages)
      : port_(portOf(listener)),
        wake_(std::move(wake)),
        answers_(std::move(pages)),
        connections_(clock_, std::move(listener), wake_.get(), answers_.news(),
                     limitsOfThisProcess(),
                     [this](std::string_view head, bool last) { return answers_.to(head, last); }),
        thread_([this] { connections_.run(); }) {}

  ~PollServer() override { stop(); }

  std::uint16_t port() const override { return port_; }

  void stop() override {
    if (!thread_.joinable()) return;
    ::eventfd_write(wake_.get(), 1);
    thread_.join();
  }

 private:
  const SystemClock clock_;
  const std::uint16_t port_;
  const Fd wake_;
  Answers answers_;
  Connections connections_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<WebServer>> startWebServer(const std::string& listen,
                                                  std::unique_ptr<WebPages> pages) {
  Result<Fd> listener = openListener(listen);
  if (!listener) return listener.error();
  Fd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake.valid()) return cannotListen(listen, errno);
  return std::make_unique<PollServer>(std::move(*listener), std::move(wake), std::move(pages));
}

}  // namespace rollcall
