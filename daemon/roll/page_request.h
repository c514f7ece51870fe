// How a pod is asked for a post's page. Pure.
#pragma once

#include <string>

#include "daemon/net/pod_client.h"

namespace rollcall::roll {

// Keeps of the answer what classify() looks at: of a page that should be there and is, nothing.
PodRequest pageRequest(std::string path, bool isPublic, Reason reason);

}  // namespace rollcall::roll
