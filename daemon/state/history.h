// The outcome of earlier runs, in a file: what a report is compared with, its charts, and what the
// daemon goes on with after a restart.
//
// Crash-safe: what is kept is kept as a whole or not at all. Bounded: kMostRuns runs,
// kMostPropagations times of propagation, and of findings the first kMostFindings; texts are cut to
// kMostText bytes. A finding that could not be looked at again for kForget is forgotten.
//
// Reports and one daemon may share a file: each has tables of its own, and what the daemon measured
// of the propagation is in the next report.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/core/comparison.h"
#include "daemon/core/past_watch.h"
#include "daemon/core/result.h"

namespace rollcall {

// Thread-compatible; several processes may use one file.
class History {
 public:
  static constexpr std::size_t kMostRuns = 1'000;
  static constexpr std::size_t kMostFindings = 10'000;
  static constexpr std::size_t kMostPropagations = 10'000;
  static constexpr std::size_t kMostText = 1'000;
  static constexpr auto kForget = std::chrono::hours(24 * 30);

  // Creates the file when it is absent. kInvalidArgument when it is none of ours, belongs to
  // another site, or a newer Rollcall wrote it; else see Sqlite. The message names the file.
  static Result<std::unique_ptr<History>> open(const std::string& path, const std::string& site);
  ~History();

  // Compares `report` with the last one, keeps it, and dates its findings back to when they were
  // first seen.
  Result<Chronicle> take(Report& report);

  // What the daemon last kept.
  Result<PastWatch> watch();
  // Keeps `watch` instead of what was kept before; `propagation` is what was measured since then.
  Result<void> keep(const PastWatch& watch,
                    const std::vector<std::chrono::milliseconds>& propagation);

 private:
  struct Impl;
  explicit History(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall
