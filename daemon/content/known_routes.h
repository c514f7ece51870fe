// The site's routes as far as they can be known: from the file the person named, from the content
// folder, from a pod's Admin API, or assumed.
#pragma once

#include <optional>
#include <string>

#include "daemon/core/check.h"
#include "daemon/ghost/routes.h"

namespace rollcall {

// kKnown: read from routes.yaml, or its absence from a content folder that is Ghost's, which means
// the defaults.
enum class Trust { kKnown, kAssumed };

struct RoutesText {
  std::optional<std::string> text;  // empty: there is no such file, or nobody can tell
  Trust trust = Trust::kAssumed;
  std::string place;                // where it was read, for people
  std::optional<WallTime> changed;  // by the volume's clock
  std::optional<Gap> gap;           // it is configured where to read it, and that failed
};
// `shared`: a pod's Admin API need not be asked anew (see PodRequest); not for a second look. An
// Error when the file the person named cannot be read.
Result<RoutesText> readRoutesText(const CheckContext& context, bool shared);

struct KnownRoutes {
  Routes routes;
  Trust trust = Trust::kAssumed;
  std::optional<Gap> gap;  // as above
};

// For a first look. An Error when a routes.yaml was read and cannot be understood, or the named
// file cannot be read.
Result<KnownRoutes> readKnownRoutes(const CheckContext& context);

}  // namespace rollcall
