// The table of the edge check's findings.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/core/finding.h"

namespace rollcall::checks::edge {

// Indices into findings().
enum Code : std::size_t {
  kPoisonedCode,
  kStaleCode,
  kZombieCode,
  kSplitCode,
  kExpiringCode,
  kExpiredCode,
  kOtherHostCode,
  kNoHttpsCode,
  kNotKeptCode,
  kNotPackedCode,
  kCookieCode,
};

const std::vector<FindingDef>& findings();

}  // namespace rollcall::checks::edge
