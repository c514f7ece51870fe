// Admin API keys: how a request to Ghost's Admin API is signed.
// Source: Ghost's documentation of token authentication; tried on 5.130.6, 6.56.0 and 6.65.0.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/ghost/version.h"

namespace rollcall::ghost {

// The Authorization header's value ("Ghost eyJ...") for a key "id:secret", good for five minutes
// from `now` on. `version` tells where the API lives, which the token names. Empty when `key` is
// not of that form. The token is as secret as the key.
std::string adminAuthorization(std::string_view key, WallTime now, std::optional<Version> version);

}  // namespace rollcall::ghost
