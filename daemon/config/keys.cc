#include "daemon/config/keys.h"

#include <algorithm>

namespace rollcall {
namespace {

constexpr ConfigKey kKeys[] = {{"site.url"},
                               {"site.admin_url"},
                               {"pods_dns"},
                               {"kubernetes.selector"},
                               {"kubernetes.service"},
                               {"kubernetes.namespace"},
                               {"kubernetes.port"},
                               {"kubernetes.lease"},
                               {"kubernetes.events"},
                               {"pod_ca", true},
                               {"database.url"},
                               {"database.host"},
                               {"database.port"},
                               {"database.socket", true},
                               {"database.name"},
                               {"database.user"},
                               {"database.password_file", true},
                               {"database.reader"},
                               {"database.tls.enabled"},
                               {"database.tls.ca", true},
                               {"database.query_timeout"},
                               {"database.follow"},
                               {"content.path", true},
                               {"content_api_key_file", true},
                               {"admin_api_key_file", true},
                               {"purge_token_file", true},
                               {"routes", true},
                               {"webhook.url_file", true},
                               {"webhook.secret_file", true},
                               {"webhook.format"},
                               {"webhook.findings"},
                               {"webhook.status_page"},
                               {"webhook.runbook_url"},
                               {"settle"},
                               {"budget.pages"},
                               {"budget.parallel"},
                               {"budget.pages_per_second"},
                               {"listen"},
                               {"state", true},
                               {"max_findings"},
                               {"probe.enabled"},
                               {"probe.min_interval"},
                               {"ghost_config", true}};

// What follows "section." in `path`; empty when `path` is not below it.
std::string_view below(std::string_view path, std::string_view section) {
  if (section.empty()) return path;
  if (path.size() <= section.size() + 1 || !path.starts_with(section)) return {};
  return path[section.size()] == '.' ? path.substr(section.size() + 1) : std::string_view();
}

}  // namespace

std::span<const ConfigKey> configKeys() {
  return kKeys;
}

const ConfigKey* findConfigKey(std::string_view path) {
  const auto found = std::find_if(std::begin(kKeys), std::end(kKeys),
                                  [&](const ConfigKey& key) { return key.path == path; });
  return found == std::end(kKeys) ? nullptr : found;
}

bool isConfigSection(std::string_view path) {
  return std::any_of(std::begin(kKeys), std::end(kKeys),
                     [&](const ConfigKey& key) { return !below(key.path, path).empty(); });
}

std::vector<std::string_view> configNamesBelow(std::string_view section) {
  std::vector<std::string_view> names;
  if (section.empty()) names = {"pods", "commands", "checks"};
  for (const ConfigKey& key : kKeys) {
    std::string_view name = below(key.path, section);
    name = name.substr(0, name.find('.'));
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  }
  return names;
}

}  // namespace rollcall
