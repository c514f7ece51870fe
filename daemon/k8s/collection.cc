#include "daemon/k8s/collection.h"

#include <fmt/format.h>

#include <cctype>

namespace rollcall::k8s {

std::string queryValue(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~')
      escaped += c;
    else
      escaped += fmt::format("%{:02X}", byte);
  }
  return escaped;
}

std::string Collection::folder() const {
  const std::string root = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  return fmt::format("{}/namespaces/{}/{}", root, nameSpace, resource);
}

std::string Collection::path() const {
  const std::string which = name.empty() ? "labelSelector=" + queryValue(selector)
                                         : "fieldSelector=" + queryValue("metadata.name=" + name);
  return fmt::format("{}?{}", folder(), which);
}

Collection podsCollection(std::string nameSpace, std::string selector) {
  return {.group = "",
          .resource = "pods",
          .nameSpace = std::move(nameSpace),
          .selector = std::move(selector)};
}

Collection slicesCollection(std::string nameSpace, std::string_view service) {
  return {.group = "discovery.k8s.io",
          .resource = "endpointslices",
          .nameSpace = std::move(nameSpace),
          .selector = fmt::format("kubernetes.io/service-name={}", service)};
}

Collection leasesCollection(std::string nameSpace) {
  return {.group = "coordination.k8s.io",
          .resource = "leases",
          .nameSpace = std::move(nameSpace),
          .selector = "",
          .verbs = {"get", "create", "update"}};
}

Collection eventsCollection(std::string nameSpace) {
  return {.group = "events.k8s.io",
          .resource = "events",
          .nameSpace = std::move(nameSpace),
          .selector = "",
          .verbs = {"create", "patch"}};
}

}  // namespace rollcall::k8s
