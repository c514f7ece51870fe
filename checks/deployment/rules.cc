#include "checks/deployment/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>

namespace rollcall::checks::deployment {
namespace {

using k8s::GhostContainer;
using k8s::Mount;
using k8s::VolumeKind;
using k8s::WorkloadPod;

constexpr Duration kMemoryWindow = std::chrono::hours(24);
constexpr std::uint64_t kGibi = std::uint64_t{1} << 30;
constexpr std::string_view kOfficialContent = "/var/lib/ghost/content";
constexpr std::string_view kBitnamiContent = "/bitnami/ghost";
constexpr std::string_view kUsualContent[] = {kOfficialContent, kBitnamiContent,
                                              "/opt/bitnami/ghost/content"};

bool isPrefix(std::string_view path, std::string_view of) {
  return path == "/" || of == path || (of.starts_with(path) && of[path.size()] == '/');
}

bool outlivesPod(const Mount& mount) {
  return mount.kind == VolumeKind::kClaim || mount.kind == VolumeKind::kNode ||
         mount.kind == VolumeKind::kOther;
}

// As docker.io has it: "ghost:6", "docker.io/library/ghost@sha256:...".
bool isOfficial(std::string_view image) {
  image = image.substr(0, image.find('@'));
  for (const std::string_view registry : {"docker.io/", "index.docker.io/"})
    if (image.starts_with(registry)) image.remove_prefix(registry.size());
  if (image.starts_with("library/")) image.remove_prefix(8);
  return image == "ghost" || image.starts_with("ghost:");
}

// As Bitnami builds it, under whichever registry.
bool isBitnami(std::string_view image) {
  image = image.substr(0, image.find('@'));
  for (const std::string_view maker : {"bitnami/", "bitnamilegacy/"}) {
    const auto found = image.find(maker);
    if (found == image.npos || (found > 0 && image[found - 1] != '/')) continue;
    const std::string_view name = image.substr(found + maker.size());
    if (name == "ghost" || name.starts_with("ghost:")) return true;
  }
  return false;
}

// What the environment says; empty when it says nothing, nullopt when that is not to be seen.
std::optional<std::string> contentPath(const GhostContainer& ghost) {
  const auto found = ghost.env.find("paths__contentPath");
  if (found == ghost.env.end()) return "";
  if (found->second.value.empty()) return std::nullopt;
  return found->second.value;
}

bool isAccount(const Mount& mount) {
  return mount.path.starts_with("/var/run/secrets/kubernetes.io");
}

// Whether it may be, or hold, a configuration of Ghost's.
bool mayConfigure(const Mount& mount) {
  switch (mount.kind) {
    case VolumeKind::kFiles:
    case VolumeKind::kOther:
      return !isAccount(mount);
    case VolumeKind::kClaim:
    case VolumeKind::kNode:
      return mount.path.ends_with(".json");
    case VolumeKind::kPassing:
      return false;
  }
  std::abort();
}

// Where a pod's content is kept; empty when that is not known.
std::string volumeOf(const WorkloadPod& pod) {
  std::set<std::string> volumes;
  for (const Mount* mount : contentMounts(*pod.ghost)) {
    if (mount->kind != VolumeKind::kClaim || mount->claim.empty()) return "";
    volumes.insert("the claim " + mount->claim);
  }
  return fmt::format("{}", fmt::join(volumes, " and "));
}

// Of a quantity's end: "Gi", "m", "e9".
std::optional<double> factorOf(std::string_view suffix) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1},        {"m", 1e-3},    {"k", 1e3},     {"M", 1e6},     {"G", 1e9},
      {"T", 1e12},    {"P", 1e15},    {"E", 1e18},    {"Ki", 0x1p10}, {"Mi", 0x1p20},
      {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60}};
  for (const auto& [name, factor] : kUnits)
    if (suffix == name) return factor;
  if (suffix.front() != 'e' && suffix.front() != 'E') return std::nullopt;
  suffix.remove_prefix(1);
  if (suffix.starts_with('+')) suffix.remove_prefix(1);
  int exponent = 0;
  const char* const last = suffix.data() + suffix.size();
  const auto [end, code] = std::from_chars(suffix.data(), last, exponent);
  if (code != std::errc() || end != last || std::abs(exponent) > 18) return std::nullopt;
  return std::pow(10.0, exponent);
}

