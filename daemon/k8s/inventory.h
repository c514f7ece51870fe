// What the API has told so far, and the pods that follow from it. Pure: no clock, no threads.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/topology.h"
#include "daemon/k8s/endpoint_slice.h"
#include "daemon/k8s/kube_pod.h"

namespace rollcall::k8s {

// What a person says of where Ghost runs.
struct PodRules {
  std::string service;  // whose traffic decides which pods are ready; empty = the pods themselves
  std::string port;     // see ghostPort()
  std::string scheme = "http";
};

class Inventory {
 public:
  explicit Inventory(PodRules rules) : rules_(std::move(rules)) {}

  // The whole list, in place of what was known.
  void listed(std::vector<KubePod> pods);
  void listed(std::vector<EndpointSlice> slices);
  // One object is there now, or no longer is.
  void put(KubePod pod);
  void put(EndpointSlice slice);
  void dropPod(const std::string& name) { pods_.erase(name); }
  void dropSlice(const std::string& name) { slices_.erase(name); }

  std::size_t podCount() const { return pods_.size(); }
  std::size_t sliceCount() const { return slices_.size(); }

  // Sorted by name. Left out: pods that have ended or have no address yet. A pod outside the
  // Service is there, not ready. `stale` says what is amiss with the list itself: pods whose port
  // is not clear, a Service that has no EndpointSlice (then the pods' own word counts).
  Topology topology() const;

 private:
  struct Traffic {
    bool ready = false;
    bool terminating = false;
    std::string zone;
  };
  std::optional<Traffic> trafficOf(const KubePod& pod) const;
  Result<Pod> podOf(const KubePod& pod, bool byService) const;

  const PodRules rules_;
  std::map<std::string, KubePod> pods_;  // by name
  std::map<std::string, EndpointSlice> slices_;
  bool slicesListed_ = false;
};

}  // namespace rollcall::k8s
