// The table of the database check's findings.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/core/finding.h"

namespace rollcall::checks::database {

// Indices into findings().
enum Code : std::size_t {
  kRc701,
  kRc702,
  kRc703,
  kRc704,
  kRc705,
  kRc706,
  kRc707,
  kRc708,
  kRc709,
  kRc710,
  kRc711
};

const std::vector<FindingDef>& findings();

}  // namespace rollcall::checks::database
