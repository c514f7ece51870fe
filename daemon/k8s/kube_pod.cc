#include "daemon/k8s/kube_pod.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "daemon/k8s/json.h"

namespace rollcall::k8s {
namespace {

using nlohmann::json;

constexpr std::uint16_t kGhostsOwn = 2368;
constexpr std::size_t kMaxContainers = 64;
constexpr std::size_t kMaxPorts = 64;
constexpr std::size_t kMaxClaims = 64;

bool isAddress(const std::string& text) {
  unsigned char raw[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, text.c_str(), raw) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), raw) == 1;
}

std::vector<ContainerPort> readPorts(const json& container) {
  std::vector<ContainerPort> ports;
  const json* list = listAt(container, {"ports"});
  if (!list) return ports;
  for (const json& one : *list) {
    const std::string protocol = textAt(one, {"protocol"});
    const auto number = numberAt(one, {"containerPort"}, 1, 65535);
    if (!number || (!protocol.empty() && protocol != "TCP") || ports.size() == kMaxPorts) continue;
    ports.push_back({plainText(textAt(one, {"name"})), static_cast<std::uint16_t>(*number)});
  }
  return ports;
}

// What the node says of the container: how it runs now.
void readState(const json* states, Container& container) {
  if (!states) return;
  const auto state = std::find_if(states->begin(), states->end(), [&](const json& one) {
    return textAt(one, {"name"}) == container.name;
  });
  if (state == states->end()) return;
  container.startedAt = readTime(textAt(*state, {"state", "running", "startedAt"}));
  const auto restarts =
      numberAt(*state, {"restartCount"}, 0, std::numeric_limits<std::int32_t>::max());
  container.restarts = static_cast<unsigned>(restarts.value_or(0));
}

std::vector<Container> readContainers(const json& object) {
  std::vector<Container> containers;
  const json* specs = listAt(object, {"spec", "containers"});
  if (!specs) return containers;
  for (const json& spec : *specs) {
    if (containers.size() == kMaxContainers) break;
    Container container;
    container.name = plainText(textAt(spec, {"name"}));
    container.image = plainText(textAt(spec, {"image"}));
    container.ports = readPorts(spec);
    readState(listAt(object, {"status", "containerStatuses"}), container);
    containers.push_back(std::move(container));
  }
  return containers;
}

std::vector<std::string> readClaims(const json& object) {
  std::vector<std::string> claims;
  const json* volumes = listAt(object, {"spec", "volumes"});
  if (!volumes) return claims;
  for (const json& volume : *volumes) {
    std::string claim = textAt(volume, {"persistentVolumeClaim", "claimName"});
    if (isName(claim) && claims.size() < kMaxClaims) claims.push_back(std::move(claim));
  }
  return claims;
}

bool isReady(const json& object) {
  const json* conditions = listAt(object, {"status", "conditions"});
  return conditions && std::any_of(conditions->begin(), conditions->end(), [](const json& one) {
           return textAt(one, {"type"}) == "Ready" && textAt(one, {"status"}) == "True";
         });
}

struct FoundPort {
  const Container* container;
  const ContainerPort* port;
};

std::vector<FoundPort> portsOf(const KubePod& pod) {
  std::vector<FoundPort> ports;
  for (const Container& container : pod.containers)
    for (const ContainerPort& port : container.ports) ports.push_back({&container, &port});
  return ports;
}

std::string portList(const std::vector<FoundPort>& ports) {
  std::string text;
  for (const FoundPort& one : ports)
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", one.port->number,
                        one.port->name.empty() ? "" : fmt::format(" ({})", one.port->name));
  return text.empty() ? "none" : text;
}

std::optional<std::uint16_t> portNumber(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

// The container that runs Ghost when no port tells: one so named, else the first.
const Container* likelyGhost(const KubePod& pod) {
  if (pod.containers.empty()) return nullptr;
  const auto named = std::ranges::find_if(pod.containers,
                                          [](const Container& one) { return one.name == "ghost"; });
  return named != pod.containers.end() ? &*named : &pod.containers.front();
}

GhostPort byNumber(const KubePod& pod, const std::vector<FoundPort>& ports, std::uint16_t number) {
  const auto found =
      std::ranges::find_if(ports, [&](const FoundPort& one) { return one.port->number == number; });
  return {number, found != ports.end() ? found->container : likelyGhost(pod)};
}

}  // namespace

Result<KubePod> readPod(const json& object) {
  const auto refuse = [](std::string_view why) {
    return Error{ErrorCode::kProtocol, fmt::format("the API speaks of a pod {}", why)};
  };
  KubePod pod;
  pod.name = textAt(object, {"metadata", "name"});
  if (!isName(pod.name)) return refuse("without a proper name");
  pod.uid = plainText(textAt(object, {"metadata", "uid"}));
  if (pod.uid.empty()) return refuse("without a uid: " + pod.name);
  pod.address = textAt(object, {"status", "podIP"});
  if (!pod.address.empty() && !isAddress(pod.address))
    return refuse("whose address is none: " + pod.name);
  pod.node = plainText(textAt(object, {"spec", "nodeName"}));
  pod.zone = plainText(textAt(object, {"metadata", "labels", "topology.kubernetes.io/zone"}));
  const std::string phase = textAt(object, {"status", "phase"});
  pod.finished = phase == "Succeeded" || phase == "Failed";
  pod.ready = isReady(object);
  pod.terminating = !textAt(object, {"metadata", "deletionTimestamp"}).empty();
  pod.startedAt = readTime(textAt(object, {"status", "startTime"}));
  pod.containers = readContainers(object);
  pod.claims = readClaims(object);
  return pod;
}

Result<GhostPort> ghostPort(const KubePod& pod, std::string_view wanted) {
  const std::vector<FoundPort> ports = portsOf(pod);
  if (const auto number = portNumber(wanted)) return byNumber(pod, ports, *number);
  const auto named = [&](std::string_view name) -> const FoundPort* {
    const auto found =
        std::ranges::find_if(ports, [&](const FoundPort& one) { return one.port->name == name; });
    return found != ports.end() ? &*found : nullptr;
  };
  if (!wanted.empty()) {
    if (const FoundPort* found = named(wanted))
      return GhostPort{found->port->number, found->container};
    return Error{ErrorCode::kNotFound, fmt::format("{} has no port named {}; its ports: {}",
                                                   pod.name, wanted, portList(ports))};
  }
  for (const char* usual : {"http", "ghost", "web"})
    if (const FoundPort* found = named(usual))
      return GhostPort{found->port->number, found->container};
  const bool own = std::ranges::any_of(
      ports, [](const FoundPort& one) { return one.port->number == kGhostsOwn; });
  if (own || ports.empty()) return byNumber(pod, ports, kGhostsOwn);
  if (ports.size() == 1) return GhostPort{ports[0].port->number, ports[0].container};
  return Error{ErrorCode::kNotFound,
               fmt::format("which port of {} is Ghost's is not clear ({}): say so with --kube-port",
                           pod.name, portList(ports))};
}

}  // namespace rollcall::k8s
