#include <fmt/format.h>

#include <algorithm>

#include "daemon/sinks/text.h"
#include "daemon/web/report_document.h"
#include "daemon/web/run_chart.h"

namespace rollcall {
namespace {

std::string describe(const PastRun& run) {
  if (!run.propagation) return fmt::format("{}: nothing was measured", shortTime(run.started));
  const Propagation& times = *run.propagation;
  return fmt::format("{}: {}, half of them within {}, 95 of 100 within {}, all within {}",
                     shortTime(run.started), counted(times.posts, "post"),
                     formatDuration(times.median), formatDuration(times.p95),
                     formatDuration(times.slowest));
}

}  // namespace

std::string propagationChart(const std::vector<PastRun>& runs) {
  const std::span<const PastRun> shown = newestRuns(runs);
  std::chrono::milliseconds most{0};
  for (const PastRun& run : shown)
    if (run.propagation) most = std::max(most, run.propagation->slowest);
  if (runs.size() < 2 || most.count() == 0) return "";
  const auto height = [&](std::chrono::milliseconds time) {
    return kChartHeight * static_cast<double>(time.count()) / static_cast<double>(most.count());
  };
  RunChart chart("propagation-chart", shown);
  for (const PastRun& run : shown) {
    const Propagation times = run.propagation.value_or(Propagation{});
    chart.column(describe(run));
    chart.block(0, height(times.median), "link");
    chart.block(height(times.median), height(times.p95), "none");
    chart.block(height(times.p95), height(times.slowest), "line");
    chart.base("line");
  }
  return chart.take(
      fmt::format("Time until a new post was visible on all pods, over the last {} runs, at most "
                  "{}",
                  shown.size(), formatDuration(most)),
      "A bar a run, of what was published since the run before: half of the posts took no longer "
      "than its lowest part, 95 of 100 no longer than the part above, all no longer than the "
      "whole. The table below has the numbers.",
      fmt::format(
          "{} until a post is visible on all pods; from below: half of them, 95 of 100, all",
          formatDuration(most)));
}

}  // namespace rollcall
