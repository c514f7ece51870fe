// The sentences of this check's findings. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/settings/compare.h"
#include "daemon/core/clock.h"

namespace rollcall::checks::settings {

// What is wrong on one pod, or with an empty name on every pod alike.
struct Scene {
  std::string pod;
  std::string version;
  std::vector<Difference> differences;
  std::optional<WallTime> startedAt = {};  // of that pod, when its source tells
};

std::string messageOf(const Scene& scene, const Table& table);
std::string causeOf(const Scene& scene, const Table& table);
std::string remedyOf(const Scene& scene);
std::map<std::string, std::string> evidenceOf(const Scene& scene, const Table& table);

}  // namespace rollcall::checks::settings
