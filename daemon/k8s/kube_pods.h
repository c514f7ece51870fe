// Pods from the Kubernetes API of the cluster that Rollcall runs in.
#pragma once

#include <memory>
#include <string>

#include "daemon/core/topology.h"
#include "daemon/k8s/cluster.h"
#include "daemon/net/http_client.h"

namespace rollcall {

// What a person says of where Ghost runs.
struct KubernetesConfig {
  std::string nameSpace;  // empty = the one Rollcall runs in
  std::string selector;   // of Ghost's pods; never empty
  std::string service;    // whose traffic tells which pods are ready; empty = the pods' own word
  std::string port;       // Ghost's: a number or the name of a container's port; empty = found out
};

// Watches on threads of its own until it is destroyed, which takes no longer than a moment. The
// list is of this instant; while the API cannot be asked the last one is kept and marked stale. The
// first call waits for the first list. `http` and `clock` are borrowed. kInvalidArgument when this
// is no container of a cluster. With `tls` the pods are asked over https.
Result<std::unique_ptr<PodSource>> makeKubePods(const Clock& clock, HttpClient& http,
                                                const KubernetesConfig& config,
                                                const k8s::Surroundings& surroundings, bool tls);

}  // namespace rollcall
