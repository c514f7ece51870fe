// The table of the theme check's findings.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/core/finding.h"

namespace rollcall::checks::theme {

// Indices into findings().
enum Code : std::size_t { kRc541, kRc542, kRc543, kRc544, kRc545, kRc546, kRc547 };

const std::vector<FindingDef>& findings();

}  // namespace rollcall::checks::theme
