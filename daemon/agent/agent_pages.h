// What a volume agent's web server shows: /api/v1/volume /metrics /livez /readyz.
#pragma once

#include <memory>

#include "daemon/agent/volume_agent.h"
#include "daemon/core/clock.h"
#include "daemon/web/server.h"

namespace rollcall {

// Answers at once whatever the volume does, and is alive as long as it answers: a container that is
// started anew mends no volume. `agent` and `clock` are borrowed.
std::unique_ptr<WebPages> makeAgentPages(const VolumeAgent& agent, const Clock& clock);

}  // namespace rollcall
