// The outcome of earlier runs, in a file: what a report is compared with, and its charts.
//
// Crash-safe: a report is taken in as a whole or not at all. Bounded: kMostRuns runs, and of a
// report's findings the first kMostFindings, whose texts are cut to kMostText bytes. A finding that
// could not be looked at again for kForget is forgotten.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/core/comparison.h"
#include "daemon/core/result.h"

namespace rollcall {

// Thread-compatible; several processes may use one file.
class History {
 public:
  static constexpr std::size_t kMostRuns = 1'000;
  static constexpr std::size_t kMostFindings = 10'000;
  static constexpr std::size_t kMostText = 1'000;
  static constexpr auto kForget = std::chrono::hours(24 * 30);

  // Creates the file when it is absent. kInvalidArgument when it is none of ours, belongs to
  // another site, or a newer Rollcall wrote it; else see Sqlite. The message names the file.
  static Result<std::unique_ptr<History>> open(const std::string& path, const std::string& site);
  ~History();

  // Compares `report` with the last one, keeps it, and dates its findings back to when they were
  // first seen.
  Result<Chronicle> take(Report& report);

 private:
  struct Impl;
  explicit History(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall
