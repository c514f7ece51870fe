#include "daemon/k8s/workload_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

#include "daemon/core/letter_case.h"
#include "daemon/core/topology.h"
#include "daemon/k8s/json.h"

namespace rollcall::k8s {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxMounts = 64;
constexpr std::size_t kMaxVariables = 1000;
constexpr std::size_t kMaxModes = 8;
constexpr std::size_t kMaxHeaders = 32;
constexpr long kMaxReplicas = 1'000'000;
constexpr long kMaxSeconds = 1'000'000;
constexpr long kMaxPercent = 1000;

enum class Meaning { kUrl, kHost, kPort, kWord, kPath };
struct Variable {
  std::string_view name;
  Meaning meaning;
};
// The only variables that are kept. Ghost's own, Bitnami's, Lagoon's.
constexpr Variable kVariables[] = {{"url", Meaning::kUrl},
                                   {"database__connection__host", Meaning::kHost},
                                   {"database__connection__port", Meaning::kPort},
                                   {"database__connection__database", Meaning::kWord},
                                   {"database__connection__user", Meaning::kWord},
                                   {"paths__contentPath", Meaning::kPath},
                                   {"GHOST_HOST", Meaning::kHost},
                                   {"GHOST_DATABASE_HOST", Meaning::kHost},
                                   {"GHOST_DATABASE_PORT_NUMBER", Meaning::kPort},
                                   {"GHOST_DATABASE_NAME", Meaning::kWord},
                                   {"GHOST_DATABASE_USER", Meaning::kWord},
                                   {"MARIADB_HOST", Meaning::kHost},
                                   {"MARIADB_PORT", Meaning::kPort},
                                   {"MARIADB_DATABASE", Meaning::kWord},
                                   {"MARIADB_USERNAME", Meaning::kWord}};

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

bool consistsOf(std::string_view text, std::string_view more) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || more.find(c) != more.npos;
  });
}

// The value in its usual spelling; empty when it is not what such a variable holds, and then
// perhaps something that nobody should see.
std::string proper(Meaning meaning, const std::string& text) {
  switch (meaning) {
    case Meaning::kUrl: {
      const Result<Url> url = parseUrl(text);
      return url ? url->text() : "";
    }
    case Meaning::kHost:
      return consistsOf(text, ".-_:") ? lowerCase(text) : "";
    case Meaning::kPort:
      return text.size() <= 5 && std::ranges::all_of(text, isDigit) ? text : "";
    case Meaning::kWord:
      return consistsOf(text, ".-_$") ? text : "";
    case Meaning::kPath:
      return text.starts_with('/') ? plainText(text) : "";
  }
  std::abort();
}

std::string sourceOf(const json& variable) {
  constexpr std::pair<const char*, const char*> kSources[] = {{"secretKeyRef", "Secret"},
                                                              {"configMapKeyRef", "ConfigMap"}};
  for (const auto& [key, kind] : kSources) {
    const json* source = find(variable, {"valueFrom", key});
    if (!source) continue;
    const std::string name = textAt(*source, {"name"});
    return fmt::format("the key {} of the {} {}", plainText(textAt(*source, {"key"})), kind,
                       isName(name) ? name : "");
  }
  return find(variable, {"valueFrom"}) ? "a field of the pod" : "";
}

// Nothing when the variable is none that is kept.
std::optional<EnvValue> readValue(const json& variable, const std::string& name) {
  const auto known =
      std::ranges::find_if(kVariables, [&](const Variable& one) { return one.name == name; });
  if (known == std::end(kVariables)) return std::nullopt;
  if (std::string source = sourceOf(variable); !source.empty())
    return EnvValue{"", std::move(source)};
  const std::string text = textAt(variable, {"value"});
  if (text.find("$(") != std::string::npos) return EnvValue{"", "other variables"};
  std::string value = proper(known->meaning, text);
  if (value.empty()) return EnvValue{"", "a value that is no proper one"};
  return EnvValue{std::move(value), ""};
}

