// The daemon's own HTTP server: /metrics /livez /readyz /api/v1/report and the status page at /.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/core/report.h"

namespace rollcall {

// What the server shows; every function is called from many threads.
struct WebContent {
  std::function<std::shared_ptr<const Report>()> report;  // may return null: nothing yet
  std::function<std::string()> metrics;
  std::function<bool()> live;
  std::function<bool()> ready;
  std::size_t maxFindings = 10'000;  // that the JSON report lists
};

class WebServer {
 public:
  virtual ~WebServer() = default;
  virtual std::uint16_t port() const = 0;  // the bound one, also when 0 was asked for
  virtual void stop() = 0;                 // returns after the last answer, at most 1 s
};

// Listens before it returns. kInvalidArgument for a bad address, kUnavailable when it is taken.
Result<std::unique_ptr<WebServer>> startWebServer(const std::string& listen, WebContent content);

// The status page. Pure.
std::string renderPage(const Report* report);

}  // namespace rollcall
