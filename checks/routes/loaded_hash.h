// The hash Ghost keeps of the routes.yaml a pod loaded last, up to 6.54 (`settings.routes_hash`).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rollcall::checks::routes {

// What Ghost 5.x makes of this file: the MD5 of the JSON of the file as it understands it. nullopt
// for what is not rebuilt here: `data`, text beyond ASCII, dates and other values of YAML's own.
std::optional<std::string> loadedHash(std::string_view yaml);

}  // namespace rollcall::checks::routes
