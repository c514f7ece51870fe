// The commands of `rollcall`, one file each. Each returns the program's exit code.
#pragma once

#include "daemon/config/config.h"
#include "daemon/core/registry.h"

namespace rollcall {

// `rollcall serve`: runs until SIGTERM or SIGINT (0, within 5 s), a second signal ends it at once.
// To be called from main's thread while it is the only one: it blocks signals for all later ones.
// 64 when the configuration cannot be used or the address to listen on is taken.
int serveCommand(const CheckRegistry& registry, const Config& config);

}  // namespace rollcall
