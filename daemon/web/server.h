// An HTTP server for programs that scrape and people who look: GET and HEAD, nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "daemon/core/result.h"

namespace rollcall {

// What follows the '?', decoded.
using WebQuery = std::multimap<std::string, std::string>;

struct WebRequest {
  std::string path;  // decoded and without its query
  WebQuery query;
  bool gzip = false;          // whoever asks takes that encoding
  std::string scrapeTimeout;  // X-Prometheus-Scrape-Timeout-Seconds as it was sent; empty = not
};

struct WebPage {
  int status = 200;
  std::string type;  // for Content-Type
  std::string body;
  std::string encoding = {};  // for Content-Encoding; empty = none
};
WebPage plainPage(int status, std::string text);
inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

// What the server shows. One thread asks; whatever is thrown is answered 500 and not told.
class WebPages {
 public:
  virtual ~WebPages() = default;
  virtual WebPage at(const WebRequest& request) = 0;
};

class WebServer {
 public:
  virtual ~WebServer() = default;
  virtual std::uint16_t port() const = 0;  // the bound one, also when 0 was asked for
  virtual void stop() = 0;                 // returns after the last answer, at most 1 s
};

// Listens before it returns. kInvalidArgument for a bad address, kUnavailable when it is taken.
Result<std::unique_ptr<WebServer>> startWebServer(const std::string& listen,
                                                  std::unique_ptr<WebPages> pages);

}  // namespace rollcall
