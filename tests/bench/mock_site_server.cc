#include "tests/bench/mock_site_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace rollcall::bench {
namespace {

constexpr std::size_t kMaxHead = 65'536;       // bytes of a request that never ends
constexpr std::size_t kMaxWaiting = 1u << 20;  // bytes to be sent before more is answered
constexpr int kBacklog = 4'096;

[[noreturn]] void failed(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

bool same(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// Takes one request off the front of `bytes`; false when it is not whole yet. What is malformed
// closes the connection, as `request.close` says, after an answer to what could be understood.
bool take(std::string_view& bytes, Request& request, bool& post) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  std::string_view head = bytes.substr(0, end + 2);
  bytes.remove_prefix(end + 4);
  const std::string_view line = head.substr(0, head.find("\r\n"));
  head.remove_prefix(line.size() + 2);
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  request.head = line.starts_with("HEAD ");
  post = line.starts_with("POST ");
  request.target = first < last ? line.substr(first + 1, last - first - 1) : "/";
  request.close = first >= last || line.ends_with("/1.0");
  while (!head.empty()) {
    const std::string_view field = head.substr(0, head.find("\r\n"));
    head.remove_prefix(field.size() + 2);
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = field.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    const std::string_view name = field.substr(0, colon);
    if (same(name, "connection")) request.close = same(value, "close");
    if (same(name, "if-none-match")) request.ifNoneMatch = value;
    if (same(name, "x-forwarded-proto")) request.secure = request.secure || same(value, "https");
    // No body is ever needed here: one that comes would be taken for the next request.
    if (same(name, "content-length") && value != "0") request.close = true;
  }
  return true;
}

}  // namespace

// epoll's pointer leads to either; the first member tells which.
struct Server::Listener {
  bool listens = true;
  int fd;
  Handler handler;
  std::shared_ptr<ssl_ctx_st> tls;
};

struct Server::Connection {
  bool listens = false;
  int fd;
  const Listener* from;
  SSL* ssl = nullptr;
  std::string in, out;
  std::size_t sent = 0;  // of out
  bool last = false;     // close when out is sent
  bool ended = false;    // the peer closed, or failed
  std::uint32_t events = EPOLLIN;

  // Bytes moved, 0 at the end, -1 with `wants` set when it must wait, or -2 when it failed.
  ssize_t read(char* into, std::size_t size, std::uint32_t& wants);
  ssize_t write(const char* from_, std::size_t size, std::uint32_t& wants);
  ssize_t tlsResult(int result, std::uint32_t& wants) const;
};

ssize_t Server::Connection::tlsResult(int result, std::uint32_t& wants) const {
  if (result > 0) return result;
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return wants = EPOLLIN, -1;
    case SSL_ERROR_WANT_WRITE:
      return wants = EPOLLOUT, -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      ERR_clear_error();
      return -2;
  }
}

ssize_t Server::Connection::read(char* into, std::size_t size, std::uint32_t& wants) {
  if (ssl != nullptr) return tlsResult(SSL_read(ssl, into, static_cast<int>(size)), wants);
  const ssize_t got = ::recv(fd, into, size, 0);
  if (got >= 0) return got;
  return errno == EAGAIN ? (wants = EPOLLIN, -1) : -2;
}

ssize_t Server::Connection::write(const char* from_, std::size_t size, std::uint32_t& wants) {
  if (ssl != nullptr)
    return tlsResult(SSL_write(ssl, from_, static_cast<int>(std::min<std::size_t>(size, 1u << 30))),
                     wants);
  const ssize_t put = ::send(fd, from_, size, MSG_NOSIGNAL);
  if (put >= 0) return put;
  return errno == EAGAIN ? (wants = EPOLLOUT, -1) : -2;
}

Server::Server() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  signals_ = ::signalfd(-1, &ends, SFD_CLOEXEC);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0 || signals_ < 0) failed("epoll");
  watch(signals_, EPOLLIN, nullptr, false);
}

Server::~Server() {
  for (const auto& connection : connections_)
    if (connection) close(*connection);
  for (const auto& listener : listeners_) ::close(listener->fd);
  ::close(signals_);
  ::close(epoll_);
}

