// The sentences of this check's findings. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/tiers/compare.h"
#include "daemon/core/clock.h"

namespace rollcall::checks::tiers {

// `pod` is empty when every pod shows the same differences.
std::string messageOf(std::string_view pod, const std::vector<Difference>& differences);
// `startedAt`: when the pod's process was, where its source tells.
std::string causeOf(std::string_view pod, std::optional<WallTime> startedAt);
std::string remedyOf(std::string_view pod);
std::map<std::string, std::string> evidenceOf(const std::vector<Difference>& differences);

}  // namespace rollcall::checks::tiers
