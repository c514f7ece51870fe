// What the environment says: Ghost's own variables, the usual images' shims, and ours.
#include <fmt/format.h>

#include <span>

#include "daemon/config/config.h"
#include "daemon/config/text.h"
#include "daemon/ghost/mail_settings.h"

namespace rollcall {
namespace {

struct Shim {
  const char* variable;
  const char* path;
};
constexpr Shim kGhost[] = {{"url", "site.url"},
                           {"admin__url", "site.admin_url"},
                           {"database__client", "database.client"},
                           {"database__connection__host", "database.host"},
                           {"database__connection__port", "database.port"},
                           {"database__connection__user", "database.user"},
                           {"database__connection__password", "database.password"},
                           {"database__connection__database", "database.name"},
                           {"database__connection__socketPath", "database.socket"},
                           {"paths__contentPath", "content.path"}};
constexpr Shim kBitnami[] = {
    {"GHOST_DATABASE_HOST", "database.host"}, {"GHOST_DATABASE_PORT_NUMBER", "database.port"},
    {"GHOST_DATABASE_USER", "database.user"}, {"GHOST_DATABASE_PASSWORD", "database.password"},
    {"GHOST_DATABASE_NAME", "database.name"}, {"GHOST_DATABASE_SSL_CA_FILE", "database.tls.ca"}};
constexpr Shim kLagoon[] = {{"MARIADB_HOST", "database.host"},
                            {"MARIADB_PORT", "database.port"},
                            {"MARIADB_USERNAME", "database.user"},
                            {"MARIADB_PASSWORD", "database.password"},
                            {"MARIADB_DATABASE", "database.name"}};
constexpr Shim kOurs[] = {{"ROLLCALL_URL", "site.url"},
                          {"ROLLCALL_PODS_DNS", "pods_dns"},
                          {"ROLLCALL_KUBE_SELECTOR", "kubernetes.selector"},
                          {"ROLLCALL_KUBE_SERVICE", "kubernetes.service"},
                          {"ROLLCALL_KUBE_NAMESPACE", "kubernetes.namespace"},
                          {"ROLLCALL_KUBE_PORT", "kubernetes.port"},
                          {"ROLLCALL_KUBE_LEASE", "kubernetes.lease"},
                          {"ROLLCALL_DB", "database.url"},
                          {"ROLLCALL_DB_PASSWORD", "database.password"},
                          {"ROLLCALL_CONTENT_API_KEY", "content_api_key"},
                          {"ROLLCALL_ADMIN_API_KEY", "admin_api_key"},
                          {"ROLLCALL_PURGE_TOKEN", "purge_token"},
                          {"ROLLCALL_WEBHOOK_URL", "webhook.url"},
                          {"ROLLCALL_WEBHOOK_SECRET", "webhook.secret"}};

// What Kubernetes tells every container; the folder's name is a matter for tests.
constexpr Shim kSurroundings[] = {{"KUBERNETES_SERVICE_HOST", "surroundings.host"},
                                  {"KUBERNETES_SERVICE_PORT", "surroundings.port"},
                                  {"KUBERNETES_SERVICE_PORT_HTTPS", "surroundings.port"},
                                  {"ROLLCALL_KUBE_ACCOUNT", "surroundings.account"}};

class Reader {
 public:
  explicit Reader(const Environment& environment) : environment_(environment) {
    layer_.source = "environment";
  }

  std::string get(const std::string& name) const {
    const auto found = environment_.find(name);
    return found == environment_.end() ? "" : found->second;
  }
  bool has(const std::string& name) const { return !get(name).empty(); }