// Nothing when it is no quantity of Kubernetes, or more than any machine has.
std::optional<std::uint64_t> bytesOf(std::string_view quantity) {
  constexpr double kMost = 0x1p60;
  double number = 0;
  const char* const last = quantity.data() + quantity.size();
  const auto [end, code] = std::from_chars(quantity.data(), last, number, std::chars_format::fixed);
  if (code != std::errc()) return std::nullopt;
  const auto factor = factorOf({end, static_cast<std::size_t>(last - end)});
  if (!factor) return std::nullopt;
  const double bytes = std::ceil(number * *factor);
  // In this order "nan" fails.
  if (!(bytes >= 1 && bytes <= kMost)) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace

bool isAlive(const WorkloadPod& pod) {
  return !pod.pod.finished && !pod.pod.terminating;
}

std::size_t Group::replicas() const {
  if (controller) return controller->replicas;
  // While a rollout goes on there are more: at least as many as of any one template.
  std::map<std::string, std::size_t> counts;
  for (const WorkloadPod* pod : pods) ++counts[pod->revision];
  return std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; })->second;
}
std::size_t Group::most() const {
  return autoscaler ? std::max<std::size_t>(replicas(), autoscaler->most) : replicas();
}
const WorkloadPod* Group::newest() const {
  const WorkloadPod* newest = nullptr;
  for (const WorkloadPod* one : pods)
    if (one->ghost && (!newest || newest->pod.startedAt < one->pod.startedAt)) newest = one;
  return newest;
}

std::vector<Group> groupsOf(const Workload& workload) {
  std::map<k8s::ObjectName, Group> groups;
  for (const WorkloadPod& pod : workload.pods)
    if (isAlive(pod)) groups[pod.owner].pods.push_back(&pod);
  std::vector<Group> all;
  for (auto& [owner, group] : groups) {
    group.owner = owner;
    for (const k8s::Controller& one : workload.controllers)
      if (one.name == owner) group.controller = &one;
    for (const k8s::Autoscaler& one : workload.autoscalers)
      if (one.target == owner) group.autoscaler = &one;
    all.push_back(std::move(group));
  }
  return all;
}

std::size_t mostPods(const std::vector<Group>& groups) {
  std::size_t most = 0;
  for (const Group& group : groups) most += group.most();
  return most;
}

bool overlaps(const k8s::Controller& controller) {
  return controller.rolls && controller.replicas > 0 &&
         (controller.surge > 0 || controller.unavailable < controller.replicas);
}

std::vector<const Mount*> contentMounts(const GhostContainer& ghost) {
  std::vector<const Mount*> mounts;
  const auto said = contentPath(ghost);
  if (!said) return mounts;
  const auto holds = [](const Mount& mount, std::string_view content) {
    return isPrefix(mount.path, content) || isPrefix(content, mount.path);
  };
  for (const Mount& mount : ghost.mounts) {
    const bool here =
        said->empty()
            ? std::ranges::any_of(kUsualContent,
                                  [&](std::string_view usual) { return holds(mount, usual); })
            : holds(mount, *said);
    if (here && outlivesPod(mount)) mounts.push_back(&mount);
  }
  return mounts;
}

bool losesContent(const GhostContainer& ghost) {
  if (ghost.hasAdapter || ghost.hasMoreEnv || !contentMounts(ghost).empty() ||
      std::ranges::any_of(ghost.mounts, mayConfigure))
    return false;
  const auto said = contentPath(ghost);
  const bool known = said && (!said->empty() || isOfficial(ghost.image));
  // Elsewhere there may be content after all, where the folder is not known.
  return known || std::ranges::none_of(ghost.mounts, outlivesPod);
}

std::optional<std::string> contentFolder(const GhostContainer& ghost) {
  const auto said = contentPath(ghost);
  if (!said || ghost.hasMoreEnv) return std::nullopt;
  if (!said->empty()) return *said;
  if (isOfficial(ghost.image)) return std::string(kOfficialContent);
  if (isBitnami(ghost.image)) return std::string(kBitnamiContent);
  return std::nullopt;
}

