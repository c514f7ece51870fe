// How Ghost is deployed on Kubernetes, as far as the API shows it to whoever may only list.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "checks/deployment/codes.h"
#include "checks/deployment/probes.h"
#include "checks/deployment/rules.h"
#include "checks/deployment/wording.h"
#include "daemon/api/pod_api.h"
#include "daemon/k8s/workload.h"

namespace rollcall::checks {
namespace deployment {
namespace {

using namespace std::chrono_literals;
using k8s::WorkloadPod;

// The first boot of 6.65.0 with a full migration took 27 s in our laboratory, with an empty
// database.
constexpr Duration kLongBoot = 60s;

const std::vector<ParamDef> kParams = {
    {"restarts", std::int64_t{3}, "a container that was restarted this often is RC911",
     std::int64_t{1}},
    {"recent", Duration(1h), "... when the last restart is no longer ago than this",
     Duration(1min)},
};

// The version each pod was found to run, by what cannot change while the pod has it.
using Versions = std::map<std::string, ghost::Version>;

std::string keyOf(const Pod& pod) {
  return pod.uid + " " + pod.image;
}

class Run {
 public:
  Run(const Limits& limits, Versions& versions, const CheckContext& context)
      : limits_(limits), versions_(versions), context_(context) {}

  Result<Outcome> run();

 private:
  Scene scene() const { return {workload_, groups_, context_.site, version_}; }
  void add(Finding finding) { outcome_.findings.push_back(std::move(finding)); }
  void note(std::string text) { outcome_.notes.push_back(std::move(text)); }

  void tellUnlisted();
  void learnVersions();
  void judgeSeveral();
  void judgeVolumes();
  void judgeGroup(const Group& group);
  void judgeProbes(const Group& group);
  void judgePods();
  void judgePlaces();
  void judgeEnvironments();
  bool has(Code code) const;

