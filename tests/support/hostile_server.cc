#include "tests/support/hostile_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace rollcall::testing_support {
namespace {

constexpr std::size_t kMaxRequest = 64 * 1024;

void require(bool ok, const char* what) {
  if (!ok) throw std::system_error(errno, std::generic_category(), what);
}

// A TCP socket bound to a free port of 127.0.0.1, and that port.
std::pair<int, std::uint16_t> boundSocket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require(fd >= 0, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  require(::bind(fd, generic, size) == 0, "bind");
  require(::getsockname(fd, generic, &size) == 0, "getsockname");
  return {fd, ntohs(address.sin_port)};
}

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

}  // namespace

struct HostileServer::TlsContext {
  explicit TlsContext(const TlsFiles& files) : context(SSL_CTX_new(TLS_server_method())) {
    if (SSL_CTX_use_certificate_chain_file(context, files.certFile.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, files.keyFile.c_str(), SSL_FILETYPE_PEM) != 1)
      throw std::runtime_error("cannot load " + files.certFile);
  }
  ~TlsContext() { SSL_CTX_free(context); }
  SSL_CTX* context;
};

class SocketConnection final : public Connection {
 public:
  SocketConnection(HostileServer& server, int fd, std::size_t number)
      : server_(server), fd_(fd), number_(number) {}

  // False when the client turned away.
  bool handshake() {
    if (!server_.tls_) return true;
    ssl_.reset(SSL_new(server_.tls_->context));
    SSL_set_fd(ssl_.get(), fd_);
    const bool agreed = SSL_accept(ssl_.get()) == 1;
    ERR_clear_error();
    const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    std::lock_guard lock(server_.mutex_);
    server_.tlsName_ = name ? name : "";
    return agreed;
  }

  std::optional<std::string> readRequest() override {
    std::size_t end = 0;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
      char buffer[4096];
      const long got = receive(buffer, sizeof buffer);
      if (got <= 0 || unread_.size() > kMaxRequest) return std::nullopt;
      unread_.append(buffer, static_cast<std::size_t>(got));
    }
    std::string request = unread_.substr(0, end + 4);
    unread_.erase(0, end + 4);
    std::lock_guard lock(server_.mutex_);
    server_.requests_.push_back(request);
    return request;
  }

  bool send(std::string_view bytes) override {
    while (!bytes.empty()) {
      const long sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  bool pause(std::chrono::milliseconds time) override {
    pollfd gone{fd_, POLLRDHUP, 0};
    return ::poll(&gone, 1, static_cast<int>(time.count())) == 0;
  }

  void reset() override {
    const linger atOnce{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce);
    ssl_.reset();
  }

  std::size_t number() const override { return number_; }

 private:
  long receive(char* buffer, std::size_t size) {
    if (ssl_) return SSL_read(ssl_.get(), buffer, static_cast<int>(size));
    return ::recv(fd_, buffer, size, 0);
  }

  HostileServer& server_;
  const int fd_;
  const std::size_t number_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string unread_;
};

HostileServer::HostileServer(Behaviour behaviour, std::optional<TlsFiles> tls)
    : behaviour_(std::move(behaviour)), tls_(tls ? std::make_unique<TlsContext>(*tls) : nullptr) {
  std::tie(listener_, port_) = boundSocket();
  require(::listen(listener_, SOMAXCONN) == 0, "listen");
  acceptor_ = std::thread([this] { acceptLoop(); });
}

HostileServer::~HostileServer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void HostileServer::acceptLoop() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    std::lock_guard lock(mutex_);
    if (fd < 0 || stopping_) {
      if (fd >= 0) ::close(fd);
      return;
    }
    open_.push_back(fd);
    threads_.emplace_back([this, fd, number = threads_.size()] { serve(fd, number); });
  }
}

void HostileServer::serve(int fd, std::size_t number) {
  // OpenSSL writes without MSG_NOSIGNAL.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  {
    SocketConnection connection(*this, fd, number);
    if (connection.handshake()) behaviour_(connection);
  }
  std::lock_guard lock(mutex_);
  open_.remove(fd);
  ::close(fd);
}

std::vector<std::string> HostileServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t HostileServer::connections() const {
  std::lock_guard lock(mutex_);
  return threads_.size();
}

std::string HostileServer::tlsName() const {
  std::lock_guard lock(mutex_);
  return tlsName_;
}

std::string answer(int status, std::string_view body, std::string_view extraHeaders) {
  return fmt::format("HTTP/1.1 {} Said\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(),
                     extraHeaders, body);
}

HostileServer::Behaviour answering(std::string text) {
  return [text = std::move(text)](Connection& peer) {
    while (peer.readRequest() && peer.send(text)) {
    }
  };
}

HostileServer::Behaviour sayingAndClosing(std::string text) {
  return [text = std::move(text)](Connection& peer) {
    if (peer.readRequest()) peer.send(text);
  };
}

FullListener::FullListener() {
  const auto [listener, port] = boundSocket();
  sockets_.push_back(listener);
  port_ = port;
  require(::listen(listener, 0) == 0, "listen");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  constexpr int kMoreThanItsQueue = 4;
  for (int i = 0; i < kMoreThanItsQueue; ++i) {
    sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(sockets_.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
}

FullListener::~FullListener() {
  for (const int socket : sockets_) ::close(socket);
}

std::uint16_t closedPort() {
  const auto [fd, port] = boundSocket();
  ::close(fd);
  return port;
}

}  // namespace rollcall::testing_support