std::vector<const k8s::Claim*> oneNodeClaims(const std::vector<Group>& groups,
                                             const std::vector<k8s::Claim>& claims) {
  std::set<std::string> content;
  for (const Group& group : groups)
    for (const WorkloadPod* pod : group.pods)
      if (pod->ghost)
        for (const Mount* mount : contentMounts(*pod->ghost)) content.insert(mount->claim);
  std::vector<const k8s::Claim*> found;
  for (const k8s::Claim& claim : claims)
    if (content.contains(claim.name) && !claim.modes.empty() && !claim.allowsMany())
      found.push_back(&claim);
  return found;
}

std::map<std::string, std::string> ownVolumes(const std::vector<Group>& groups) {
  std::map<std::string, std::string> volumes;
  std::set<std::string> different;
  for (const Group& group : groups)
    for (const WorkloadPod* pod : group.pods) {
      const std::string volume = pod->ghost ? volumeOf(*pod) : "";
      if (volume.empty()) continue;
      volumes[pod->pod.name] = volume;
      different.insert(volume);
    }
  if (different.size() < 2) return {};
  return volumes;
}

bool usesNodes(const std::vector<Group>& groups) {
  std::set<std::string> nodes;
  for (const Group& group : groups)
    for (const WorkloadPod* pod : group.pods)
      if (pod->ghost && std::ranges::any_of(contentMounts(*pod->ghost), [](const Mount* mount) {
            return mount->kind == VolumeKind::kNode;
          }))
        nodes.insert(pod->pod.node);
  return nodes.size() > 1;
}

bool restartsOften(const GhostContainer& ghost, WallTime now, const Limits& limits) {
  return ghost.restarts >= limits.restarts && ghost.lastEnd && ghost.lastEnd->at &&
         elapsed(*ghost.lastEnd->at, now) < limits.recent;
}

bool ranOutOfMemory(const GhostContainer& ghost, WallTime now) {
  return ghost.lastEnd && ghost.lastEnd->reason == "OOMKilled" && ghost.lastEnd->at &&
         elapsed(*ghost.lastEnd->at, now) < kMemoryWindow;
}

std::optional<std::string> moreMemory(std::string_view limit) {
  const auto bytes = bytesOf(limit);
  if (!bytes) return std::nullopt;
  const std::uint64_t wanted = std::max(2 * *bytes, kGibi);
  if (wanted % kGibi == 0) return fmt::format("{}Gi", wanted / kGibi);
  return fmt::format("{}Mi", (wanted + (1u << 20) - 1) >> 20);
}

std::optional<std::string> onlyNode(const Workload& workload) {
  std::set<std::string> own;
  std::size_t pods = 0;
  for (const WorkloadPod& pod : workload.pods)
    if (isAlive(pod)) ++pods, own.insert(pod.pod.node);
  if (pods < 2 || own.size() != 1 || own.begin()->empty()) return std::nullopt;
  std::set<std::string> all = workload.nodes;
  all.insert(*own.begin());
  return all.size() > 1 ? std::optional(*own.begin()) : std::nullopt;
}

std::optional<std::string> onlyZone(const Workload& workload,
                                    const std::map<std::string, std::string>& zones) {
  std::set<std::string> own;
  std::size_t pods = 0;
  for (const WorkloadPod& pod : workload.pods) {
    if (!isAlive(pod)) continue;
    ++pods;
    const auto known = zones.find(pod.pod.name);
    own.insert(pod.pod.zone.empty() && known != zones.end() ? known->second : pod.pod.zone);
  }
  if (pods < 2 || own.size() != 1 || own.begin()->empty()) return std::nullopt;
  std::set<std::string> all = workload.zones;
  all.insert(*own.begin());
  return all.size() > 1 ? std::optional(*own.begin()) : std::nullopt;
}

// Whatever else is mounted may bring a configuration file.
bool lacksMail(const GhostContainer& ghost) {
  const auto content = contentMounts(ghost);
  const bool onlyContent = std::ranges::all_of(ghost.mounts, [&](const Mount& mount) {
    return mount.kind == VolumeKind::kPassing || isAccount(mount) ||
           (std::ranges::find(content, &mount) != content.end() &&
            isPrefix(kOfficialContent, mount.path));
  });
  return isOfficial(ghost.image) && !ghost.hasMail && !ghost.hasMoreEnv && onlyContent;
}

}  // namespace rollcall::checks::deployment
