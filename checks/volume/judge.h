// From what was seen at one place to findings, gaps and numbers. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "checks/volume/rules.h"
#include "checks/volume/trend.h"
#include "daemon/core/finding.h"

namespace rollcall::checks::volume {

struct Judgement {
  std::vector<Finding> findings;
  std::vector<Gap> gaps;
  std::vector<std::string> notes;
  VolumeFacts facts;
};

// `looks` as confirmed() left them, of a probe that nobody stopped; `forecasts` by mount point.
Judgement judge(const Place& place, const std::vector<MountLook>& looks, const Limits& limits,
                const std::map<std::string, Forecast>& forecasts);

}  // namespace rollcall::checks::volume