bool configuresMail(std::string_view name) {
  return name.starts_with("mail__") || name.starts_with("GHOST_SMTP_") ||
         name.starts_with("GHOST_MAIL_");
}

void readEnvironment(const json& spec, GhostContainer& ghost) {
  const json* more = listAt(spec, {"envFrom"});
  ghost.hasMoreEnv = more && !more->empty();
  const json* list = listAt(spec, {"env"});
  if (!list) return;
  std::size_t read = 0;
  for (const json& one : *list) {
    if (++read > kMaxVariables) break;
    const std::string name = textAt(one, {"name"});
    ghost.hasMail |= configuresMail(name);
    ghost.hasAdapter |= name.starts_with("storage__");
    // Of two of a name the last counts.
    if (auto value = readValue(one, name)) ghost.env.insert_or_assign(name, std::move(*value));
  }
}

bool saysHttps(const json& http) {
  const json* headers = listAt(http, {"httpHeaders"});
  if (!headers) return false;
  const auto end =
      headers->begin() + static_cast<std::ptrdiff_t>(std::min(kMaxHeaders, headers->size()));
  return std::any_of(headers->begin(), end, [](const json& one) {
    return lowerCase(textAt(one, {"name"})) == "x-forwarded-proto" &&
           lowerCase(textAt(one, {"value"})) == "https";
  });
}

// Whether a probe's httpGet or tcpSocket goes to `ghost` and to nobody else in the pod or beyond.
bool asksGhost(const json& action, const Container& container, std::uint16_t ghost) {
  if (find(action, {"host"})) return false;
  if (numberAt(action, {"port"}, ghost, ghost)) return true;
  const std::string name = textAt(action, {"port"});
  return !name.empty() && std::ranges::any_of(container.ports, [&](const ContainerPort& port) {
    return port.name == name && port.number == ghost;
  });
}

std::optional<Probe> readProbe(const json& spec, const char* key, const Container& container,
                               std::uint16_t ghost) {
  const json* object = find(spec, {key});
  if (!object || !object->is_object()) return std::nullopt;
  const auto seconds = [&](const char* name, long usual) {
    return std::chrono::seconds(numberAt(*object, {name}, 0, kMaxSeconds).value_or(usual));
  };
  Probe probe;
  probe.delay = seconds("initialDelaySeconds", 0);
  probe.period = seconds("periodSeconds", 10);
  probe.failures =
      static_cast<unsigned>(numberAt(*object, {"failureThreshold"}, 1, kMaxSeconds).value_or(3));
  const json* http = find(*object, {"httpGet"});
  const json* tcp = find(*object, {"tcpSocket"});
  if (http && asksGhost(*http, container, ghost)) {
    probe.kind = ProbeKind::kHttp;
    probe.path = plainText(textAt(*http, {"path"}));
    if (!probe.path.starts_with('/')) probe.path = "/" + probe.path;
    probe.saysHttps = saysHttps(*http);
  } else if (tcp && asksGhost(*tcp, container, ghost)) {
    probe.kind = ProbeKind::kTcp;
  }
  return probe;
}

VolumeKind kindOf(const json& volume) {
  constexpr std::pair<const char*, VolumeKind> kKinds[] = {
      {"persistentVolumeClaim", VolumeKind::kClaim},
      {"hostPath", VolumeKind::kNode},
      {"emptyDir", VolumeKind::kPassing},
      {"ephemeral", VolumeKind::kPassing},
      {"configMap", VolumeKind::kFiles},
      {"secret", VolumeKind::kFiles},
      {"projected", VolumeKind::kFiles},
      {"downwardAPI", VolumeKind::kFiles}};
  for (const auto& [key, kind] : kKinds)
    if (find(volume, {key})) return kind;
  return VolumeKind::kOther;
}

