// What a pod really answers at an address, and what that proves of a difference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/routes/comparison.h"
#include "daemon/core/check.h"

namespace rollcall::checks::routes {

struct Probe {
  const Pod* pod;
  std::string path;
  bool routed = false;  // there, or routed to what the pod's theme cannot draw: Ghost answers 400
  bool notFound = false;
  std::optional<Error> trouble = {};  // no answer, or the pod failed: it proves nothing
};
void probe(const CheckContext& context, std::vector<Probe>& probes);

// What real requests confirm of a pod's differences; an empty answer when the pod did not answer
// one of them, then `gap` says why. Of more differences of one sort than are asked for, the rest
// counts only when all that were asked proved right.
std::vector<Difference> proven(const CheckContext& context, const Pod& pod,
                               const std::vector<Difference>& differences, std::optional<Gap>& gap);

}  // namespace rollcall::checks::routes
