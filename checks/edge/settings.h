// The edge check's settings (checks.edge.*).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/edge/pages.h"
#include "checks/edge/purge.h"
#include "checks/edge/rules.h"
#include "daemon/core/params.h"
#include "daemon/core/topology.h"

namespace rollcall::checks::edge {

const std::vector<ParamDef>& paramDefs();

struct Settings {
  explicit Settings(const Params& params);

  std::optional<Url> url;  // empty = the check is not set up
  std::string caFile;
  std::size_t requests;  // to the edge, a run
  Duration rest;         // from one to the next
  std::chrono::milliseconds allowedAge;
  Duration certificateWarning;
  Wish wish;
  PurgeSettings purge;
};

}  // namespace rollcall::checks::edge
