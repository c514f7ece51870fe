// What every output needs to know of a finding. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/finding.h"
#include "daemon/core/report.h"

namespace rollcall {

// Of the resource it speaks of, the same from run to run: "post:65f1..."; empty when of none.
std::string resourceKey(const Finding& finding);

// The name of the command (checks/exec) that says so; empty when none does. Of commands each is
// told on its own, though their findings have one code.
std::string commandOf(const Finding& finding);

// Drafts and scheduled posts are nobody's business who has no account: of a finding that is not
// public nothing that could tell a slug (resource, message, cause, reproduce, evidence) may stand
// where readers without one come to.
bool isPublic(const Finding& finding);

// Whether a finding of `run`'s check on `pod` (as in Finding) that is not in `run` is over: the run
// could look there. A finding on no pod in particular rests on all of them.
bool wasLookedAt(const CheckRun& run, std::string_view pod);

// Whether a finding of `check` on `pod` (as in Finding) that `report` no longer has is over: the
// pod is gone, or it was looked at and may be blamed. Of a pod that gets no readers nothing is
// claimed, and so nothing is over; nor is a pod gone when none could be listed.
bool isOver(const Report& report, std::string_view check, std::string_view pod);

}  // namespace rollcall
