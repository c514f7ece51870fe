// What a check can say: findings (what is wrong), gaps (what could not be looked at), and the
// verdict that follows from both. Pure values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

enum class Severity { kInfo, kWarning, kCritical };
enum class Verdict { kPass, kWarn, kFail, kUnknown, kNotApplicable };

std::string_view name(Severity severity);  // info warning critical
std::string_view name(Verdict verdict);    // pass warn fail unknown not_applicable

// One row of a check's table of codes. Lives for the whole program; a code is never reused.
struct FindingDef {
  std::string_view code;  // "RC201"
  Severity severity;
  std::string_view title;    // "post missing on a pod"
  std::string_view meaning;  // what it means and how it comes about: for `rollcall explain`
  std::string_view remedy;   // one line: what mends it
};

// The resource a finding speaks of; `type` is post, page, tag or author.
struct ResourceRef {
  std::string type;
  std::string id;
  std::string slug;
  std::string url;  // absolute, as readers type it

  auto operator<=>(const ResourceRef&) const = default;
};

// At most one finding per (code, pod, resource); `pod` is empty for what is wrong on all or on
// none.
struct Finding {
  const FindingDef* def = nullptr;
  std::string pod;
  std::optional<ResourceRef> resource;
  std::string message;                          // one sentence: what was seen where
  std::string cause;                            // likely cause with its evidence; may be empty
  std::map<std::string, std::string> evidence;  // e.g. {"status": "404", "confirmed": "true"}
  std::string reproduce;                        // a command to paste; may be empty
  std::string remedy;                           // a command or a sentence for this very finding
  std::optional<WallTime> since;  // filled by the runner's memory: first seen by this process
};

// Something that should have been looked at and could not be.
struct Gap {
  std::string pod;   // empty when it concerns no single pod
  std::string what;  // "newest posts", "the pod"
  Error why;
};

// How a pod presents itself, as far as this run learned it.
struct PodFacts {
  bool reachable = false;
  std::optional<bool> privateMode;  // empty when this run did not learn it
  std::string version;  // "5.130", as /ghost/api/admin/site/ shows it; empty when unknown
  std::optional<WallTime> bootedAt;
  std::optional<bool> well;  // booted, with its database and theme; empty when not learned
};

// What a run learned that speaks against restarting a pod now; see core/restart_safety.h. Empty
// when it did not learn it.
struct RestartFacts {
  std::optional<std::uint64_t> emailsInFlight;  // newsletters that are pending or being submitted
  std::optional<std::uint64_t> postsDueSoon;    // scheduled posts due within kDueSoon
  std::optional<bool> migrationLocked;
};
inline constexpr Duration kDueSoon = std::chrono::minutes(10);

// The content volume as it was seen from one place; empty where that was not learned. Of several
// mounts the worst: the slowest write, the fullest file system, the longest hang.
struct VolumeFacts {
  std::optional<double> writeSeconds;  // creating, writing and fsync() of one block
  std::optional<std::uint64_t> sizeBytes;
  std::optional<std::uint64_t> freeBytes;
  std::optional<std::uint64_t> freeInodes;
  std::optional<WallTime> hungSince;
};

// What one pod does with a resource, as it was last learned.
struct RollCell {
  std::string_view state;  // as in Tally::podResources
  WallTime asOf{};         // when it was learned
  bool confirmed = false;  // by a real GET; false: by the pod's own lists
};

// A public resource on every pod: a row of the status page's matrix.
struct RollRow {
  ResourceRef resource;
  std::optional<WallTime> publishedAt;
  std::map<std::string, RollCell> cells;  // by pod; absent = nothing is known of it there
};

// A number that a command of the exec check told; see checks/exec.
struct CommandNumber {
  std::string command;  // the command's name in the configuration
  std::string label;    // of the number, as the command named it
  std::string pod;      // empty unless the command ran for one pod
  std::string unit;     // base units: "seconds", "bytes", "ratio"; empty = none
  double value = 0;
};

// Numbers of a run, for metrics and the status page.
struct Tally {
  std::map<std::string, std::uint64_t> resources;  // type -> how many the database expects
  // (pod, type, state) -> count; states: ok missing moved served declared error timeout unknown
  // settling
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> podResources;
  std::map<std::string, PodFacts> pods;
  // Seconds from publication to "visible on all pods", for those that got there in this run.
  std::vector<double> propagationSeconds;
  RestartFacts restart;
  // By the pod beside which it was looked at; the empty name is Rollcall's own mount.
  std::map<std::string, VolumeFacts> volumes;
  // Whether the pod works with the content volume: its sidecar can write there, it serves what was
  // put there. Of several checks that learned it one that says no is enough.
  std::map<std::string, bool> volumeUp;
  std::vector<RollRow> newest;  // the newest public posts, newest first; bounded
  std::vector<CommandNumber> commandNumbers;
};

// What one run of a check says.
struct Outcome {
  std::vector<Finding> findings;
  std::vector<Gap> gaps;
  Tally tally;
  std::vector<std::string> notes;            // things to know that are not wrong: "3 posts settle"
  std::optional<std::string> notApplicable;  // the reason; then the rest is empty
  std::optional<Duration> again;             // wants to run again this soon (settling changes)
};

// A run as the runner recorded it.
struct CheckRun {
  std::string check;
  WallTime started{};
  std::chrono::milliseconds took{0};
  Verdict verdict = Verdict::kUnknown;
  Outcome outcome;
  std::optional<Error> error;  // could not run at all
};

// Critical finding = fail, else a gap or an error = unknown, else a warning = warn, else pass.
Verdict judge(const Outcome& outcome, const std::optional<Error>& error);
// The worst of all: fail > unknown > warn > pass; not applicable only when nothing applied.
Verdict worst(const std::vector<Verdict>& verdicts);
// The worst of the findings that name `pod`; unknown where it could not be asked.
Verdict podVerdict(std::string_view pod, const std::vector<CheckRun>& runs);

}  // namespace rollcall
