// What every output needs to know of a finding. Pure.
#pragma once

#include <string>

#include "daemon/core/finding.h"

namespace rollcall {

// Of the resource it speaks of, the same from run to run: "post:65f1..."; empty when of none.
std::string resourceKey(const Finding& finding);

// Drafts and scheduled posts are nobody's business who has no account: of a finding that is not
// public nothing that could tell a slug (resource, message, cause, reproduce, evidence) may stand
// where readers without one come to.
bool isPublic(const Finding& finding);

}  // namespace rollcall
