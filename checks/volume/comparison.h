// The content volume from several places: what is wrong at all of them is said once. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "checks/volume/rules.h"
#include "checks/volume/trend.h"
#include "daemon/core/finding.h"

namespace rollcall::checks::volume {

struct View {
  Place place;
  std::vector<MountLook> looks;               // as confirmed() left them
  std::map<std::string, Forecast> forecasts;  // by mount point
};

// `views`: Rollcall's own, where it has one, and those of the agents that answered; `pods` is how
// many could have. A finding of all these agents alike, with Rollcall or another, names no pod.
Outcome compare(const std::vector<View>& views, const Limits& limits, std::size_t pods);

}  // namespace rollcall::checks::volume
