// The findings of this check, in words. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checks/deployment/codes.h"
#include "checks/deployment/environment.h"
#include "checks/deployment/rules.h"
#include "daemon/core/finding.h"
#include "daemon/core/topology.h"
#include "daemon/ghost/version.h"

namespace rollcall::checks::deployment {

// What the sentences are about. Borrowed.
struct Scene {
  const Workload& workload;
  const std::vector<Group>& groups;
  const Site& site;
  std::optional<ghost::Version> version;  // the oldest of the pods', when one is known
};

Finding severalPods(const Scene& scene, const ghost::Version& version);
Finding oneNodeVolume(const Scene& scene, const std::vector<const k8s::Claim*>& claims);
Finding differentVolumes(const Scene& scene, const std::map<std::string, std::string>& volumes);
Finding noVolume(const Scene& scene, const Group& group);
Finding overlappingUpdate(const Scene& scene, const Group& group);
// RC907 to RC910: of Ghost's container in the group's newest pod.
Finding earlyReaders(const Scene& scene, const Group& group);
Finding blindReadiness(const Scene& scene, const Group& group);
Finding deadlyLiveness(const Scene& scene, const Group& group);
Finding hastyProbe(const Scene& scene, const Group& group, Duration patience);
Finding restarts(const Scene& scene, const k8s::WorkloadPod& pod);
Finding outOfMemory(const Scene& scene, const k8s::WorkloadPod& pod);
Finding onePlace(const Scene& scene, Code code, const std::string& place);
// One for each pod that is not as most are; one without a pod where none are the most.
std::vector<Finding> otherEnvironments(const Scene& scene, const std::vector<Difference>& found);
Finding noMail(const Scene& scene, const Group& group);

// What is worth knowing of a pod that was restarted but not often.
std::string restartNote(const k8s::WorkloadPod& pod);
std::string userNote(const Difference& difference);
// Why a kind is not looked at, and what that leaves open.
std::string unlistedNote(const Workload::Unlisted& unlisted);

}  // namespace rollcall::checks::deployment
