// The table of the canary check's findings.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/core/finding.h"

namespace rollcall::checks::canary {

// Indices into findings().
enum Code : std::size_t { kRc851, kRc852, kRc853, kRc854, kRc855, kRc856 };

const std::vector<FindingDef>& findings();

}  // namespace rollcall::checks::canary