  const Limits& limits_;
  Versions& versions_;
  const CheckContext& context_;
  Workload workload_;
  std::vector<Group> groups_;
  std::optional<ghost::Version> version_;  // the oldest
  Outcome outcome_;
};

void Run::tellUnlisted() {
  for (const Workload::Unlisted& one : workload_.unlisted) {
    if (one.lasting)
      note(unlistedNote(one));
    else
      outcome_.gaps.push_back({"", one.what, one.why});
  }
}

void Run::learnVersions() {
  Versions known;
  const auto batch = context_.pods.batch(context_.budget);
  std::optional<Error> why;
  for (const Pod& pod : context_.topology.pods) {
    if (!pod.mayBeBlamed()) continue;
    if (const auto found = versions_.find(keyOf(pod)); found != versions_.end()) {
      known.insert(*found);
      continue;
    }
    api::askSite(*batch, pod, true, [&known, &why, key = keyOf(pod)](Result<api::PodSite> site) {
      if (site && site->version)
        known.insert_or_assign(key, *site->version);
      else
        why = site ? Error{ErrorCode::kProtocol, "it does not say which version it runs"}
                   : site.error();
    });
  }
  batch->drive(context_.deadline, context_.stop);
  versions_ = std::move(known);
  for (const auto& [key, version] : versions_)
    version_ = version_ ? std::min(*version_, version) : version;
  if (!version_ && why && mostPods(groups_) > 1)
    outcome_.gaps.push_back({"", "which version of Ghost runs", *why});
}

void Run::judgeSeveral() {
  if (mostPods(groups_) > 1 && version_) add(severalPods(scene(), *version_));
}

void Run::judgeVolumes() {
  const auto own = ownVolumes(groups_);
  if (!own.empty()) return add(differentVolumes(scene(), own));
  if (usesNodes(groups_))
    note(
        "Ghost's content is in a folder of each pod's node: whether all nodes have the same there "
        "is not to be seen");
  if (mostPods(groups_) < 2) return;
  if (const auto claims = oneNodeClaims(groups_, workload_.claims); !claims.empty())
    add(oneNodeVolume(scene(), claims));
}

bool Run::has(Code code) const {
  return std::ranges::any_of(outcome_.findings,
                             [&](const Finding& one) { return one.def == &findings().at(code); });
}

// A finding of the whole is told once, of the first group that has it.
void Run::judgeGroup(const Group& group) {
  if (group.controller && overlaps(*group.controller) && !has(kRc906))
    add(overlappingUpdate(scene(), group));
  if (!group.newest()) return note("in none of the pods it is clear which container is Ghost's");
  const k8s::GhostContainer& ghost = *group.newest()->ghost;
  if (losesContent(ghost) && !has(kRc905)) add(noVolume(scene(), group));
  if (lacksMail(ghost) && !has(kRc916)) add(noMail(scene(), group));
  judgeProbes(group);
}

void Run::judgeProbes(const Group& group) {
  const WorkloadPod& pod = *group.newest();
  const Url& site = context_.site.url;
  const Readiness readiness = readinessOf(*pod.ghost, site);
  const bool early = readiness == Readiness::kNone || readiness == Readiness::kPort;
  if (early && !has(kRc907)) add(earlyReaders(scene(), group));
  // Of a pod that is not ready it is not clear whether its probe ever succeeds.
  if (readiness == Readiness::kBooted && pod.pod.ready && !has(kRc908))
    add(blindReadiness(scene(), group));
  if (diesWithDatabase(*pod.ghost, site) && !has(kRc909)) add(deadlyLiveness(scene(), group));
  const auto patience = bootPatience(*pod.ghost);
  if (patience && *patience < kLongBoot && !has(kRc910)) add(hastyProbe(scene(), group, *patience));
}

void Run::judgePods() {
  const WallTime now = context_.clock.wall();
  for (const WorkloadPod& pod : workload_.pods) {
    if (!isAlive(pod) || !pod.ghost) continue;
    const k8s::GhostContainer& ghost = *pod.ghost;
    if (ranOutOfMemory(ghost, now))
      add(outOfMemory(scene(), pod));
    else if (restartsOften(ghost, now, limits_))
      add(restarts(scene(), pod));
    else if (ghost.restarts > 0 && restartsOften(ghost, now, {0, limits_.recent}))
      note(restartNote(pod));
  }
}

void Run::judgePlaces() {
  // Where the volume ties the pods to a node, spreading them is no advice.
  if (has(kRc903) || has(kRc904)) return;
  std::map<std::string, std::string> zones;
  for (const Pod& pod : context_.topology.pods) zones[pod.name] = pod.zone;
  if (const auto node = onlyNode(workload_)) return add(onePlace(scene(), kRc913, *node));
  if (const auto zone = onlyZone(workload_, zones)) add(onePlace(scene(), kRc914, *zone));
}

// Of the pods that get readers; whoever does not is a note, as while a rollout goes on.
void Run::judgeEnvironments() {
  std::vector<const WorkloadPod*> serving;
  std::vector<const WorkloadPod*> all;
  for (const WorkloadPod& pod : workload_.pods) {
    if (!isAlive(pod) || !pod.ghost) continue;
    all.push_back(&pod);
    const bool serves = std::ranges::any_of(context_.topology.pods, [&](const Pod& one) {
      return one.name == pod.pod.name && one.uid == pod.pod.uid && one.mayBeBlamed();
    });
    if (serves && pod.pod.ready) serving.push_back(&pod);
  }
  const Comparison comparison = compareEnvironments(serving, workload_.nameSpace);
  for (Finding& finding : otherEnvironments(scene(), comparison.differences))
    add(std::move(finding));
  for (const Difference& user : comparison.users) note(userNote(user));
  for (const std::string& variable : comparison.doubtful)
    note(
        fmt::format("{} does not come from the same place in all pods: whether it is the same is "
                    "not to be seen",
                    variable));
  if (!comparison.differences.empty() || serving.size() == all.size()) return;
  for (const Difference& one : compareEnvironments(all, workload_.nameSpace).differences)
    note(fmt::format("{} differs, but not between pods that get readers", one.variable));
}

Result<Outcome> Run::run() {
  Result<Workload> workload = context_.workload->look(context_.deadline, context_.stop);
  if (!workload) return workload.error();
  workload_ = std::move(*workload);
  groups_ = groupsOf(workload_);
  tellUnlisted();
  if (groups_.empty()) {
    note("no pod is alive");
    return std::move(outcome_);
  }
  learnVersions();
  judgeSeveral();
  judgeVolumes();
  for (const Group& group : groups_) judgeGroup(group);
  judgePods();
  judgePlaces();
  judgeEnvironments();
  return std::move(outcome_);
}

class DeploymentCheck final : public Check {
 public:
  explicit DeploymentCheck(const Params& params)
      : limits_{static_cast<unsigned>(params.count("restarts")), params.duration("recent")} {}
  Result<Outcome> run(const CheckContext& context) override {
    return Run(limits_, versions_, context).run();
  }

 private:
  const Limits limits_;
  Versions versions_;
};

}  // namespace
}  // namespace deployment

const CheckSpec& deploymentSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "deployment",
      .summary =
          "Kubernetes runs Ghost with a number of pods, volumes, probes and settings that fit",
      .needs = {Need::kWorkload, Need::kPods},
      .interval = 1min,
      .timeout = 30s,
      .onChange = false,
      .findings = deployment::findings(),
      .params = deployment::kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<deployment::DeploymentCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
