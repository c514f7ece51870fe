// The settings of pods that Kubernetes tells of.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/merge.h"

namespace rollcall {

// Fills `config.kubernetes` and `config.surroundings`; what is wrong is added to `problems`.
void readKubernetes(const MergedConfig& merged, Config& config, std::vector<std::string>& problems);

}  // namespace rollcall