  void set(const std::string& path, std::string value, const std::string& origin) {
    layer_.values[path] = std::move(value);
    layer_.origins[path] = origin;
  }
  void take(std::span<const Shim> shims) {
    for (const Shim& shim : shims)
      if (has(shim.variable)) set(shim.path, get(shim.variable), shim.variable);
  }
  // As take(); NAME_FILE names a file that holds what NAME would.
  void takeOrFile(std::span<const Shim> shims) {
    take(shims);
    for (const Shim& shim : shims) {
      const std::string variable = fmt::format("{}_FILE", shim.variable);
      if (has(shim.variable) || !has(variable)) continue;
      Result<std::string> content = readSecretFile(get(variable));
      if (content)
        set(shim.path, std::move(*content), variable);
      else
        layer_.problems.push_back(
            fmt::format("{}: {}: {}", variable, shown(get(variable)), content.error().message));
    }
  }
  void preset(const std::string& path, const char* value, const std::string& origin) {
    if (!layer_.values.contains(path)) set(path, value, origin);
  }
  void dropServiceLink(const std::string& path) {
    const auto found = layer_.values.find(path);
    if (found != layer_.values.end() && found->second.starts_with("tcp://"))
      layer_.values.erase(found);
  }
  bool known(const std::string& path) const { return layer_.values.contains(path); }
  // mail__options__host and the like.
  void takeMail() {
    for (const char* path : mailPaths()) {
      std::string variable = path;
      for (std::size_t dot = 0; (dot = variable.find('.', dot)) != std::string::npos;)
        variable.replace(dot, 1, "__");
      if (has(variable)) set(path, get(variable), variable);
    }
  }
  ConfigLayer finish() { return std::move(layer_); }

 private:
  const Environment& environment_;
  ConfigLayer layer_;
};

bool isYes(const std::string& text) {
  return text == "yes" || text == "true" || text == "1";
}

// The site's URL from GHOST_HOST, which has neither scheme nor port.
void bitnamiUrl(Reader& reader) {
  const std::string host = reader.get("GHOST_HOST");
  if (host.empty() || reader.known("site.url")) return;
  if (host.find("://") != std::string::npos) return reader.set("site.url", host, "GHOST_HOST");
  const bool https = isYes(reader.get("GHOST_ENABLE_HTTPS"));
  const std::string port =
      reader.get(https ? "GHOST_EXTERNAL_HTTPS_PORT_NUMBER" : "GHOST_EXTERNAL_HTTP_PORT_NUMBER");
  reader.set(
      "site.url",
      fmt::format("{}://{}{}{}", https ? "https" : "http", host, port.empty() ? "" : ":", port),
      "GHOST_HOST");
}

void bitnamiDatabase(Reader& reader) {
  const bool asked = reader.has("GHOST_DATABASE_HOST") || reader.has("GHOST_DATABASE_NAME") ||
                     reader.has("GHOST_DATABASE_USER");
  if (!asked) return;
  reader.takeOrFile(kBitnami);
  // What the image takes when a variable is absent.
  reader.preset("database.host", "mysql", "GHOST_DATABASE_HOST");
  reader.preset("database.user", "bn_ghost", "GHOST_DATABASE_USER");
  reader.preset("database.name", "bitnami_ghost", "GHOST_DATABASE_NAME");
  if (isYes(reader.get("GHOST_DATABASE_ENABLE_SSL")))
    reader.set("database.tls.enabled", "true", "GHOST_DATABASE_ENABLE_SSL");
}

void ghostTls(Reader& reader) {
  const std::string ssl = reader.get("database__connection__ssl");
  const bool withCa = reader.has("database__connection__ssl__ca");
  if (!withCa && (ssl.empty() || ssl == "false")) return;
  reader.set("database.tls.enabled", "true", "database__connection__ssl");
  if (withCa) reader.set("database.tls.inline_ca", "true", "database__connection__ssl__ca");
}

}  // namespace

Result<ConfigLayer> readGhostEnvironment(const Environment& environment) {
  Reader reader(environment);
  // A Kubernetes Service named "mariadb" puts a MARIADB_PORT of its own ("tcp://...") into every
  // container: only the whole set is Lagoon's.
  if (reader.has("MARIADB_HOST") && reader.has("MARIADB_USERNAME") &&
      reader.has("MARIADB_DATABASE")) {
    reader.take(kLagoon);
    reader.dropServiceLink("database.port");
  }
  bitnamiDatabase(reader);
  bitnamiUrl(reader);
  reader.take(kGhost);
  ghostTls(reader);
  reader.takeMail();
  return reader.finish();
}

Result<ConfigLayer> readEnvironment(const Environment& environment) {
  Reader reader(environment);
  reader.take(kOurs);
  reader.take(kSurroundings);
  return reader.finish();
}

}  // namespace rollcall
