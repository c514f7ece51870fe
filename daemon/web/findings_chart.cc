#include <fmt/format.h>

#include <algorithm>

#include "daemon/sinks/text.h"
#include "daemon/web/report_document.h"
#include "daemon/web/run_chart.h"

namespace rollcall {
namespace {

std::string describe(const PastRun& run) {
  return fmt::format("{}: {}, {} critical, {} warning{}", shortTime(run.started), run.verdict,
                     grouped(run.critical), grouped(run.warning),
                     run.gaps == 0 ? "" : ", could not look at everything");
}

}  // namespace

std::string findingsChart(const std::vector<PastRun>& runs) {
  if (runs.size() < 2) return "";
  const std::span<const PastRun> shown = newestRuns(runs);
  std::size_t most = 1;
  for (const PastRun& run : shown) most = std::max(most, run.critical + run.warning);
  const double perFinding = kChartHeight / static_cast<double>(most);
  RunChart chart("findings-chart", shown);
  for (const PastRun& run : shown) {
    const double critical = static_cast<double>(run.critical) * perFinding;
    const double all = static_cast<double>(run.critical + run.warning) * perFinding;
    chart.column(describe(run));
    chart.block(0, critical, "fail");
    chart.block(critical, all, "warn");
    chart.base(run.gaps > 0 ? "unknown" : "line");
    if (run.gaps > 0) chart.sign(all, "unknown", "?");
  }
  return chart.take(
      fmt::format("Findings of the last {} runs, at most {}", shown.size(), grouped(most)),
      "A bar a run: critical findings below, warnings above them. A question mark: the run could "
      "not look at everything. The table below has the numbers.",
      counted(most, "finding") + "; from below: critical, warnings");
}

}  // namespace rollcall
