// A Pod of the Kubernetes API: what of it matters here. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall::k8s {

struct ContainerPort {
  std::string name;  // may be empty
  std::uint16_t number = 0;
};

struct Container {
  std::string name;
  std::string image;
  std::vector<ContainerPort> ports;
  std::optional<WallTime> startedAt;  // of the present run
  unsigned restarts = 0;
};

struct KubePod {
  std::string name;
  std::string uid;
  std::string address;  // IPv4 or IPv6; empty = none yet
  std::string node;
  std::string zone;
  bool finished = false;     // phase Succeeded or Failed: nothing runs in it any more
  bool ready = false;        // its own Ready condition
  bool terminating = false;  // it was asked to go
  std::optional<WallTime> startedAt;
  std::vector<Container> containers;
  std::vector<std::string> claims;  // names of the PersistentVolumeClaims it mounts
};

// kProtocol when `object` is no Pod with a name and a uid, or has an address that is none.
Result<KubePod> readPod(const nlohmann::json& object);

// Where a pod's Ghost listens, and which container that is (null when it names no port at all).
struct GhostPort {
  std::uint16_t number = 0;
  const Container* container = nullptr;
};
// `wanted` is a port's name or number as the person gave it. When empty: the port named http, ghost
// or web, else 2368, else the only one there is, else (a pod that names none) 2368. The Error says
// which ports there are.
Result<GhostPort> ghostPort(const KubePod& pod, std::string_view wanted);

}  // namespace rollcall::k8s
