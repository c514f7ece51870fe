// The settings of the commands that are run as checks.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/merge.h"

namespace rollcall {

// Fills `config.commands`; what is wrong is added to `problems`.
void readCommands(const MergedConfig& merged, Config& config, std::vector<std::string>& problems);

}  // namespace rollcall
