#include "daemon/config/kubernetes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace rollcall {
namespace {

// What else a selector may and must be is the API's business.
bool isSelector(std::string_view text) {
  return !text.empty() && text.size() <= 1000 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' && c < 127; });
}

// A DNS label, as Services and namespaces are named; short enough for a Lease.
bool isObjectName(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool isPortOrName(std::string_view text) {
  unsigned number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool isNumber = end == text.data() + text.size() && !text.empty();
  if (isNumber) return code == std::errc() && number >= 1 && number <= 65535;
  return text.size() <= 15 && isObjectName(text);
}

constexpr std::string_view kNoSelector =
    "says nothing without a selector of Ghost's pods: give --kube-selector or kubernetes.selector";

struct Field {
  const char* path;
  std::string KubernetesConfig::*target;
  bool (*fits)(std::string_view);
  const char* wanted;
};
constexpr Field kFields[] = {
    {"kubernetes.selector", &KubernetesConfig::selector, isSelector,
     "must be a label selector as kubectl takes it, such as app.kubernetes.io/name=ghost"},
    {"kubernetes.service", &KubernetesConfig::service, isObjectName,
     "must be the name of a Service"},
    {"kubernetes.namespace", &KubernetesConfig::nameSpace, isObjectName,
     "must be the name of a namespace"},
    {"kubernetes.port", &KubernetesConfig::port, isPortOrName,
     "must be a port's number, or the name of a container's port"}};

}  // namespace

void readKubernetes(const MergedConfig& merged, Config& config,
                    std::vector<std::string>& problems) {
  KubernetesConfig kubernetes;
  const bool selected = merged.find("kubernetes.selector") != nullptr;
  for (const Field& field : kFields) {
    const Setting* setting = merged.find(field.path);
    if (!setting) continue;
    kubernetes.*field.target = setting->text;
    if (!field.fits(setting->text))
      problems.push_back(fmt::format("{}: {}", setting->origin, field.wanted));
    else if (!selected)
      problems.push_back(fmt::format("{}: {}", setting->origin, kNoSelector));
  }
  if (selected) config.kubernetes = std::move(kubernetes);
  if (const Setting* lease = merged.find("kubernetes.lease")) {
    config.lease = lease->text;
    if (!isObjectName(lease->text))
      problems.push_back(fmt::format("{}: must be the name of a Lease", lease->origin));
  }
  if (const Setting* events = merged.find("kubernetes.events")) {
    config.events = events->text == "true";
    if (!config.events && events->text != "false")
      problems.push_back(fmt::format("{}: must be true or false", events->origin));
    else if (config.events && !selected)
      problems.push_back(fmt::format("{}: {}", events->origin, kNoSelector));
  }
  k8s::Surroundings& around = config.surroundings;
  if (const Setting* host = merged.find("surroundings.host")) around.host = host->text;
  if (const Setting* port = merged.find("surroundings.port")) around.port = port->text;
  if (const Setting* account = merged.find("surroundings.account"))
    around.accountFolder = account->text;
}

}  // namespace rollcall
