#include "daemon/k8s/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "daemon/k8s/api_client.h"
#include "daemon/k8s/collection.h"

namespace rollcall {
namespace k8s {
namespace {

using nlohmann::json;

// More than any site has.
constexpr std::size_t kMaxObjects = 1000;
constexpr std::size_t kMaxOwners = 8;
constexpr std::size_t kMaxPlaces = 1000;

struct Kind {
  const char* group;
  const char* version;
  const char* resource;
};
constexpr Kind kDeployments{"apps", "v1", "deployments"};
constexpr Kind kStatefulSets{"apps", "v1", "statefulsets"};
constexpr Kind kAutoscalers{"autoscaling", "v2", "horizontalpodautoscalers"};
constexpr Kind kClaims{"", "v1", "persistentvolumeclaims"};

bool isAlive(const KubePod& pod) {
  return !pod.finished && !pod.terminating;
}

// One look, kind by kind.
class Look {
 public:
  Look(const Clock& clock, HttpClient& http, const Cluster& cluster, const KubernetesConfig& config,
       Deadline deadline, std::stop_token stop)
      : clock_(clock),
        http_(http),
        cluster_(cluster),
        config_(config),
        deadline_(deadline),
        stop_(std::move(stop)) {}

  Result<Workload> run();

 private:
  using Read = std::function<std::optional<Error>(const json& object)>;

  struct Problem {
    Error error;
    bool lasting = false;  // as in Unlisted
    bool absent = false;   // there is no such kind
  };
  std::optional<Problem> list(const Collection& collection, const Read& read);
  // What cannot be listed is noted.
  void listMore(const Kind& kind, const std::string& name, const Read& read);
  std::optional<Error> pods();
  void owners();
  void autoscalers();
  void claims();
  void places();

