// A plain TCP client for tests: says what it is told, however wrong, and reads what comes.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <string_view>

#include "daemon/web/connections.h"

namespace rollcall::testing_support {

class TestClient {
 public:
  // Connects to 127.0.0.1. A small receive buffer makes a slow reader.
  explicit TestClient(std::uint16_t port, int receiveBuffer = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receiveBuffer > 0)
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }

  // False when the other side has closed.
  bool say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void sayNoMore() { ::shutdown(fd_.get(), SHUT_WR); }

  // One piece; empty at the end, on a reset and after `patience`.
  std::string hear(std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    pollfd watched{fd_.get(), POLLIN, 0};
    char piece[65536];
    if (::poll(&watched, 1, static_cast<int>(patience.count())) <= 0) return "";
    const ssize_t got = ::recv(fd_.get(), piece, sizeof piece, 0);
    return got > 0 ? std::string(piece, static_cast<std::size_t>(got)) : "";
  }
  std::string hearAll() {
    std::string all;
    for (std::string piece = hear(); !piece.empty(); piece = hear()) all += piece;
    return all;
  }
  // One response with a Content-Length.
  std::string hearResponse() {
    std::string all;
    for (;;) {
      const std::size_t end = all.find("\r\n\r\n");
      const std::size_t length = all.find("Content-Length: ");
      if (end != std::string::npos && length < end &&
          all.size() >= end + 4 + std::stoul(all.substr(length + 16)))
        return all;
      const std::string piece = hear();
      if (piece.empty()) return all;
      all += piece;
    }
  }

 private:
  Fd fd_;
  bool connected_ = false;
};

inline std::string get(std::uint16_t port, const std::string& path,
                       const std::string& method = "GET") {
  TestClient client(port);
  client.say(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return client.hearAll();
}

}  // namespace rollcall::testing_support