std::string withoutSlash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::vector<Mount> readMounts(const json& object, const json& spec) {
  std::vector<Mount> mounts;
  const json* list = listAt(spec, {"volumeMounts"});
  const json* volumes = listAt(object, {"spec", "volumes"});
  if (!list || !volumes) return mounts;
  for (const json& one : *list) {
    if (mounts.size() == kMaxMounts) break;
    const std::string name = textAt(one, {"name"});
    const auto volume = std::find_if(volumes->begin(), volumes->end(), [&](const json& each) {
      return textAt(each, {"name"}) == name;
    });
    const std::string path = plainText(textAt(one, {"mountPath"}));
    if (volume == volumes->end() || !path.starts_with('/')) continue;
    const std::string claim = textAt(*volume, {"persistentVolumeClaim", "claimName"});
    mounts.push_back({withoutSlash(path), kindOf(*volume), isName(claim) ? claim : ""});
  }
  return mounts;
}

// A container that waits has its end in lastState, one that has just ended in state.
std::optional<RunEnd> readEnd(const json& status) {
  for (const char* state : {"state", "lastState"}) {
    const json* end = find(status, {state, "terminated"});
    if (!end || !end->is_object()) continue;
    return RunEnd{plainText(textAt(*end, {"reason"})),
                  numberAt(*end, {"exitCode"}, -65536, 65536).value_or(0),
                  readTime(textAt(*end, {"finishedAt"}))};
  }
  return std::nullopt;
}

const json* named(const json* list, const std::string& name) {
  if (!list) return nullptr;
  const auto found = std::find_if(list->begin(), list->end(),
                                  [&](const json& one) { return textAt(one, {"name"}) == name; });
  return found == list->end() ? nullptr : &*found;
}

GhostContainer readGhost(const json& object, const Container& container, std::uint16_t port) {
  GhostContainer ghost;
  ghost.port = port;
  ghost.name = container.name;
  ghost.image = container.image;
  ghost.restarts = container.restarts;
  if (const json* status = named(listAt(object, {"status", "containerStatuses"}), container.name))
    ghost.lastEnd = readEnd(*status);
  const json* spec = named(listAt(object, {"spec", "containers"}), container.name);
  if (!spec) return ghost;
  ghost.memoryLimit = plainText(textAt(*spec, {"resources", "limits", "memory"}));
  ghost.startup = readProbe(*spec, "startupProbe", container, port);
  ghost.readiness = readProbe(*spec, "readinessProbe", container, port);
  ghost.liveness = readProbe(*spec, "livenessProbe", container, port);
  ghost.mounts = readMounts(object, *spec);
  readEnvironment(*spec, ghost);
  return ghost;
}

// A kind that others may have defined goes into sentences and commands all the same.
bool isKind(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, [](char c) {
    return std::isalpha(static_cast<unsigned char>(c));
  });
}

ObjectName readName(const json& reference) {
  ObjectName name{textAt(reference, {"kind"}), textAt(reference, {"name"})};
  return isKind(name.kind) && isName(name.name) ? name : ObjectName{};
}

// A Deployment's ReplicaSet is called <deployment>-<pod-template-hash>, and the hash is a label of
// its pods; so ReplicaSets themselves need not be read.
ObjectName readOwner(const json& object) {
  const json* owners = listAt(object, {"metadata", "ownerReferences"});
  if (!owners) return {};
  const auto controls = std::find_if(owners->begin(), owners->end(), [](const json& one) {
    return flagAt(one, {"controller"}).value_or(false);
  });
  if (controls == owners->end()) return {};
  const ObjectName owner = readName(*controls);
  const std::string hash = textAt(object, {"metadata", "labels", "pod-template-hash"});
  if (owner.kind != "ReplicaSet" || hash.empty() || !owner.name.ends_with("-" + hash)) return owner;
  return {"Deployment", owner.name.substr(0, owner.name.size() - hash.size() - 1)};
}

// "25%" of `whole`, or a number. Shares are rounded up for a surge, down for what may be away.
unsigned shareOf(const json& object, std::initializer_list<const char*> keys, unsigned whole,
                 bool up, unsigned usual) {
  if (const auto number = numberAt(object, keys, 0, kMaxReplicas))
    return static_cast<unsigned>(*number);
  const std::string text = textAt(object, keys);
  unsigned percent = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), percent);
  const bool isPercent = code == std::errc() && end != text.data() &&
                         end + 1 == text.data() + text.size() && *end == '%' &&
                         percent <= kMaxPercent;
  if (!isPercent) return usual;
  const unsigned long hundreds = static_cast<unsigned long>(whole) * percent;
  return static_cast<unsigned>((hundreds + (up ? 99 : 0)) / 100);
}