void Server::useTls(const std::string& certificate, const std::string& key) {
  tls_ = {SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  if (SSL_CTX_use_certificate_chain_file(tls_.get(), certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls_.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error("no certificate and key in " + certificate + " and " + key);
  SSL_CTX_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

void Server::watch(int fd, std::uint32_t events, void* what, bool again) const {
  epoll_event event{};
  event.events = events;
  event.data.ptr = what;
  if (::epoll_ctl(epoll_, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
    failed("epoll_ctl");
}

std::uint16_t Server::listen(const std::string& address, std::uint16_t port, Handler handler) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) failed("socket");
  listeners_.push_back(std::make_unique<Listener>(Listener{true, fd, std::move(handler), tls_}));
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &where.sin_addr) != 1)
    throw std::runtime_error(address + " is no IPv4 address");
  socklen_t size = sizeof where;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&where), size) != 0 || ::listen(fd, kBacklog) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size) != 0)
    failed("cannot listen at " + address + ":" + std::to_string(port));
  watch(fd, EPOLLIN, listeners_.back().get(), false);
  return ntohs(where.sin_port);
}

void Server::run() {
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) failed("epoll_wait");
    for (int i = 0; i < count; ++i) {
      void* const what = events[static_cast<std::size_t>(i)].data.ptr;
      if (what == nullptr) return;
      if (*static_cast<const bool*>(what))
        accept(*static_cast<const Listener*>(what));
      else
        serve(*static_cast<Connection*>(what));
    }
  }
}

void Server::accept(const Listener& listener) {
  for (;;) {
    const int fd = ::accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto at = static_cast<std::size_t>(fd);
    if (connections_.size() <= at) connections_.resize(at + 1);
    connections_[at] = std::make_unique<Connection>();
    Connection& connection = *connections_[at];
    connection.fd = fd;
    connection.from = &listener;
    if (listener.tls) {
      connection.ssl = SSL_new(listener.tls.get());
      SSL_set_fd(connection.ssl, fd);
      SSL_set_accept_state(connection.ssl);
    }
    watch(fd, EPOLLIN, &connection, false);
  }
}

// Reads, answers and sends until it would have to wait.
void Server::serve(Connection& connection) {
  std::array<char, 65'536> buffer;
  std::uint32_t readWants = EPOLLIN, writeWants = 0;
  for (;;) {
    bool moved = false;
    bool more = connection.out.size() - connection.sent >= kMaxWaiting;  // may be had at once
    if (!more && !connection.last && !connection.ended) {
      const ssize_t got = connection.read(buffer.data(), buffer.size(), readWants);
      if (got > 0) connection.in.append(buffer.data(), static_cast<std::size_t>(got));
      connection.ended = got == 0 || got == -2;
      moved = got > 0;
      more = connection.ssl != nullptr || got == static_cast<ssize_t>(buffer.size());
    }
    std::string_view left = connection.in;
    while (!connection.last && connection.out.size() - connection.sent < kMaxWaiting) {
      Request request;
      request.secure = connection.ssl != nullptr;
      bool post = false;
      if (!take(left, request, post)) break;
      connection.from->handler(request, post, connection.out);
      connection.last = request.close;
      moved = true;
    }
    connection.in.erase(0, connection.in.size() - left.size());
    if (connection.in.size() > kMaxHead && left.find("\r\n\r\n") == std::string_view::npos)
      return close(connection);
    while (connection.sent < connection.out.size()) {
      const ssize_t put = connection.write(connection.out.data() + connection.sent,
                                           connection.out.size() - connection.sent, writeWants);
      if (put == 0 || put == -2) return close(connection);
      if (put < 0) break;
      connection.sent += static_cast<std::size_t>(put);
      moved = true;
    }
    const bool sent = connection.sent == connection.out.size();
    if (sent) {
      connection.out.clear();
      connection.sent = 0;
      if (connection.last || connection.ended) return close(connection);
    }
    if (!moved || !more || !sent) break;
  }
  const bool waits = connection.sent < connection.out.size();
  const std::uint32_t events = waits ? std::uint32_t(EPOLLOUT) : readWants;
  if (events != connection.events) watch(connection.fd, events, &connection, true);
  connection.events = events;
}

void Server::close(Connection& connection) {
  if (connection.ssl != nullptr) {
    SSL_shutdown(connection.ssl);
    SSL_free(connection.ssl);
  }
  const int fd = connection.fd;
  ::close(fd);
  connections_[static_cast<std::size_t>(fd)].reset();
}

}  // namespace rollcall::bench
