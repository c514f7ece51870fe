#include "daemon/k8s/inventory.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::k8s {
namespace {

template <class T>
void replaceAll(std::map<std::string, T>& known, std::vector<T> listed) {
  known.clear();
  for (T& one : listed) {
    std::string name = one.name;
    known.insert_or_assign(std::move(name), std::move(one));
  }
}

// By uid where there is one: a StatefulSet gives a new pod its predecessor's name.
bool isOf(const Endpoint& endpoint, const KubePod& pod) {
  if (!endpoint.podUid.empty()) return endpoint.podUid == pod.uid;
  if (!endpoint.podName.empty()) return endpoint.podName == pod.name;
  return std::ranges::find(endpoint.addresses, pod.address) != endpoint.addresses.end();
}

}  // namespace

void Inventory::listed(std::vector<KubePod> pods) {
  replaceAll(pods_, std::move(pods));
}

void Inventory::listed(std::vector<EndpointSlice> slices) {
  replaceAll(slices_, std::move(slices));
  slicesListed_ = true;
}

void Inventory::put(KubePod pod) {
  std::string name = pod.name;
  pods_.insert_or_assign(std::move(name), std::move(pod));
}

void Inventory::put(EndpointSlice slice) {
  std::string name = slice.name;
  slices_.insert_or_assign(std::move(name), std::move(slice));
}

// A pod is in a slice per address family, and for a moment in two of one family.
std::optional<Inventory::Traffic> Inventory::trafficOf(const KubePod& pod) const {
  std::optional<Traffic> traffic;
  for (const auto& [name, slice] : slices_)
    for (const Endpoint& endpoint : slice.endpoints) {
      if (!isOf(endpoint, pod)) continue;
      if (!traffic) traffic.emplace();
      traffic->ready |= endpoint.ready;
      traffic->terminating |= endpoint.terminating;
      if (traffic->zone.empty()) traffic->zone = endpoint.zone;
    }
  return traffic;
}

Result<Pod> Inventory::podOf(const KubePod& pod, bool byService) const {
  const Result<GhostPort> port = ghostPort(pod, rules_.port);
  if (!port) return port.error();
  Pod result;
  result.name = pod.name;
  result.scheme = rules_.scheme;
  result.host = pod.address;
  result.port = port->number;
  result.ready = pod.ready;
  result.terminating = pod.terminating;
  result.node = pod.node;
  result.startedAt = pod.startedAt;
  result.uid = pod.uid;
  result.zone = pod.zone;
  result.claims = pod.claims;
  if (const Container* container = port->container) {
    if (container->startedAt) result.startedAt = container->startedAt;
    result.restarts = container->restarts;
    result.image = container->image;
  }
  if (!byService) return result;
  const Traffic traffic = trafficOf(pod).value_or(Traffic{});
  result.ready = traffic.ready;
  result.terminating |= traffic.terminating;
  if (result.zone.empty()) result.zone = traffic.zone;
  return result;
}

Topology Inventory::topology() const {
  Topology topology;
  const bool byService = !rules_.service.empty() && !slices_.empty();
  if (!rules_.service.empty() && slicesListed_ && slices_.empty())
    topology.stale = fmt::format(
        "there is no EndpointSlice of the Service {}, so which pods get traffic is taken from the "
        "pods themselves: is its name right?",
        rules_.service);
  std::string unclear;
  std::size_t more = 0;
  for (const auto& [name, known] : pods_) {
    if (known.finished || known.address.empty()) continue;
    Result<Pod> pod = podOf(known, byService);
    if (pod)
      topology.pods.push_back(std::move(*pod));
    else if (unclear.empty())
      unclear = pod.error().message;
    else
      ++more;
  }
  if (more > 0) unclear += fmt::format(" (and {} more pods alike)", more);
  if (!unclear.empty())
    topology.stale += (topology.stale.empty() ? "" : "; ") + ("not asked: " + unclear);
  return topology;
}

}  // namespace rollcall::k8s
