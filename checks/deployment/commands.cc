#include "checks/deployment/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "daemon/core/shell_word.h"

namespace rollcall::checks::deployment {
namespace {

std::string ofContainer(const k8s::GhostContainer& ghost, std::string_view fields) {
  return fmt::format(
      R"({{"spec":{{"template":{{"spec":{{"containers":[{{"name":"{}",{}}}]}}}}}}}})", ghost.name,
      fields);
}

bool isPlain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_' ||
           c == '/';
  });
}

// "a=b,c=d" as the members of a JSON object.
std::optional<std::string> matchLabels(std::string_view selector) {
  std::string members;
  while (!selector.empty()) {
    const std::string_view one = selector.substr(0, selector.find(','));
    selector.remove_prefix(std::min(one.size() + 1, selector.size()));
    const auto equals = one.find('=');
    if (equals == one.npos) return std::nullopt;
    const std::string_view key = one.substr(0, equals);
    std::string_view value = one.substr(equals + 1);
    if (value.starts_with('=')) value.remove_prefix(1);
    if (!isPlain(key) || !isPlain(value)) return std::nullopt;
    members += fmt::format(R"({}"{}":"{}")", members.empty() ? "" : ",", key, value);
  }
  return members;
}

}  // namespace

bool isKnown(const k8s::ObjectName& owner) {
  return owner.kind == "Deployment" || owner.kind == "StatefulSet";
}

std::string Commands::get(std::string_view resource, std::string_view name) const {
  return fmt::format("kubectl get {} {} {}", resource, name, inNamespace());
}

std::string Commands::part(std::string_view resource, std::string_view name,
                           std::string_view path) const {
  return fmt::format("{} -o jsonpath={}", get(resource, name),
                     shellWord(fmt::format("{{{}}}", path)));
}

std::string Commands::partOfAll(const std::string& selector, std::string_view path) const {
  const std::string each = fmt::format(
      R"({{range .items[*]}}{{.metadata.name}}{{" "}}{{.spec.containers[*]{}}}{{"\n"}}{{end}})",
      path);
  return fmt::format("kubectl get pods {} -l {} -o jsonpath={}", inNamespace(), shellWord(selector),
                     shellWord(each));
}

std::string Commands::pods(const std::string& selector) const {
  return fmt::format("kubectl get pods {} -l {} -o wide", inNamespace(), shellWord(selector));
}

std::string Commands::previousLog(const std::string& pod, const std::string& container) const {
  return fmt::format("kubectl logs {} {} -c {} --previous", pod, inNamespace(), container);
}

std::string Commands::scaleToOne(const k8s::ObjectName& owner) const {
  return fmt::format("kubectl scale {} {} --replicas=1", owner.forKubectl(), inNamespace());
}

std::string Commands::patch(const k8s::ObjectName& owner, const std::string& json) const {
  return fmt::format("kubectl patch {} {} -p {}", owner.forKubectl(), inNamespace(),
                     shellWord(json));
}

std::string Commands::undo(const k8s::ObjectName& owner) const {
  return fmt::format("kubectl rollout undo {} {}", owner.forKubectl(), inNamespace());
}

std::string Commands::setMemory(const k8s::ObjectName& owner, const std::string& container,
                                const std::string& limit) const {
  return fmt::format("kubectl set resources {} {} -c {} --limits=memory={}", owner.forKubectl(),
                     inNamespace(), container, limit);
}

std::string Commands::setMail(const k8s::ObjectName& owner, const std::string& container) const {
  return fmt::format(
      "kubectl set env {} {} -c {} mail__transport=SMTP mail__options__host=SERVER "
      "mail__options__port=587 mail__from=ADDRESS",
      owner.forKubectl(), inNamespace(), container);
}

std::string Commands::limitAutoscaler(const std::string& name) const {
  return fmt::format("kubectl patch hpa {} {} -p {}", name, inNamespace(),
                     shellWord(R"({"spec":{"minReplicas":1,"maxReplicas":1}})"));
}

std::string Commands::recreate() const {
  return R"({"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}})";
}

std::string Commands::httpGet(const k8s::GhostContainer& ghost, const Url& at,
                              const std::string& path) const {
  return fmt::format(
      R"("httpGet":{{"path":"{}","port":{},"httpHeaders":[{{"name":"Host","value":"{}"}},{{"name":"X-Forwarded-Proto","value":"{}"}}]}},"tcpSocket":null)",
      path, ghost.port, at.authority(), at.scheme);
}

std::string Commands::readFrontPage(const k8s::GhostContainer& ghost) const {
  return ofContainer(ghost,
                     fmt::format(R"("readinessProbe":{{{},"periodSeconds":10,"timeoutSeconds":5}})",
                                 httpGet(ghost, site_.url, site_.pathOf("/"))));
}

std::string Commands::liveFromMemory(const k8s::GhostContainer& ghost) const {
  const std::string below = site_.admin.path == "/" ? "" : site_.admin.path;
  const std::string get =
      httpGet(ghost, site_.admin, below + ghost::adminApiPath(version_) + "site/");
  return ofContainer(
      ghost,
      fmt::format(
          R"("startupProbe":{{{0},"periodSeconds":5,"failureThreshold":360}},"livenessProbe":{{{0},"periodSeconds":20,"timeoutSeconds":5,"initialDelaySeconds":0}})",
          get));
}

std::optional<std::string> Commands::mountContent(const k8s::GhostContainer& ghost,
                                                  std::string_view path) const {
  if (!isPlain(path)) return std::nullopt;
  return fmt::format(
      R"({{"spec":{{"template":{{"spec":{{"volumes":[{{"name":"content","emptyDir":null,"persistentVolumeClaim":{{"claimName":"CLAIM"}}}}],"containers":[{{"name":"{}","volumeMounts":[{{"name":"content","mountPath":"{}"}}]}}]}}}}}}}})",
      ghost.name, path);
}

std::optional<std::string> Commands::spread(const std::string& selector,
                                            std::string_view topology) const {
  const auto labels = matchLabels(selector);
  if (!labels) return std::nullopt;
  return fmt::format(
      R"({{"spec":{{"template":{{"spec":{{"topologySpreadConstraints":[{{"maxSkew":1,"topologyKey":"{}","whenUnsatisfiable":"ScheduleAnyway","labelSelector":{{"matchLabels":{{{}}}}}}}]}}}}}}}})",
      topology, *labels);
}

}  // namespace rollcall::checks::deployment
