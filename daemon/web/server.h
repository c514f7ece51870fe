// An HTTP server for programs that scrape and people who look: GET and HEAD, nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/core/clock.h"
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

struct LaterPage;

struct WebPage {
  int status = 200;
  std::string type;  // for Content-Type
  std::string body;
  std::string encoding = {};                    // for Content-Encoding; empty = none
  std::shared_ptr<const LaterPage> later = {};  // set: the rest is not known yet
};

// A page that is not known yet. Whoever asks for it waits, and delays nobody else.
struct LaterPage {
  MonoTime until;  // of the system's clock; it must be known by then
  // Nothing while it is not known. Asked by the server's thread after each WebPages::news(), and
  // last with `overdue`, once `until` has come: then there is an answer, without another `later`.
  std::function<std::optional<WebPage>(bool overdue)> ask;
};
WebPage plainPage(int status, std::string text);
inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

// What the server shows. One thread asks; whatever is thrown is answered 500 and not told.
class WebPages {
 public:
  virtual ~WebPages() = default;
  virtual WebPage at(const WebRequest& request) = 0;
  // An eventfd that any thread writes to when a LaterPage may be known; -1: there are none.
  virtual int news() const { return -1; }
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
