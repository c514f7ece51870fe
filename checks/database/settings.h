// The settings of the check, checks.database.*
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/core/check.h"

namespace rollcall::checks::database {

struct Limits {
  Duration latency;
  std::uint64_t connectionsPercent;
  Duration lockPatience;
  Duration clockSkew;
  Duration readerLag;
};

const std::vector<ParamDef>& params();
Limits limitsOf(const Params& params);

}  // namespace rollcall::checks::database
