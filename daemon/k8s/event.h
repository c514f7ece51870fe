// An Event of the API (events.k8s.io) about a pod, as a document. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/core/clock.h"

namespace rollcall::k8s {

struct PodEvent {
  std::string name;  // of the Event itself
  std::string nameSpace;
  std::string pod;
  std::string podUid;
  bool warning = false;
  std::string reason;  // a finding's code
  std::string action;  // FindingBegan or FindingEnded
  std::string note;    // cut to what the API takes
  WallTime at{};
  // Set when it goes on.
  std::uint64_t count = 1;
  WallTime seen{};
};

// `instance` is the replica that tells it.
std::string newEvent(const PodEvent& event, const std::string& instance);
// The change to an Event that goes on.
std::string seriesOf(const PodEvent& event);

}  // namespace rollcall::k8s
