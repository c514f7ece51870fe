// The settings `checks.volume.*`.
#pragma once

#include <string>
#include <vector>

#include "checks/volume/rules.h"
#include "daemon/core/params.h"

namespace rollcall::checks::volume {

const std::vector<ParamDef>& params();
Limits limitsOf(const Params& params);

// "images, media" -> the names, without duplicates.
std::vector<std::string> foldersIn(std::string_view list);

}  // namespace rollcall::checks::volume
