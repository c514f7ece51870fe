// May a rollout go on? The latest report as pass, fail or inconclusive, for programs. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/core/report.h"
#include "daemon/web/questions.h"

namespace rollcall {

struct VerdictQuestion {
  std::vector<std::string> checks;  // enabled ones, each once, sorted; never empty
  std::string pod;                  // empty = every pod
  // A check's last look must have begun this lately; empty = within twice its interval and timeout.
  std::optional<Duration> maxAge;
  std::optional<WallTime> after;  // ... and not before this
};

// kInvalidArgument, one sentence that can be shown.
Result<VerdictQuestion> readVerdictQuestion(const WebQuery& query, const CheckPlan& plan);

// The answer as JSON; `report` is null before the first round. Fail when a look that counts found
// something critical; else inconclusive when anything that should have been looked at was not; else
// pass. With a pod, findings and gaps that name no pod count as well: they concern all.
std::string verdictDocument(const Report* report, const VerdictQuestion& question,
                            const CheckPlan& plan, WallTime now);

// {"error": "..."}
std::string errorDocument(std::string_view sentence);

}  // namespace rollcall
