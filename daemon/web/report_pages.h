// What the daemon's web server shows: /metrics /livez /readyz /api/v1/report /api/v1/verdict,
// /probe where it is switched on, the status page at /.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/core/report.h"
#include "daemon/sinks/status_board.h"
#include "daemon/web/probe.h"
#include "daemon/web/questions.h"
#include "daemon/web/server.h"

namespace rollcall {

// Every function is called from the server's thread.
struct WebContent {
  std::function<std::shared_ptr<const Board>()> board;  // may return null: nothing yet
  std::function<std::string()> metrics;
  std::function<bool()> live;
  std::function<bool()> ready;
  std::size_t maxFindings = 10'000;        // that the JSON report lists
  CheckPlan plan = {};                     // what a verdict can be asked of
  std::optional<ProbeContent> probe = {};  // empty: probes are switched off
  std::function<WallTime()> now = [] { return SystemClock().wall(); };
};

// Report and page are rendered once per report, not per request.
std::unique_ptr<WebPages> makeReportPages(WebContent content);

// The status page; null: nothing is known yet. Pure.
std::string renderPage(const Board* board);

}  // namespace rollcall
