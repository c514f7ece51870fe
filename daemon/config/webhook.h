// The section "webhook".
#pragma once

#include <string>
#include <vector>

#include "daemon/config/merge.h"

namespace rollcall {

// Fills config.webhook; what is wrong is added to `problems`, which never repeat the URL or the
// secret.
void readWebhook(const MergedConfig& merged, Config& config, std::vector<std::string>& problems);

}  // namespace rollcall
