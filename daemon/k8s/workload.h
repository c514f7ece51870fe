// What the Kubernetes API shows of Ghost's workload: its pods, what owns and scales them, and the
// claims they mount.
#pragma once

#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/k8s/cluster.h"
#include "daemon/k8s/kube_pods.h"
#include "daemon/k8s/workload_objects.h"
#include "daemon/net/http_client.h"

namespace rollcall {

struct Workload {
  // A kind of object that could not be listed, or not to its end. `lasting` = nor will it be: a
  // rule is missing, which `why` names, the cluster has no such kind, or there are too many.
  struct Unlisted {
    std::string what;
    bool lasting = false;
    Error why;
  };

  std::string nameSpace;
  std::string selector;
  std::vector<k8s::WorkloadPod> pods;        // by the selector, in the API's order
  std::vector<k8s::Controller> controllers;  // Deployments and StatefulSets that own them
  std::vector<k8s::Autoscaler> autoscalers;  // that scale those
  std::vector<k8s::Claim> claims;            // that the pods mount
  // On which any pod of the namespace is. Looked for only while all Ghost's are in one place.
  std::set<std::string> nodes;
  std::set<std::string> zones;
  std::vector<Unlisted> unlisted;
};

class WorkloadSource {
 public:
  virtual ~WorkloadSource() = default;
  // As it is now. An Error when the pods themselves cannot be listed; what else could not be is in
  // `unlisted`. Blocks until `deadline` or `stop` at most. Thread-safe.
  virtual Result<Workload> look(Deadline deadline, std::stop_token stop) = 0;
};

// Lists, and never watches or gets; only the kinds that the pods refer to. `http` and `clock` are
// borrowed. kInvalidArgument when this is no container of a cluster.
Result<std::unique_ptr<WorkloadSource>> makeWorkloadSource(const Clock& clock, HttpClient& http,
                                                           const KubernetesConfig& config,
                                                           const k8s::Surroundings& surroundings);

}  // namespace rollcall
