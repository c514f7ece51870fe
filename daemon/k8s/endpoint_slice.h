// An EndpointSlice: which pods get a Service's traffic. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "daemon/core/result.h"

namespace rollcall::k8s {

struct Endpoint {
  std::string podUid;   // may be empty
  std::string podName;  // empty when it is no pod's
  std::vector<std::string> addresses;
  bool ready = true;  // gets traffic; what is not said counts as yes
  bool terminating = false;
  std::string zone;
};

struct EndpointSlice {
  std::string name;
  std::vector<Endpoint> endpoints;
};

// kProtocol when `object` is no EndpointSlice with a name.
Result<EndpointSlice> readEndpointSlice(const nlohmann::json& object);

}  // namespace rollcall::k8s
