// One thread, one epoll: many listeners, HTTP/1.1 with keep-alive and pipelining, plain or TLS.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/mock_site_answers.h"

struct ssl_ctx_st;

namespace rollcall::bench {

class Server {
 public:
  // Appends the answer to `out`. `post`: the method is POST.
  using Handler = std::function<void(const Request& request, bool post, std::string& out)>;

  Server();
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // TLS for the listeners that follow, with the certificate chain and key in these PEM files.
  void useTls(const std::string& certificate, const std::string& key);
  void usePlain() { tls_ = nullptr; }
  // Port 0: any; answers the one it got. Everything that fails throws std::runtime_error.
  std::uint16_t listen(const std::string& address, std::uint16_t port, Handler handler);
  // Until SIGTERM or SIGINT.
  void run();

 private:
  struct Listener;
  struct Connection;

  void watch(int fd, std::uint32_t events, void* what, bool again) const;
  void accept(const Listener& listener);
  void serve(Connection& connection);
  void close(Connection& connection);

  int epoll_ = -1;
  int signals_ = -1;
  std::shared_ptr<ssl_ctx_st> tls_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
};

}  // namespace rollcall::bench
