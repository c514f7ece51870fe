// The whole picture after a round: what every output prints. Immutable once published.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/finding.h"
#include "daemon/core/topology.h"

namespace rollcall {

struct PodReport {
  Pod pod;
  PodFacts facts;
  Verdict verdict = Verdict::kUnknown;
  bool asked = false;  // by any run; otherwise nothing is known of it
};

// `checks` holds the latest run of every enabled check, in the registry's order. A check that has
// not run yet (the daemon just started) is absent.
struct Report {
  Site site;
  WallTime started{};
  std::chrono::milliseconds took{0};
  Verdict verdict = Verdict::kUnknown;
  std::vector<PodReport> pods;
  std::vector<CheckRun> checks;
  std::vector<std::string> pending;  // enabled checks that have not run yet
  std::string podsStale;             // see Topology::stale
  RestartFacts restart;              // of the latest runs that learned them
  std::optional<bool> databaseUp;    // empty: no database configured or not asked yet
  std::optional<bool> leads;         // empty: no Lease is configured
};

// Judges pods and the whole from `checks`: merges the PodFacts of all tallies, fills verdicts.
// While a check is `pending` nothing is well: what was not looked at may be wrong.
Report makeReport(Site site, const Topology& topology, std::vector<CheckRun> checks,
                  std::vector<std::string> pending = {});

// Hears of every completed run. Called by one thread, in order; must not block for long.
class Sink {
 public:
  virtual ~Sink() = default;
  // `latest` is the run that led to this report; null when something else changed it.
  virtual void publish(const std::shared_ptr<const Report>& report,
                       const CheckRun* latest) noexcept = 0;
};

}  // namespace rollcall
