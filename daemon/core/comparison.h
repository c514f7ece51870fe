// What changed from one run of the program to the next, as a report to people tells it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/core/report.h"

namespace rollcall {

// A finding as it is kept between runs of the program. In texts: another version of Rollcall, with
// other codes, may have written it. (check, code, pod, resource) tells one from another.
struct PastFinding {
  std::string check;
  std::string code;
  std::string pod;       // empty as in Finding
  std::string resource;  // "post:65f1...": type and id; empty when it speaks of none
  std::string severity;  // as name(Severity) has it
  std::string title;
  std::string message;
  WallTime since{};
  WallTime seen{};  // last

  auto operator<=>(const PastFinding&) const = default;
};

// How long posts took from publication to being visible on all pods.
struct Propagation {
  std::size_t posts = 0;
  std::chrono::milliseconds median{0};
  std::chrono::milliseconds p95{0};
  std::chrono::milliseconds slowest{0};

  auto operator<=>(const Propagation&) const = default;
};

// Empty when nothing was measured.
std::optional<Propagation> propagationOf(std::vector<std::chrono::milliseconds> times);

// A run of which a state file knows the outcome.
struct PastRun {
  WallTime started{};
  std::chrono::milliseconds took{0};
  std::string verdict;  // as name(Verdict) has it
  std::size_t pods = 0;
  std::size_t critical = 0;  // findings, by severity
  std::size_t warning = 0;
  std::size_t info = 0;
  std::size_t gaps = 0;
  // Of what was published since the run before, as far as somebody measured it.
  std::optional<Propagation> propagation = std::nullopt;

  auto operator<=>(const PastRun&) const = default;
};

struct Comparison {
  std::vector<PastFinding> began;    // not there before; all of them when there was no run before
  std::vector<PastFinding> lasting;  // there before and now
  std::vector<PastFinding> ended;    // there before; looked at, and no longer there
  std::vector<PastFinding> unseen;   // there before; could not be looked at, or was not
};

// What earlier runs of the program add to a report.
struct Chronicle {
  std::vector<PastRun> runs;  // oldest first; the report's own is the last
  Comparison comparison;      // with the run before

  // When the run before started; empty when the report's own is the first.
  std::optional<WallTime> before() const {
    return runs.size() < 2 ? std::nullopt : std::optional(runs[runs.size() - 2].started);
  }
};

// Findings of one (code, pod), in the order of the first of each. What has ended or could not be
// looked at again is told so: its messages are of a former day, and what they name may since have
// been taken back.
struct PastGroup {
  std::string code;
  std::string pod;
  std::string severity;
  std::string title;
  std::size_t count = 0;
};
std::vector<PastGroup> groupPast(const std::vector<PastFinding>& findings);

// What of the findings of earlier runs (`before`) is still there in `report`. A pod that is gone
// took its findings with it.
Comparison compare(const std::vector<PastFinding>& before, const Report& report);

// Sets Finding::since of those that were there before to when they were first seen.
void dateBack(Report& report, const std::vector<PastFinding>& before);

// Without the propagation.
PastRun summaryOf(const Report& report);

// The propagation that `run` measured.
std::vector<std::chrono::milliseconds> propagationTimes(const CheckRun& run);

}  // namespace rollcall
