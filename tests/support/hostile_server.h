// A TCP server for tests that behaves exactly as the test says, down to the byte. It listens on a
// free port of 127.0.0.1; each connection has a thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace rollcall::testing_support {

struct TlsFiles {
  std::string certFile;
  std::string keyFile;
};

// The server's end of one connection. Used by its own thread only.
class Connection {
 public:
  virtual ~Connection() = default;
  // The next request up to its empty line; nothing when the client has gone.
  virtual std::optional<std::string> readRequest() = 0;
  // False when the client has gone or the server stops.
  virtual bool send(std::string_view bytes) = 0;
  virtual bool pause(std::chrono::milliseconds time) = 0;
  // Ends the connection with a reset instead of a proper close.
  virtual void reset() = 0;
  // 0 for the server's first connection.
  virtual std::size_t number() const = 0;
};

class HostileServer {
 public:
  // Runs for each connection, which is closed when it returns.
  using Behaviour = std::function<void(Connection&)>;

  explicit HostileServer(Behaviour behaviour, std::optional<TlsFiles> tls = std::nullopt);
  // Closes every connection and waits for their threads.
  ~HostileServer();
  HostileServer(const HostileServer&) = delete;
  HostileServer& operator=(const HostileServer&) = delete;

  std::uint16_t port() const { return port_; }
  // Every request read so far, in the order of their arrival.
  std::vector<std::string> requests() const;
  std::size_t connections() const;
  // The name the client asked for in its last TLS handshake.
  std::string tlsName() const;

 private:
  friend class SocketConnection;
  struct TlsContext;
  void acceptLoop();
  void serve(int socket, std::size_t number);

  const Behaviour behaviour_;
  std::unique_ptr<TlsContext> tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::vector<std::string> requests_;
  std::string tlsName_;
  std::list<int> open_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

// A complete answer with its Content-Length.
std::string answer(int status, std::string_view body, std::string_view extraHeaders = "");
// Answers every request of every connection with `text`.
HostileServer::Behaviour answering(std::string text);
// Sends `text` after the first request and closes.
HostileServer::Behaviour sayingAndClosing(std::string text);
// A port of 127.0.0.1 on which nobody listens.
std::uint16_t closedPort();

// A port of 127.0.0.1 that neither accepts nor refuses: its queue of connections is full.
class FullListener {
 public:
  FullListener();
  ~FullListener();
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  std::vector<int> sockets_;
  std::uint16_t port_ = 0;
};

}  // namespace rollcall::testing_support
