// The codes of this check and the sentences of its findings. Pure.
#pragma once

#include <string>
#include <vector>

#include "checks/redirects/memory.h"
#include "daemon/core/finding.h"

namespace rollcall::checks::redirects {

enum Code { kRc551, kRc552, kRc553, kRc554, kRc555, kRc556, kRc557 };
const std::vector<FindingDef>& findings();

Code codeOf(const Claim& claim, bool allPods);

// Claims of one code on one pod, or on all of them with an empty `pod`. At least one claim.
struct Scene {
  Code code = kRc551;
  std::string pod;
  std::vector<const Claim*> claims;
  std::string place;    // of the rules
  std::string changed;  // when the file was changed; empty when not known
};
Finding findingOf(const Scene& scene);

Finding brokenFile(const std::string& place, const std::string& why);

}  // namespace rollcall::checks::redirects
