// The table of the mail check's findings.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/core/finding.h"

namespace rollcall::checks::mail {

// Indices into findings().
enum Code : std::size_t {
  kRc651,
  kRc652,
  kRc653,
  kRc654,
  kRc655,
  kRc656,
  kRc657,
  kRc658,
  kRc659,
  kRc660,
  kRc661,
  kRc662,
  kRc663,
};

const std::vector<FindingDef>& findings();

}  // namespace rollcall::checks::mail
