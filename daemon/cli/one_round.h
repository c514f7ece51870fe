// One round of checks for somebody who waits for it: with progress, ended by Ctrl-C.
#pragma once

#include <memory>

#include "daemon/cli/options.h"
#include "daemon/core/registry.h"
#include "daemon/core/report.h"
#include "daemon/run/once.h"

namespace rollcall {

struct RoundResult {
  std::shared_ptr<const Report> report;  // null: there is none
  int exitCode = 0;                      // then; what was amiss has been said on stderr
};

// To be called from main's thread while it is the only one.
RoundResult takeOneRound(const CheckRegistry& registry, const Config& config, OnceOptions once,
                         const Environment& environment);

// What a command that wrote `report` ends with.
int exitCodeOf(const Report& report, FailOn failOn);

}  // namespace rollcall
