// The site's routes as far as they can be known: from the file the person named, from the content
// folder, or assumed.
#pragma once

#include <optional>

#include "daemon/core/check.h"
#include "daemon/ghost/routes.h"

namespace rollcall {

// kKnown: read from routes.yaml, or its absence from the content folder, which means the defaults.
enum class Trust { kKnown, kAssumed };

struct KnownRoutes {
  Routes routes;
  Trust trust = Trust::kAssumed;
  std::optional<Gap> gap;  // the content folder is configured but could not be read
};

// An Error when a routes.yaml was read and cannot be understood, or the named file cannot be read.
Result<KnownRoutes> readKnownRoutes(const CheckContext& context);

}  // namespace rollcall