  const Clock& clock_;
  HttpClient& http_;
  const Cluster& cluster_;
  const KubernetesConfig& config_;
  const Deadline deadline_;
  const std::stop_token stop_;
  Workload workload_;
};

bool isLasting(const ApiError& error) {
  return error.absent || (error.error.code == ErrorCode::kPermissionDenied && !error.unauthorized);
}

std::optional<Look::Problem> Look::list(const Collection& collection, const Read& read) {
  ApiClient client(clock_, http_, cluster_, collection);
  std::size_t count = 0;
  bool tooMany = false;
  const auto take = [&](const json& items) -> std::optional<Error> {
    for (const json& item : items) {
      tooMany = ++count > kMaxObjects;
      if (tooMany)
        return invalidArgument(
            fmt::format("there are more than {} {}", kMaxObjects, collection.resource));
      if (auto error = read(item)) return error;
    }
    return std::nullopt;
  };
  const auto listed = client.list(take, stop_, deadline_);
  if (listed) return std::nullopt;
  return Problem{listed.error().error, tooMany || isLasting(listed.error()), listed.error().absent};
}

void Look::listMore(const Kind& kind, const std::string& name, const Read& read) {
  const Collection collection{.group = kind.group,
                              .version = kind.version,
                              .resource = kind.resource,
                              .nameSpace = cluster_.nameSpace,
                              .selector = "",
                              .name = name};
  auto problem = list(collection, read);
  if (!problem) return;
  if (problem->absent)
    problem->error.message =
        fmt::format("this cluster has no {} of {}/{}", kind.resource, kind.group, kind.version);
  workload_.unlisted.push_back({kind.resource, problem->lasting, std::move(problem->error)});
}

std::optional<Error> Look::pods() {
  const auto problem = list(podsCollection(cluster_.nameSpace, config_.selector),
                            [this](const json& object) -> std::optional<Error> {
                              auto pod = readWorkloadPod(object, config_.port);
                              if (!pod) return pod.error();
                              workload_.pods.push_back(std::move(*pod));
                              return std::nullopt;
                            });
  if (problem) return problem->error;
  return std::nullopt;
}

void Look::owners() {
  std::set<ObjectName> owners;
  for (const WorkloadPod& one : workload_.pods)
    if (owners.size() < kMaxOwners) owners.insert(one.owner);
  for (const ObjectName& owner : owners) {
    const bool isDeployment = owner.kind == "Deployment";
    if (!isDeployment && owner.kind != "StatefulSet") continue;
    listMore(isDeployment ? kDeployments : kStatefulSets, owner.name,
             [&](const json& object) -> std::optional<Error> {
               auto controller = readController(object, owner.kind);
               if (!controller) return controller.error();
               if (controller->name == owner)
                 workload_.controllers.push_back(std::move(*controller));
               return std::nullopt;
             });
  }
}

void Look::autoscalers() {
  if (std::ranges::all_of(workload_.pods,
                          [](const WorkloadPod& pod) { return pod.owner == ObjectName{}; }))
    return;
  listMore(kAutoscalers, "", [this](const json& object) -> std::optional<Error> {
    auto autoscaler = readAutoscaler(object);
    if (!autoscaler) return autoscaler.error();
    const bool ours = std::ranges::any_of(workload_.pods, [&](const WorkloadPod& pod) {
      return pod.owner != ObjectName{} && pod.owner == autoscaler->target;
    });
    if (ours) workload_.autoscalers.push_back(std::move(*autoscaler));
    return std::nullopt;
  });
}

void Look::claims() {
  std::set<std::string> mounted;
  for (const WorkloadPod& one : workload_.pods)
    mounted.insert(one.pod.claims.begin(), one.pod.claims.end());
  if (mounted.empty()) return;
  listMore(kClaims, "", [&](const json& object) -> std::optional<Error> {
    auto claim = readClaim(object);
    if (!claim) return claim.error();
    if (mounted.contains(claim->name)) workload_.claims.push_back(std::move(*claim));
    return std::nullopt;
  });
}

// Whether there are other nodes and zones, the other pods of the namespace show; the right is the
// same.
void Look::places() {
  std::set<std::string> ghosts;
  std::set<std::string> zones;
  std::size_t alive = 0;
  for (const WorkloadPod& one : workload_.pods) {
    if (!isAlive(one.pod)) continue;
    ++alive;
    ghosts.insert(one.pod.node);
    zones.insert(one.pod.zone);
  }
  // Where one pod does not tell its zone, none does.
  const bool zonesDiffer = zones.size() > 1 || zones.contains("");
  if (alive < 2 || (ghosts.size() > 1 && zonesDiffer)) return;
  const auto problem = list(podsCollection(cluster_.nameSpace, ""),
                            [this](const json& object) -> std::optional<Error> {
                              const auto pod = readPod(object);
                              if (!pod) return pod.error();
                              if (!isAlive(*pod) || workload_.nodes.size() > kMaxPlaces)
                                return std::nullopt;
                              if (!pod->node.empty()) workload_.nodes.insert(pod->node);
                              if (!pod->zone.empty()) workload_.zones.insert(pod->zone);
                              return std::nullopt;
                            });
  if (problem)
    workload_.unlisted.push_back({"other nodes and zones", problem->lasting, problem->error});
}

Result<Workload> Look::run() {
  workload_.nameSpace = cluster_.nameSpace;
  workload_.selector = config_.selector;
  if (auto problem = pods()) return std::move(*problem);
  owners();
  autoscalers();
  claims();
  places();
  if (stop_.stop_requested()) return Error{ErrorCode::kCancelled, "stopped"};
  return std::move(workload_);
}

class KubeWorkload final : public WorkloadSource {
 public:
  KubeWorkload(const Clock& clock, HttpClient& http, Cluster cluster, KubernetesConfig config)
      : clock_(clock), http_(http), cluster_(std::move(cluster)), config_(std::move(config)) {}

  Result<Workload> look(Deadline deadline, std::stop_token stop) override {
    return Look(clock_, http_, cluster_, config_, deadline, std::move(stop)).run();
  }

 private:
  const Clock& clock_;
  HttpClient& http_;
  const Cluster cluster_;
  const KubernetesConfig config_;
};

}  // namespace
}  // namespace k8s

Result<std::unique_ptr<WorkloadSource>> makeWorkloadSource(const Clock& clock, HttpClient& http,
                                                           const KubernetesConfig& config,
                                                           const k8s::Surroundings& surroundings) {
  Result<k8s::Cluster> cluster = k8s::locateCluster(surroundings, config.nameSpace);
  if (!cluster) return cluster.error();
  return std::unique_ptr<WorkloadSource>(
      std::make_unique<k8s::KubeWorkload>(clock, http, std::move(*cluster), config));
}

}  // namespace rollcall
