#include "daemon/k8s/endpoint_slice.h"

#include <nlohmann/json.hpp>

#include "daemon/k8s/json.h"

namespace rollcall::k8s {
namespace {

using nlohmann::json;

// The API's own limit.
constexpr std::size_t kMaxEndpoints = 1000;
constexpr std::size_t kMaxAddresses = 100;

Endpoint readEndpoint(const json& object) {
  Endpoint endpoint;
  if (textAt(object, {"targetRef", "kind"}) == "Pod") {
    endpoint.podUid = plainText(textAt(object, {"targetRef", "uid"}));
    endpoint.podName = plainText(textAt(object, {"targetRef", "name"}));
  }
  if (const json* addresses = listAt(object, {"addresses"}))
    for (const json& address : *addresses)
      if (address.is_string() && endpoint.addresses.size() < kMaxAddresses)
        endpoint.addresses.push_back(address.get<std::string>());
  endpoint.ready = flagAt(object, {"conditions", "ready"}).value_or(true);
  endpoint.terminating = flagAt(object, {"conditions", "terminating"}).value_or(false);
  endpoint.zone = plainText(textAt(object, {"zone"}));
  return endpoint;
}

}  // namespace

Result<EndpointSlice> readEndpointSlice(const json& object) {
  EndpointSlice slice;
  slice.name = textAt(object, {"metadata", "name"});
  if (!isName(slice.name))
    return Error{ErrorCode::kProtocol, "the API speaks of an EndpointSlice without a proper name"};
  const json* endpoints = listAt(object, {"endpoints"});
  if (!endpoints) return slice;
  for (const json& one : *endpoints)
    if (slice.endpoints.size() < kMaxEndpoints) slice.endpoints.push_back(readEndpoint(one));
  return slice;
}

}  // namespace rollcall::k8s
