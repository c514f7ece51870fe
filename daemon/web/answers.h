// What the web server says: request head in, response bytes out. No sockets.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/web/server.h"

namespace rollcall {

// What a kept connection may do; told to clients in Keep-Alive.
inline constexpr int kIdleSeconds = 30;
inline constexpr std::size_t kRequestsPerConnection = 1000;

struct LaterAnswer;

struct WebAnswer {
  std::string bytes;                              // the whole response, ready to be sent
  bool close = false;                             // end the connection after it
  std::shared_ptr<const LaterAnswer> later = {};  // set: the rest is not known yet
};

// As LaterPage. Not to be asked after the Answers it comes from.
struct LaterAnswer {
  MonoTime until;
  std::function<std::optional<WebAnswer>(bool overdue)> ask;
};

// Not thread-safe: one thread asks.
class Answers {
 public:
  explicit Answers(std::unique_ptr<WebPages> pages);
  ~Answers();
  // `head` is a request's line and headers up to and with the empty line. `lastOfConnection` asks
  // for "Connection: close". Never throws; what cannot be understood is answered 400.
  WebAnswer to(std::string_view head, bool lastOfConnection);
  int news() const;  // as WebPages::news()

 private:
  class Http;
  std::unique_ptr<Http> http_;
};

// The whole response to a request that is not looked into any further; ends the connection.
// `headers` are complete lines.
WebAnswer refusal(int status, std::string_view reason, std::string_view headers = "");

}  // namespace rollcall
