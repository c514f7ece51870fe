// What of the Kubernetes API's objects tells how Ghost is deployed. Pure. Secrets are never kept:
// of the environment only the variables named in workload_objects.cc, none of which holds one.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/k8s/kube_pod.h"

namespace rollcall::k8s {

// "Deployment", "ghost". Empty = none.
struct ObjectName {
  std::string kind;
  std::string name;

  auto operator<=>(const ObjectName&) const = default;
  std::string text() const { return kind + " " + name; }
  // As kubectl takes it: "deployment/ghost".
  std::string forKubectl() const;
};

// What a variable is set to.
struct EnvValue {
  std::string value;   // as the pod spells it out; empty when it does not, or is no proper one
  std::string source;  // then where it comes from: "the key host of the ConfigMap db"

  bool operator==(const EnvValue&) const = default;
};

enum class ProbeKind {
  kHttp,
  kTcp,
  kOther,  // a command, or another port or host than Ghost's, as where a mesh rewrites probes
};
struct Probe {
  ProbeKind kind = ProbeKind::kOther;
  std::string path;        // of kHttp
  bool saysHttps = false;  // kHttp: sends X-Forwarded-Proto: https
  Duration delay{0};       // before the first
  Duration period{0};      // between two
  unsigned failures = 0;   // in a row until it counts
  Duration patience()
      const {  // from the container's start until a probe that never succeeds counts
    return delay + period * failures;
  }
};

enum class VolumeKind {
  kClaim,
  kNode,     // hostPath: a folder of the node
  kPassing,  // goes with the pod: emptyDir, an ephemeral claim
  kFiles,    // ConfigMaps, Secrets and the like
  kOther,    // what else there is, such as nfs
};
struct Mount {
  std::string path;  // in the container, without a slash at its end unless it is "/" alone
  VolumeKind kind = VolumeKind::kOther;
  std::string claim;  // of kClaim
};

// How a container's run before the present one ended.
struct RunEnd {
  std::string reason;  // "OOMKilled", "Error"; may be empty
  long exitCode = 0;
  std::optional<WallTime> at;
};

// A pod's container that runs Ghost.
struct GhostContainer {
  std::string name;
  std::string image;
  std::uint16_t port = 0;
  unsigned restarts = 0;
  std::optional<RunEnd> lastEnd;
  std::string memoryLimit;  // as written, "512Mi"; empty = none
  std::optional<Probe> startup;
  std::optional<Probe> readiness;
  std::optional<Probe> liveness;
  std::vector<Mount> mounts;
  std::map<std::string, EnvValue> env;
  bool hasMoreEnv = false;  // from a ConfigMap or a Secret as a whole: its names are not to be seen
  bool hasMail = false;     // a variable that configures mail
  bool hasAdapter = false;  // one that configures a storage adapter
};

struct WorkloadPod {
  KubePod pod;
  ObjectName owner;      // a Deployment rather than its ReplicaSet; may be none
  std::string revision;  // of the owner's template: pods of another one are being replaced
  std::optional<GhostContainer> ghost;  // nothing when it is not clear which that is
};
// `port` as in ghostPort(). Errors are those of readPod().
Result<WorkloadPod> readWorkloadPod(const nlohmann::json& object, std::string_view port);

// A Deployment or a StatefulSet.
struct Controller {
  ObjectName name;
  unsigned replicas = 1;
  bool rolls = false;        // replaces pods one after the other when its template changes
  unsigned surge = 0;        // pods beyond `replicas` meanwhile
  unsigned unavailable = 0;  // pods that may be away meanwhile, of `replicas`
};
// kProtocol when it has no proper name. `kind` is what was listed.
Result<Controller> readController(const nlohmann::json& object, std::string_view kind);

struct Autoscaler {
  std::string name;
  ObjectName target;
  unsigned most = 1;  // replicas
};
Result<Autoscaler> readAutoscaler(const nlohmann::json& object);

// A PersistentVolumeClaim.
struct Claim {
  std::string name;
  std::vector<std::string> modes;  // of its volume, or as it was asked for: "ReadWriteMany"

  bool allowsMany() const;  // nodes to write
};
Result<Claim> readClaim(const nlohmann::json& object);

}  // namespace rollcall::k8s
