// What the status page shows, to look at: the sample reports with rows of the newest posts and a
// timeline, and one of many pods.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "daemon/sinks/status_board.h"
#include "tests/support/sample_report.h"

namespace rollcall::testing_support {

inline Board boardOf(Report report) {
  Timeline timeline;
  timeline.take(report);
  return {std::make_shared<const Report>(std::move(report)),
          std::make_shared<const Timeline>(std::move(timeline))};
}

// story-1 (newest) to story-`posts` on every pod of `report`; ok but where a finding speaks of it.
inline std::vector<RollRow> sampleRows(const Report& report, int posts) {
  std::vector<RollRow> rows;
  for (int post = 1; post <= posts; ++post) {
    const std::string slug = fmt::format("story-{}", post);
    RollRow row{{"post", fmt::format("64b7f00000000000000{:05}", post), slug,
                 "https://example.org/" + slug + "/"},
                sampleTime(-60 * post),
                {}};
    for (std::size_t pod = 0; pod < report.pods.size(); ++pod)
      row.cells[report.pods[pod].pod.name] = {"ok", sampleTime(-static_cast<int>(pod)), post < 6};
    for (const CheckRun& run : report.checks)
      for (const Finding& finding : run.outcome.findings)
        if (finding.resource && finding.resource->id == row.resource.id)
          row.cells[finding.pod] = {"missing", sampleTime(), true};
    rows.push_back(std::move(row));
  }
  return rows;
}

// Every state there is, one a post, on pod-1; of the last nothing is known.
inline Report sampleStates() {
  Report report = samplePass();
  std::vector<RollRow> rows = sampleRows(report, 10);
  constexpr const char* kStates[] = {"ok",     "missing",  "moved",   "declared", "error",
                                     "served", "settling", "timeout", "unknown"};
  for (std::size_t i = 0; i < std::size(kStates); ++i)
    rows[i].cells["pod-1"] = {kStates[i], sampleTime(), i % 2 == 0};
  rows.back().cells.erase("pod-1");
  report.checks.back().outcome.tally.newest = std::move(rows);
  return report;
}

// `pods` pods, 50 posts, `findings` posts missing; every pod but the first lacks some.
inline Report sampleMany(int pods = 50, int findings = 500) {
  const Topology topology = sampleTopology(pods);
  CheckRun posts = samplePostsRun();
  for (int i = 0; i < findings; ++i) {
    const int post = 1 + i % 10;
    posts.outcome.findings.push_back(sampleMissing(fmt::format("pod-{}", 2 + i / 10 % (pods - 1)),
                                                   fmt::format("story-{}", post),
                                                   fmt::format("64b7f00000000000000{:05}", post)));
  }
  posts.verdict = judge(posts.outcome, posts.error);
  Report report = sampleReportOf({samplePodsRun(topology), posts}, topology);
  report.checks[1].outcome.tally.newest = sampleRows(report, 50);
  return report;
}

}  // namespace rollcall::testing_support
