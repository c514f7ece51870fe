#include "checks/deployment/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "checks/deployment/commands.h"
#include "checks/deployment/probes.h"

namespace rollcall::checks::deployment {
namespace {

using k8s::WorkloadPod;

Commands commandsOf(const Scene& scene) {
  return Commands(scene.workload.nameSpace, scene.site, scene.version);
}

Finding start(Code code, std::string message) {
  Finding finding;
  finding.def = &findings().at(code);
  finding.message = std::move(message);
  finding.remedy = finding.def->remedy;
  return finding;
}

std::string counted(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string listed(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

// "Deployment ghost", or the pods themselves where nobody is known to own them.
std::string nameOf(const Group& group) {
  if (group.owner != k8s::ObjectName{}) return group.owner.text();
  std::vector<std::string> names;
  for (const WorkloadPod* pod : group.pods) names.push_back(pod->pod.name);
  return listed(names);
}

void addOwner(const Group& group, Finding& finding) {
  if (group.owner != k8s::ObjectName{}) finding.evidence["owner"] = group.owner.text();
}

// A command for the owner where kubectl knows how, else the words alone.
std::string mended(const Group& group, std::string_view words, const std::string& command,
                   std::string_view after = "") {
  if (!isKnown(group.owner)) return std::string(words);
  return fmt::format("{}: {}{}{}", words, command, after.empty() ? "" : "; ", after);
}

// The same for a change of the owner's template.
std::string patched(const Scene& scene, const Group& group, std::string_view words,
                    const std::string& patch) {
  return mended(group, words, commandsOf(scene).patch(group.owner, patch),
                "this restarts the pods one after the other");
}

// The group to speak of where all have something in common: the largest.
const Group& largest(const Scene& scene) {
  return *std::ranges::max_element(scene.groups, {}, [](const Group& one) { return one.most(); });
}

std::string replicasText(const Group& group) {
  std::string text =
      group.controller ? counted(group.replicas(), "replica") : counted(group.replicas(), "pod");
  if (group.most() > group.replicas())
    text +=
        fmt::format(", and the autoscaler {} may make it {}", group.autoscaler->name, group.most());
  return text;
}

std::string scaleRemedy(const Scene& scene, std::string_view words, std::string_view after) {
  const Group& group = largest(scene);
  const Commands commands = commandsOf(scene);
  if (group.autoscaler)
    return fmt::format("{}: {}; {}", words, commands.limitAutoscaler(group.autoscaler->name),
                       after);
  return mended(group, words, commands.scaleToOne(group.owner), after);
}

std::string ownerCommand(const Scene& scene, const Group& group, std::string_view path) {
  const Commands commands = commandsOf(scene);
  if (!isKnown(group.owner)) return commands.pods(scene.workload.selector);
  const std::string kind = group.owner.forKubectl().substr(0, group.owner.kind.size());
  return path.empty() ? commands.get(kind, group.owner.name)
                      : commands.part(kind, group.owner.name, path);
}

std::string container(const k8s::GhostContainer& ghost) {
  return fmt::format(R"(.spec.containers[?(@.name=="{}")])", ghost.name);
}

std::string seconds(Duration time) {
  return fmt::format("{} s", std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

// What a probe asks.
std::string probeText(const std::optional<k8s::Probe>& probe) {
  if (!probe) return "none";
  switch (probe->kind) {
    case k8s::ProbeKind::kHttp:
      return fmt::format("httpGet {}{}", probe->path,
                         probe->saysHttps ? " with X-Forwarded-Proto: https" : "");
    case k8s::ProbeKind::kTcp:
      return "tcpSocket";
    case k8s::ProbeKind::kOther:
      return "another kind";
  }
  std::abort();
}

// Begins a finding about a probe of the group's newest pod.
Finding startProbe(const Scene& scene, const Group& group, Code code, const char* field,
                   const std::optional<k8s::Probe>& probe, std::string message) {
  const WorkloadPod& pod = *group.newest();
  Finding finding = start(code, std::move(message));
  addOwner(group, finding);
  finding.evidence[field] = probeText(probe);
  finding.evidence["looked_at"] = pod.pod.name;
  finding.reproduce =
      commandsOf(scene).part("pod", pod.pod.name, container(*pod.ghost) + "." + field);
  return finding;
}

std::string endText(const k8s::RunEnd& end) {
  return fmt::format("{}exit code {}", end.reason.empty() ? "" : end.reason + ", ", end.exitCode);
}

std::string timeText(const std::optional<WallTime>& time) {
  return time ? formatTime(*time) : "a time that is not told";
}

// A volume that is mounted elsewhere keeps nothing.
std::string volumeRemedy(const Scene& scene, const Group& group) {
  const k8s::GhostContainer& ghost = *group.newest()->ghost;
  const Commands commands = commandsOf(scene);
  const auto folder = contentFolder(ghost);
  const auto patch = folder ? commands.mountContent(ghost, *folder) : std::nullopt;
  if (!patch)
    return "make a PersistentVolumeClaim and mount it where this image keeps Ghost's content; this "
           "restarts the pods: save what is in them first";
  return mended(group,
                fmt::format("make a PersistentVolumeClaim and mount it at {}, with its name for "
                            "CLAIM",
                            *folder),
                commands.patch(group.owner, *patch),
                "this restarts the pods: save what is in them first");
}

std::string memoryRemedy(const Scene& scene, const WorkloadPod& pod) {
  const auto more = moreMemory(pod.ghost->memoryLimit);
  if (!more) return "raise the limit to twice what it is, and to 1Gi at least";
  if (!isKnown(pod.owner)) return "raise the limit to " + *more;
  return fmt::format("raise the limit: {}; this restarts the pods",
                     commandsOf(scene).setMemory(pod.owner, pod.ghost->name, *more));
}

}  // namespace

Finding severalPods(const Scene& scene, const ghost::Version& version) {
  const bool memory = ghost::routesFromMemory(version);
  const Group& group = largest(scene);
  std::vector<std::string> texts;
  for (const Group& one : scene.groups)
    texts.push_back(fmt::format("{} has {}", nameOf(one), replicasText(one)));
  Finding finding =
      start(memory ? kRc901 : kRc902,
            fmt::format("{}; it runs Ghost {}", fmt::join(texts, "; "), version.text()));
  addOwner(group, finding);
  finding.evidence["replicas"] = std::to_string(group.replicas());
  finding.evidence["version"] = version.text();
  if (group.autoscaler) finding.evidence["max_replicas"] = std::to_string(group.autoscaler->most);
  finding.reproduce = ownerCommand(scene, group, "");
  if (memory) {
    finding.cause = fmt::format(
        "Ghost {} keeps its routes in each pod's memory: a post published through one pod is {} on "
        "the others until they are restarted",
        version.text(),
        version.major < 6 ? "404" : "404, or a redirect to /404/ that browsers keep for a year,");
    finding.remedy = scaleRemedy(scene, "run one pod, or Ghost 6.57 or later",
                                 "with several, Rollcall names each pod that is stale");
  } else {
    finding.cause =
        "settings, private mode, theme, redirects, routes, offers, tiers and the sitemaps live in "
        "each pod's memory: a change reaches the pod through which it was made";
    finding.remedy =
        "nothing while Rollcall's other checks watch: each names the pods that missed a change";
  }
  return finding;
}

Finding oneNodeVolume(const Scene& scene, const std::vector<const k8s::Claim*>& claims) {
  const Group& group = largest(scene);
  std::vector<std::string> texts;
  for (const k8s::Claim* claim : claims)
    texts.push_back(fmt::format("{} is {}", claim->name, listed(claim->modes)));
  Finding finding =
      start(kRc903, fmt::format("the claim {}, and {} has {}", fmt::join(texts, "; the claim "),
                                nameOf(group), replicasText(group)));
  addOwner(group, finding);
  finding.evidence["claim"] = claims.front()->name;
  finding.evidence["access_modes"] = listed(claims.front()->modes);
  finding.evidence["replicas"] = std::to_string(group.replicas());
  const auto node = onlyNode(scene.workload);
  finding.cause = fmt::format(
      "a volume that is not ReadWriteMany is attached to one node{}: a pod that is put on another "
      "one waits in ContainerCreating",
      node ? fmt::format(" (now all pods are on {})", *node) : "");
  finding.reproduce = commandsOf(scene).get("pvc", claims.front()->name);
  finding.remedy = scaleRemedy(
      scene,
      "move the content to a claim with the access mode ReadWriteMany; until then run one pod",
      "access modes of a claim cannot be changed");
  return finding;
}

Finding differentVolumes(const Scene& scene, const std::map<std::string, std::string>& volumes) {
  std::vector<std::string> texts;
  Finding finding = start(kRc904, "");
  for (const auto& [pod, volume] : volumes) {
    texts.push_back(fmt::format("{} has {}", pod, volume));
    finding.evidence[pod] = volume;
  }
  constexpr std::size_t kShown = 6;
  const std::size_t more = texts.size() - std::min(texts.size(), kShown);
  texts.resize(std::min(texts.size(), kShown));
  finding.message = fmt::format("Ghost's content: {}{}", fmt::join(texts, ", "),
                                more > 0 ? fmt::format(", and {} more", more) : "");
  const bool perPod = std::ranges::any_of(
      scene.groups, [](const Group& one) { return one.owner.kind == "StatefulSet"; });
  finding.cause = perPod ? "volumeClaimTemplates of a StatefulSet make a claim for each pod"
                         : "the pods were made from different templates";
  finding.reproduce = commandsOf(scene).partOfAll(scene.workload.selector, ".volumeMounts");
  finding.remedy =
      "mount one claim with the access mode ReadWriteMany in all pods; what is on the others has "
      "to be copied there";
  return finding;
}

Finding noVolume(const Scene& scene, const Group& group) {
  const WorkloadPod& pod = *group.newest();
  Finding finding = start(
      kRc905, fmt::format("no persistent volume is mounted for the content of {}", nameOf(group)));
  addOwner(group, finding);
  finding.evidence["looked_at"] = pod.pod.name;
  std::vector<std::string> paths;
  for (const k8s::Mount& mount : pod.ghost->mounts) paths.push_back(mount.path);
  finding.evidence["mounts"] = listed(paths);
  finding.cause =
      "uploads, themes and redirects are files in the container: they go with the pod, and no "
      "other pod has them";
  finding.reproduce =
      commandsOf(scene).part("pod", pod.pod.name, container(*pod.ghost) + ".volumeMounts");
  finding.remedy = volumeRemedy(scene, group);
  return finding;
}

Finding overlappingUpdate(const Scene& scene, const Group& group) {
  const k8s::Controller& controller = *group.controller;
  const bool isDeployment = controller.name.kind == "Deployment";
  Finding finding = start(
      kRc906,
      fmt::format("an update of {} starts up to {} while at least {} of the old ones serve",
                  controller.name.text(),
                  counted(controller.surge + controller.unavailable, "new pod"),
                  controller.replicas - std::min(controller.unavailable, controller.replicas)));
  addOwner(group, finding);
  finding.evidence["strategy"] = "RollingUpdate";
  finding.evidence["max_surge"] = std::to_string(controller.surge);
  finding.evidence["max_unavailable"] = std::to_string(controller.unavailable);
  finding.cause =
      "nothing is wrong until the image changes to a version with a migration: its first pod "
      "changes the schema under the pods that still serve";
  finding.reproduce =
      ownerCommand(scene, group, isDeployment ? ".spec.strategy" : ".spec.updateStrategy");
  finding.remedy =
      isDeployment
          ? mended(group, "before such an update",
                   commandsOf(scene).patch(group.owner, commandsOf(scene).recreate()),
                   "the site is then away while the new version boots, in every rollout")
          : mended(group, "before such an update", commandsOf(scene).scaleToOne(group.owner),
                   "scale up again when it is through");
  return finding;
}

Finding earlyReaders(const Scene& scene, const Group& group) {
  const k8s::GhostContainer& ghost = *group.newest()->ghost;
  Finding finding = startProbe(
      scene, group, kRc907, "readinessProbe", ghost.readiness,
      ghost.readiness ? fmt::format("the readiness probe of {} asks only whether the port is open",
                                    nameOf(group))
                      : fmt::format("{} has no readiness probe", nameOf(group)));
  finding.cause =
      "Ghost opens its port before it touches the database and answers 503 until it has booted: "
      "some seconds, and minutes while it migrates. Readers get that after every restart";
  finding.remedy = patched(scene, group, "let the probe get the front page",
                           commandsOf(scene).readFrontPage(ghost));
  return finding;
}

Finding blindReadiness(const Scene& scene, const Group& group) {
  const k8s::GhostContainer& ghost = *group.newest()->ghost;
  const bool none = !ghost.readiness || ghost.readiness->kind == k8s::ProbeKind::kTcp;
  const bool redirected =
      !none && answerTo(*ghost.readiness, scene.site.url) == Answer::kRedirected;
  Finding finding =
      startProbe(scene, group, kRc908, "readinessProbe", ghost.readiness,
                 fmt::format("pods of {} stay ready when they lose their database", nameOf(group)));
  finding.cause =
      none         ? "nothing but their start is probed"
      : redirected ? fmt::format(
                         "without X-Forwarded-Proto: https Ghost redirects {} to the site's https "
                         "before it looks anything up, and Kubernetes takes that for success",
                         ghost.readiness->path)
                   : fmt::format("Ghost answers {} from memory, while every page is an error",
                                 ghost.readiness->path);
  finding.remedy = patched(scene, group, "let the probe get the front page",
                           commandsOf(scene).readFrontPage(ghost));
  return finding;
}

Finding deadlyLiveness(const Scene& scene, const Group& group) {
  const k8s::GhostContainer& ghost = *group.newest()->ghost;
  Finding finding =
      startProbe(scene, group, kRc909, "livenessProbe", ghost.liveness,
                 fmt::format("the liveness probe of {} asks for {}, which needs the database",
                             nameOf(group), ghost.liveness->path));
  finding.cause = fmt::format(
      "when the database is away, {} failures in a row, {} apart, have Kubernetes restart every "
      "pod; none boots before it is back",
      ghost.liveness->failures, seconds(ghost.liveness->period));
  finding.remedy = patched(scene, group, "probe what Ghost knows by heart",
                           commandsOf(scene).liveFromMemory(ghost));
  return finding;
}

Finding hastyProbe(const Scene& scene, const Group& group, Duration patience) {
  const k8s::GhostContainer& ghost = *group.newest()->ghost;
  const bool atStart = ghost.startup && ghost.startup->kind == k8s::ProbeKind::kHttp;
  Finding finding = startProbe(scene, group, kRc910, atStart ? "startupProbe" : "livenessProbe",
                               atStart ? ghost.startup : ghost.liveness,
                               fmt::format("a pod of {} that has not booted after {} is killed",
                                           nameOf(group), seconds(patience)));
  finding.evidence["patience_seconds"] =
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience).count());
  finding.cause =
      "while Ghost migrates the database it answers 503, which is a failure to the probe; killed "
      "in the middle it leaves the lock in migrations_lock, and no pod boots any more";
  finding.remedy =
      patched(scene, group, "give a boot half an hour", commandsOf(scene).liveFromMemory(ghost));
  return finding;
}

Finding restarts(const Scene& scene, const WorkloadPod& pod) {
  const k8s::GhostContainer& ghost = *pod.ghost;
  Finding finding =
      start(kRc911, fmt::format("{} was restarted {}, the last time at {}", pod.pod.name,
                                counted(ghost.restarts, "time"), timeText(ghost.lastEnd->at)));
  finding.pod = pod.pod.name;
  finding.cause =
      fmt::format("the run before ended with {}; its log says why", endText(*ghost.lastEnd));
  finding.evidence["restarts"] = std::to_string(ghost.restarts);
  finding.evidence["exit_code"] = std::to_string(ghost.lastEnd->exitCode);
  if (!ghost.lastEnd->reason.empty()) finding.evidence["reason"] = ghost.lastEnd->reason;
  finding.evidence["ended_at"] = timeText(ghost.lastEnd->at);
  finding.reproduce = commandsOf(scene).get("pod", pod.pod.name);
  finding.remedy = "read why it ended: " + commandsOf(scene).previousLog(pod.pod.name, ghost.name);
  return finding;
}

Finding outOfMemory(const Scene& scene, const WorkloadPod& pod) {
  const k8s::GhostContainer& ghost = *pod.ghost;
  const bool limited = !ghost.memoryLimit.empty();
  Finding finding =
      start(kRc912, fmt::format("{} was killed for its memory at {}; {}", pod.pod.name,
                                timeText(ghost.lastEnd->at),
                                limited ? "its limit is " + ghost.memoryLimit : "it has no limit"));
  finding.pod = pod.pod.name;
  finding.evidence["reason"] = ghost.lastEnd->reason;
  finding.evidence["restarts"] = std::to_string(ghost.restarts);
  finding.evidence["memory_limit"] = limited ? ghost.memoryLimit : "none";
  finding.evidence["ended_at"] = timeText(ghost.lastEnd->at);
  finding.cause = limited
                      ? "Ghost was measured at 180 to 340 MiB after its boot and at 550 under load"
                      : "the node itself ran out of memory";
  finding.reproduce =
      commandsOf(scene).part("pod", pod.pod.name, ".status.containerStatuses[*].lastState");
  if (!limited)
    finding.remedy = "give Ghost's container a memory request of 512Mi, and the node room for it";
  else
    finding.remedy = memoryRemedy(scene, pod);
  return finding;
}

Finding onePlace(const Scene& scene, Code code, const std::string& place) {
  const bool node = code == kRc913;
  const std::set<std::string>& all = node ? scene.workload.nodes : scene.workload.zones;
  const Group& group = largest(scene);
  Finding finding =
      start(code, fmt::format("all pods are {} {}", node ? "on the node" : "in the zone", place));
  finding.evidence[node ? "node" : "zone"] = place;
  finding.evidence[node ? "nodes" : "zones"] = fmt::format("{}", fmt::join(all, ", "));
  finding.cause = fmt::format("pods of the namespace {} are on {} {}", scene.workload.nameSpace,
                              all.size(), node ? "nodes" : "zones");
  finding.reproduce = commandsOf(scene).pods(scene.workload.selector);
  const std::string topology = node ? "kubernetes.io/hostname" : "topology.kubernetes.io/zone";
  const auto patch = commandsOf(scene).spread(scene.workload.selector, topology);
  if (patch) finding.remedy = patched(scene, group, "spread the pods", *patch);
  return finding;
}

std::vector<Finding> otherEnvironments(const Scene& scene, const std::vector<Difference>& found) {
  std::map<std::string, std::vector<std::string>> sentences;  // by pod; "" = none are the most
  std::map<std::string, std::map<std::string, std::string>> evidence;
  for (const Difference& one : found) {
    const std::string usual = one.usual();
    for (const auto& [value, pods] : one.pods) {
      if (value == usual) continue;
      const std::string text =
          usual.empty() ? fmt::format("{} is {} on {}", one.variable, value, listed(pods))
                        : fmt::format("{} is {}, and {} on {}", one.variable, value, usual,
                                      listed(one.pods.at(usual)));
      const std::vector<std::string> none = {""};
      for (const std::string& pod : usual.empty() ? none : pods) {
        sentences[pod].push_back(text);
        evidence[pod][usual.empty() ? one.variable + " of " + listed(pods) : one.variable] = value;
      }
    }
  }
  std::vector<Finding> findings;
  for (const auto& [pod, texts] : sentences) {
    Finding finding = start(
        kRc915, fmt::format("{}{}", pod.empty() ? "" : "on " + pod + " ", fmt::join(texts, "; ")));
    finding.pod = pod;
    finding.evidence = evidence.at(pod);
    finding.cause =
        "the pods were made from different templates: a rollout stopped half-way, or two workloads "
        "match the selector";
    finding.reproduce = commandsOf(scene).partOfAll(
        scene.workload.selector,
        fmt::format(R"(.env[?(@.name=="{}")].value)", found.front().variable));
    finding.remedy =
        mended(largest(scene), "finish the rollout, or undo it",
               commandsOf(scene).undo(largest(scene).owner), "until then one of them is wrong");
    findings.push_back(std::move(finding));
  }
  return findings;
}

Finding noMail(const Scene& scene, const Group& group) {
  const WorkloadPod& pod = *group.newest();
  Finding finding = start(
      kRc916, fmt::format("{} has no mail settings in its environment and no configuration file",
                          nameOf(group)));
  addOwner(group, finding);
  finding.evidence["image"] = pod.ghost->image;
  finding.evidence["looked_at"] = pod.pod.name;
  finding.cause =
      "Ghost then sends mail straight from the pod, which most servers refuse, or from 6.56 on to "
      "localhost:587";
  finding.reproduce =
      commandsOf(scene).part("pod", pod.pod.name, container(*pod.ghost) + ".env[*].name");
  finding.remedy =
      mended(group, "name a mail server", commandsOf(scene).setMail(group.owner, pod.ghost->name),
             "its user and password as mail__options__auth__user and mail__options__auth__pass "
             "from a Secret; this restarts the pods");
  return finding;
}

std::string restartNote(const WorkloadPod& pod) {
  return fmt::format("{} was restarted at {} ({}); {} so far", pod.pod.name,
                     timeText(pod.ghost->lastEnd->at), endText(*pod.ghost->lastEnd),
                     counted(pod.ghost->restarts, "restart"));
}

std::string userNote(const Difference& difference) {
  return fmt::format("{} is not the same in all pods", difference.variable);
}

std::string unlistedNote(const Workload::Unlisted& unlisted) {
  constexpr std::pair<std::string_view, std::string_view> kLeftOpen[] = {
      {"deployments", "how many replicas are wanted and how updates roll"},
      {"statefulsets", "how many replicas are wanted and how updates roll"},
      {"horizontalpodautoscalers", "whether an autoscaler may make more pods"},
      {"persistentvolumeclaims", "which nodes may use the content volume"}};
  const auto found =
      std::ranges::find_if(kLeftOpen, [&](const auto& one) { return one.first == unlisted.what; });
  return fmt::format("not looked at: {}. {}",
                     found == std::end(kLeftOpen) ? unlisted.what : found->second,
                     unlisted.why.message);
}

}  // namespace rollcall::checks::deployment
