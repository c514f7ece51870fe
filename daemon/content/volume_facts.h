// The numbers of a look at the content volume, for metrics. Pure.
#pragma once

#include <vector>

#include "daemon/content/volume_probe.h"
#include "daemon/core/finding.h"

namespace rollcall {

// The worst of all mounts; see VolumeFacts. While one hangs nothing but since when.
VolumeFacts factsOf(const std::vector<MountLook>& looks);

}  // namespace rollcall
