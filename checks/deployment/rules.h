// What is wrong with how Ghost is deployed. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/k8s/workload.h"

namespace rollcall::checks::deployment {

// Neither ended nor leaving.
bool isAlive(const k8s::WorkloadPod& pod);

// The pods that one object owns. Borrowed from the Workload.
struct Group {
  k8s::ObjectName owner;                        // empty: nobody's
  const k8s::Controller* controller = nullptr;  // null when the owner is not known any closer
  const k8s::Autoscaler* autoscaler = nullptr;  // null when there is none
  std::vector<const k8s::WorkloadPod*> pods;    // those that are alive, at least one

  // How many there are to be; counted where nobody says.
  std::size_t replicas() const;
  // How many there may be.
  std::size_t most() const;
  // The pod that was made last: it is as the owner's template is now. Null when it is not clear in
  // any of them which container is Ghost's.
  const k8s::WorkloadPod* newest() const;
};
std::vector<Group> groupsOf(const Workload& workload);
// Over all groups.
std::size_t mostPods(const std::vector<Group>& groups);

// Whether an update's new pods run beside old ones.
bool overlaps(const k8s::Controller& controller);

// Volumes that outlive the pod, mounted at Ghost's content folder, above it or below.
std::vector<const k8s::Mount*> contentMounts(const k8s::GhostContainer& ghost);
// No volume that outlives the pod holds content: known for certain only, so not where a storage
// adapter may be configured out of sight.
bool losesContent(const k8s::GhostContainer& ghost);
// Where a volume for the content has to be mounted; nothing when that is not known.
std::optional<std::string> contentFolder(const k8s::GhostContainer& ghost);
// Claims with content that but one node may write to, as far as `claims` tells.
std::vector<const k8s::Claim*> oneNodeClaims(const std::vector<Group>& groups,
                                             const std::vector<k8s::Claim>& claims);
// Pods whose content is on different claims: a name for what each has. Empty when all have the
// same.
std::map<std::string, std::string> ownVolumes(const std::vector<Group>& groups);
// Content is in folders of different nodes, which one file server may mount on all of them.
bool usesNodes(const std::vector<Group>& groups);

struct Limits {
  unsigned restarts = 3;
  Duration recent = std::chrono::hours(1);
};
bool restartsOften(const k8s::GhostContainer& ghost, WallTime now, const Limits& limits);
// Within a day.
bool ranOutOfMemory(const k8s::GhostContainer& ghost, WallTime now);
// What to raise a memory limit to, as Kubernetes takes it: at least 1 GiB, or twice as much.
// Nothing when `limit` is not understood: a number might lower it.
std::optional<std::string> moreMemory(std::string_view limit);

// The only place, when all pods that are alive are in one, and there are others.
std::optional<std::string> onlyNode(const Workload& workload);
// `zones`: what else is known of them, by pod.
std::optional<std::string> onlyZone(const Workload& workload,
                                    const std::map<std::string, std::string>& zones);

// Ghost's official image, without any sign of a mail configuration.
bool lacksMail(const k8s::GhostContainer& ghost);

}  // namespace rollcall::checks::deployment
