#include "checks/database/pod_versions.h"

#include <algorithm>
#include <utility>

#include "daemon/api/pod_api.h"

namespace rollcall::checks::database {

void PodVersions::learn(const CheckContext& context, bool all) {
  std::erase_if(versions_, [&](const auto& one) {
    return std::ranges::none_of(context.topology.pods,
                                [&](const Pod& pod) { return pod.name == one.first; });
  });
  std::vector<const Pod*> pods;
  for (const Pod& pod : context.topology.pods) {
    const auto known = versions_.find(pod.name);
    if (pod.mayBeBlamed() && (all || known == versions_.end() || !known->second))
      pods.push_back(&pod);
  }
  ask(context, pods, true);
}

void PodVersions::askAgain(const CheckContext& context, const std::vector<const Pod*>& pods) {
  ask(context, pods, false);
}

void PodVersions::ask(const CheckContext& context, const std::vector<const Pod*>& pods,
                      bool shared) {
  const auto batch = context.pods.batch(context.budget);
  for (const Pod* pod : pods)
    api::askSite(*batch, *pod, shared, [this, pod](Result<api::PodSite> site) {
      Result<ghost::Version> version =
          Error{ErrorCode::kProtocol, "it does not say which version it runs"};
      if (!site)
        version = site.error();
      else if (site->version)
        version = *site->version;
      versions_.insert_or_assign(pod->name, std::move(version));
    });
  batch->drive(context.deadline, context.stop);
}

std::vector<const Pod*> PodVersions::olderThan(const ghost::Version& schema,
                                               const Topology& topology) const {
  std::vector<const Pod*> older;
  for (const Pod& pod : topology.pods) {
    const auto known = versions_.find(pod.name);
    if (pod.mayBeBlamed() && known != versions_.end() && known->second && *known->second < schema)
      older.push_back(&pod);
  }
  return older;
}

std::vector<Gap> PodVersions::gaps(const Topology& topology) const {
  std::vector<Gap> gaps;
  for (const Pod& pod : topology.pods) {
    const auto known = versions_.find(pod.name);
    if (pod.mayBeBlamed() && known != versions_.end() && !known->second)
      gaps.push_back({pod.name, "its version", known->second.error()});
  }
  return gaps;
}

}  // namespace rollcall::checks::database
