// The settings `checks.volume.*`.
#pragma once

#include <vector>

#include "checks/volume/rules.h"
#include "daemon/core/params.h"

namespace rollcall::checks::volume {

const std::vector<ParamDef>& params();
Limits limitsOf(const Params& params);

}  // namespace rollcall::checks::volume
