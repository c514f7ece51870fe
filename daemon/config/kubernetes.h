// The settings of what the Kubernetes API is asked for: the pods, which replica leads.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/merge.h"

namespace rollcall {

// Fills `config.kubernetes`, `.lease`, `.events` and `.surroundings`; what is wrong is added to
// `problems`.
void readKubernetes(const MergedConfig& merged, Config& config, std::vector<std::string>& problems);

}  // namespace rollcall
