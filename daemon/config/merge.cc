#include "daemon/config/merge.h"

#include <fmt/format.h>

#include <initializer_list>

#include "daemon/config/text.h"
#include "daemon/core/percent.h"

namespace rollcall {
namespace {

constexpr std::string_view kOwnPassword = "ROLLCALL_DB_PASSWORD";

std::string originOf(const ConfigLayer& layer, const std::string& path) {
  const auto found = layer.origins.find(path);
  return found != layer.origins.end() ? found->second : fmt::format("{}: {}", layer.source, path);
}

void forget(MergedConfig& merged, std::initializer_list<const char*> paths) {
  for (const char* path : paths) merged.values.erase(path);
}

// A password meant for Ghost's account says nothing of another account; one given to Rollcall by
// its own name does.
void forgetGhostsPassword(MergedConfig& merged) {
  const Setting* password = merged.find("database.password");
  if (password && password->origin != kOwnPassword) forget(merged, {"database.password"});
}

// The selector is what makes Kubernetes the source of the pods.
bool namesKubernetes(const ConfigLayer& layer) {
  return layer.values.contains("kubernetes.selector");
}

// Drops what a weaker layer said and `layer` makes meaningless.
void overrule(MergedConfig& merged, const ConfigLayer& layer) {
  const auto has = [&](const char* path) { return layer.values.contains(path); };
  if (has("database.url"))
    forget(merged, {"database.client", "database.host", "database.port", "database.socket",
                    "database.name", "database.user"});
  if (has("database.host")) forget(merged, {"database.port", "database.socket"});
  if (has("database.host") || has("database.socket")) forget(merged, {"database.client"});
  if (has("database.url") || has("database.user")) forgetGhostsPassword(merged);
  if (has("database.password")) forget(merged, {"database.password_file"});
  if (has("database.password_file")) forget(merged, {"database.password"});
  if (has("database.tls.ca")) forget(merged, {"database.tls.inline_ca"});
  if (has("database.tls.ca") && !has("database.tls.enabled"))
    forget(merged, {"database.tls.enabled"});
  if (has("content_api_key")) forget(merged, {"content_api_key_file"});
  if (has("content_api_key_file")) forget(merged, {"content_api_key"});
  if (has("admin_api_key")) forget(merged, {"admin_api_key_file"});
  if (has("admin_api_key_file")) forget(merged, {"admin_api_key"});
  if (has("purge_token")) forget(merged, {"purge_token_file"});
  if (has("purge_token_file")) forget(merged, {"purge_token"});
  if (has("webhook.url")) forget(merged, {"webhook.url_file"});
  if (has("webhook.url_file")) forget(merged, {"webhook.url"});
  if (has("webhook.secret")) forget(merged, {"webhook.secret_file"});
  if (has("webhook.secret_file")) forget(merged, {"webhook.secret"});
  if (has("pods_dns") || namesKubernetes(layer)) merged.pods.clear();
  if (layer.lists.contains("pods") || namesKubernetes(layer)) forget(merged, {"pods_dns"});
  if (layer.lists.contains("pods") || has("pods_dns"))
    forget(merged, {"kubernetes.selector", "kubernetes.service", "kubernetes.namespace",
                    "kubernetes.port", "kubernetes.events"});
}

void addDatabaseUrl(MergedConfig& merged, const ConfigLayer& layer) {
  const auto url = layer.values.find("database.url");
  if (url == layer.values.end()) return;
  const std::string origin = originOf(layer, "database.url");
  for (const char* path :
       {"database.host", "database.port", "database.socket", "database.name", "database.user"}) {
    if (!layer.values.contains(path)) continue;
    merged.problems.push_back(fmt::format(
        "{}: the database's URL says this already: leave one of them out", originOf(layer, path)));
  }
  const auto parts = splitDatabaseUrl(url->second);
  if (!parts) {
    merged.problems.push_back(fmt::format("{}: {}", origin, parts.error().message));
    return;
  }
  for (const auto& [path, text] : *parts) merged.values[path] = {text, origin};
}

void addPods(MergedConfig& merged, const ConfigLayer& layer) {
  const auto pods = layer.lists.find("pods");
  if (pods == layer.lists.end()) return;
  merged.pods.clear();
  for (std::size_t i = 0; i < pods->second.size(); ++i) {
    const auto own = layer.origins.find(fmt::format("pods[{}]", i));
    merged.pods.push_back(
        {pods->second[i], own != layer.origins.end() ? own->second : originOf(layer, "pods")});
  }
  if (!pods->second.empty() && layer.values.contains("pods_dns"))
    merged.problems.push_back(fmt::format(
        "{}: pods are listed one by one as well: use one of the two", originOf(layer, "pods_dns")));
}

// Only the configuration file has any.
void addCommands(MergedConfig& merged, const ConfigLayer& layer) {
  for (const auto& [path, texts] : layer.lists) {
    if (path == "pods") continue;
    std::vector<Setting>& settings = path == "commands" ? merged.commands : merged.lists[path];
    for (const std::string& text : texts)
      settings.push_back({text, originOf(layer, path == "commands" ? text : path)});
  }
}

void refuseTwoSources(MergedConfig& merged, const ConfigLayer& layer) {
  if (!namesKubernetes(layer)) return;
  const auto pods = layer.lists.find("pods");
  const bool listed = pods != layer.lists.end() && !pods->second.empty();
  if (!listed && !layer.values.contains("pods_dns")) return;
  merged.problems.push_back(
      fmt::format("{}: the pods are given otherwise as well: use one of the two",
                  originOf(layer, "kubernetes.selector")));
}

constexpr std::string_view kUrlShape = "write it as mysql://user@host:3306/name";

}  // namespace

const Setting* MergedConfig::find(const std::string& path) const {
  const auto found = values.find(path);
  return found == values.end() ? nullptr : &found->second;
}

MergedConfig mergeLayers(const std::vector<ConfigLayer>& layers) {
  MergedConfig merged;
  for (const ConfigLayer& layer : layers) {
    merged.problems.insert(merged.problems.end(), layer.problems.begin(), layer.problems.end());
    overrule(merged, layer);
    for (const auto& [path, text] : layer.values)
      merged.values[path] = {text, originOf(layer, path)};
    addDatabaseUrl(merged, layer);
    addPods(merged, layer);
    addCommands(merged, layer);
    refuseTwoSources(merged, layer);
  }
  return merged;
}

Result<std::map<std::string, std::string>> splitDatabaseUrl(std::string_view text) {
  const auto refuse = [](std::string_view why) {
    return invalidArgument(fmt::format("{}: {}", why, kUrlShape));
  };
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return refuse("not a database's URL");
  const std::string_view protocol = text.substr(0, scheme);
  if (protocol != "mysql" && protocol != "mariadb")
    return refuse("the URL must begin with mysql:// (several pods of Ghost share a MySQL 8)");
  std::string_view rest = text.substr(scheme + 3);
  const auto at = rest.rfind('@');
  if (at == std::string_view::npos) return refuse("the URL names no user");
  const std::string_view user = rest.substr(0, at);
  rest = rest.substr(at + 1);
  if (user.find(':') != std::string_view::npos)
    return invalidArgument(
        "the URL holds a password that others can read: leave it out and use --db-password-file or "
        "ROLLCALL_DB_PASSWORD");
  if (user.empty()) return refuse("the URL names no user");
  if (user.find_first_of("/@") != std::string_view::npos)
    return refuse("the user's name holds a character that must be written as %2F or %40");
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos || slash + 1 == rest.size())
    return refuse("the URL names no database");
  const std::string_view authority = rest.substr(0, slash);
  const std::string_view name = rest.substr(slash + 1);
  if (name.find_first_of("/?#") != std::string_view::npos)
    return refuse("nothing may follow the database's name in the URL");

  std::map<std::string, std::string> parts;
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return refuse("the IPv6 address lacks its \"]\"");
    parts["database.host"] = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
  } else {
    const auto colon = authority.find(':');
    parts["database.host"] = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (!port.empty() && port[0] != ':') return refuse("the host is malformed");
  if (!port.empty()) parts["database.port"] = port.substr(1);
  const auto decodedUser = percentDecoded(user);
  const auto decodedName = percentDecoded(name);
  if (!decodedUser || !decodedName)
    return invalidArgument("a % in the database's URL must be followed by two hex digits");
  parts["database.user"] = *decodedUser;
  parts["database.name"] = *decodedName;
  return parts;
}

}  // namespace rollcall