Result<std::string> nameOf(const json& object, std::string_view kind) {
  std::string name = textAt(object, {"metadata", "name"});
  if (!isName(name))
    return Error{ErrorCode::kProtocol,
                 fmt::format("the API speaks of a {} without a proper name", kind)};
  return name;
}

unsigned replicasAt(const json& object, std::initializer_list<const char*> keys) {
  return static_cast<unsigned>(numberAt(object, keys, 0, kMaxReplicas).value_or(1));
}

void readRolling(const json& object, Controller& controller) {
  const std::string type = textAt(object, {"spec", "strategy", "type"});
  controller.rolls = type.empty() || type == "RollingUpdate";
  const auto share = [&](const char* key, bool up) {
    const unsigned quarter = (controller.replicas + (up ? 3 : 0)) / 4;
    return shareOf(object, {"spec", "strategy", "rollingUpdate", key}, controller.replicas, up,
                   quarter);
  };
  controller.surge = share("maxSurge", true);
  controller.unavailable = share("maxUnavailable", false);
  // As Kubernetes takes it: something has to give.
  if (controller.surge == 0 && controller.unavailable == 0) controller.unavailable = 1;
}

}  // namespace

std::string ObjectName::forKubectl() const {
  return lowerCase(kind) + "/" + name;
}

Result<WorkloadPod> readWorkloadPod(const json& object, std::string_view port) {
  Result<KubePod> pod = readPod(object);
  if (!pod) return pod.error();
  WorkloadPod workload;
  workload.owner = readOwner(object);
  for (const char* label : {"pod-template-hash", "controller-revision-hash"})
    if (workload.revision.empty())
      workload.revision = plainText(textAt(object, {"metadata", "labels", label}));
  const Result<GhostPort> at = ghostPort(*pod, port);
  if (at && at->container && isName(at->container->name))
    workload.ghost = readGhost(object, *at->container, at->number);
  workload.pod = std::move(*pod);
  return workload;
}

Result<Controller> readController(const json& object, std::string_view kind) {
  const Result<std::string> name = nameOf(object, kind);
  if (!name) return name.error();
  Controller controller;
  controller.name = {std::string(kind), *name};
  controller.replicas = replicasAt(object, {"spec", "replicas"});
  if (kind == "Deployment") {
    readRolling(object, controller);
    return controller;
  }
  const std::string type = textAt(object, {"spec", "updateStrategy", "type"});
  controller.rolls = type.empty() || type == "RollingUpdate";
  controller.unavailable =
      shareOf(object, {"spec", "updateStrategy", "rollingUpdate", "maxUnavailable"},
              controller.replicas, false, 1);
  return controller;
}

Result<Autoscaler> readAutoscaler(const json& object) {
  const Result<std::string> name = nameOf(object, "HorizontalPodAutoscaler");
  if (!name) return name.error();
  const json* target = find(object, {"spec", "scaleTargetRef"});
  return Autoscaler{*name, target ? readName(*target) : ObjectName{},
                    replicasAt(object, {"spec", "maxReplicas"})};
}

bool Claim::allowsMany() const {
  return std::ranges::find(modes, "ReadWriteMany") != modes.end();
}

Result<Claim> readClaim(const json& object) {
  const Result<std::string> name = nameOf(object, "PersistentVolumeClaim");
  if (!name) return name.error();
  Claim claim{*name, {}};
  const json* modes = listAt(object, {"status", "accessModes"});
  if (!modes || modes->empty()) modes = listAt(object, {"spec", "accessModes"});
  if (!modes) return claim;
  for (const json& one : *modes)
    if (one.is_string() && claim.modes.size() < kMaxModes && isKind(one.get<std::string>()))
      claim.modes.push_back(one.get<std::string>());
  return claim;
}

}  // namespace rollcall::k8s
