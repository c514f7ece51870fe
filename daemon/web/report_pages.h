// What the daemon's web server shows: /metrics /livez /readyz /api/v1/report, the status page at /.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/core/report.h"
#include "daemon/web/server.h"

namespace rollcall {

// Every function is called from the server's thread.
struct WebContent {
  std::function<std::shared_ptr<const Report>()> report;  // may return null: nothing yet
  std::function<std::string()> metrics;
  std::function<bool()> live;
  std::function<bool()> ready;
  std::size_t maxFindings = 10'000;  // that the JSON report lists
};

// Report and page are rendered once per report, not per request.
std::unique_ptr<WebPages> makeReportPages(WebContent content);

// The status page. Pure.
std::string renderPage(const Report* report);

}  // namespace rollcall
