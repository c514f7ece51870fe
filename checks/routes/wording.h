// The codes of this check and the sentences of its findings. Pure.
#pragma once

#include <string>
#include <vector>

#include "checks/routes/comparison.h"
#include "daemon/core/finding.h"

namespace rollcall::checks::routes {

enum Code { kRc561, kRc562, kRc563, kRc564, kRc565 };
const std::vector<FindingDef>& findings();

// A pod, or all of them with an empty `pod`, routes by another file.
struct Scene {
  std::string pod;
  std::string place;    // of routes.yaml
  std::string changed;  // when it was changed; empty when not known
  std::vector<Difference> differences;
};
Finding otherRoutes(const Scene& scene);

// Pods route differently: `has` answer `path` and `lack` do not.
Finding disagreement(const std::string& path, const std::vector<std::string>& has,
                     const std::vector<std::string>& lack);
Finding brokenFile(const std::string& place, const std::string& why);
Finding notLoaded(const std::string& place, const std::string& changed);

}  // namespace rollcall::checks::routes
