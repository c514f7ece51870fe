// What the agents beside the pods ("rollcall volume-agent") say of the content volume.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/content/volume_json.h"
#include "daemon/core/check.h"

namespace rollcall::checks::volume {

// `report`: what the agent said, or why that says nothing of the present.
struct AgentAnswer {
  const Pod* pod;
  std::string address;  // of the agent: "10.0.0.11:9869"
  Result<VolumeReport> report;
};

// Asks the agents of all pods that may be blamed, all at once; in the pods' order.
std::vector<AgentAnswer> askAgents(const CheckContext& context, std::uint16_t port);

}  // namespace rollcall::checks::volume
