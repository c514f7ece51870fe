// The table of the pods check's findings.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/core/finding.h"

namespace rollcall::checks::pods {

// Indices into findings().
enum Code : std::size_t {
  kRc101,
  kRc102,
  kRc103,
  kRc104,
  kRc105,
  kRc106,
  kRc107,
  kRc108,
  kRc110,
  kRc111,
  kRc112,
  kRc115
};

const std::vector<FindingDef>& findings();

}  // namespace rollcall::checks::pods
