// The table of the deployment check's findings.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/core/finding.h"

namespace rollcall::checks::deployment {

// Indices into findings().
enum Code : std::size_t {
  kRc901,
  kRc902,
  kRc903,
  kRc904,
  kRc905,
  kRc906,
  kRc907,
  kRc908,
  kRc909,
  kRc910,
  kRc911,
  kRc912,
  kRc913,
  kRc914,
  kRc915,
  kRc916,
};

const std::vector<FindingDef>& findings();

}  // namespace rollcall::checks::deployment
