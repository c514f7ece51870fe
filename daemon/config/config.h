// What the person asked for, after flags, the config file, Ghost's own files and the environment.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/check.h"
#include "daemon/core/params.h"
#include "daemon/core/registry.h"
#include "daemon/core/topology.h"
#include "daemon/db/mysql_source.h"
#include "daemon/exec/command_runner.h"
#include "daemon/ghost/mail_settings.h"
#include "daemon/k8s/kube_pods.h"
#include "daemon/sinks/webhook_config.h"

namespace rollcall {

struct CheckConfig {
  bool enabled = true;
  Duration interval;
  Duration timeout;
  Params params;
};

struct Config {
  std::optional<Url> url;  // the site; required for everything that asks pods
  std::optional<Url> adminUrl;
  std::vector<Pod> pods;  // static list
  std::string podsDns;    // "host:port" of a headless Service; empty = not used
  std::optional<KubernetesConfig> kubernetes;
  std::string lease;    // of Rollcall's own namespace: its holder leads; empty = no election
  bool events = false;  // written for the pods, which `kubernetes` names
  k8s::Surroundings surroundings;  // of Rollcall's own container
  std::string podCaFile;
  std::optional<DatabaseConfig> database;
  std::optional<DatabaseConfig> databaseReader;  // a replica: the database's account, another host
  std::string contentDir;
  std::string routesFile;
  std::string contentKey;            // never shown
  std::string adminKey;              // "id:secret"; never shown
  std::string purgeToken;            // of the CDN's API; never shown
  std::optional<MailSettings> mail;  // what is known of Ghost's; empty = nothing
  WebhookConfig webhook;             // its address and secret are never shown
  Duration settle = std::chrono::seconds(5);
  AskBudget budget;           // of a one-shot run
  double pagesPerSecond = 5;  // per pod, in the daemon
  std::string listen = "0.0.0.0:9868";
  std::string stateFile;                                   // empty = no history is kept
  std::size_t maxFindings = 10'000;                        // of a JSON report
  bool probe = false;                                      // whether /probe runs checks
  Duration probeMinInterval = std::chrono::seconds(10);    // see ProbeContent::minInterval
  std::vector<ExecCommand> commands;                       // of the check exec
  std::map<std::string, CheckConfig, std::less<>> checks;  // every check of the registry, by name
};

// One layer of settings as key paths of the YAML file ("database.host", "checks.posts.newest") with
// their text, and where they came from. Layers are merged, the later one wins.
// Paths no YAML file may have: database.password, database.client, database.tls.inline_ca,
// content_api_key, admin_api_key, purge_token, webhook.url, webhook.secret, what is below mail and
// bulkEmail, and what Kubernetes tells its containers (surroundings.host, .port and .account).
struct ConfigLayer {
  // "rollcall.yaml", "config.production.json", "environment", "flags"
  std::string source;
  std::map<std::string, std::string> values;
  // "pods": ["pod-1=http://10.0.0.1:2368"], "commands": ["commands[0]"], "commands[0].argv"
  std::map<std::string, std::vector<std::string>> lists;
  // How to name a setting in a message ("--db", "rollcall.yaml:3: database.url"); a path that is
  // absent here is named "<source>: <path>".
  std::map<std::string, std::string> origins;
  // What is wrong already; buildConfig reports it together with its own findings.
  std::vector<std::string> problems;
};

// Strict YAML; unknown keys are named with the nearest known one. An Error when the file cannot be
// read or is no YAML; everything else that is wrong is in the layer's problems.
Result<ConfigLayer> readConfigFile(const std::string& path);
// Ghost's config.production.json: url, admin.url, database.connection, paths.contentPath, mail and
// bulkEmail.mailgun.
Result<ConfigLayer> readGhostConfig(const std::string& path);

// NAME -> value.
using Environment = std::map<std::string, std::string>;
// Ghost's own variables (url, database__connection__host, mail__transport, ...), Bitnami's
// GHOST_DATABASE_* and Lagoon's MARIADB_*.
Result<ConfigLayer> readGhostEnvironment(const Environment& environment);
// ROLLCALL_URL, ROLLCALL_PODS_DNS, ROLLCALL_KUBE_SELECTOR, _SERVICE, _NAMESPACE, _PORT and _LEASE,
// ROLLCALL_DB, ROLLCALL_DB_PASSWORD, ROLLCALL_CONTENT_API_KEY, ROLLCALL_ADMIN_API_KEY,
// ROLLCALL_PURGE_TOKEN, ROLLCALL_WEBHOOK_URL, ROLLCALL_WEBHOOK_SECRET; and where the Kubernetes API
// is: KUBERNETES_SERVICE_*, ROLLCALL_KUBE_ACCOUNT.
Result<ConfigLayer> readEnvironment(const Environment& environment);

// Merges the layers (first = weakest) over the defaults and validates everything. On failure the
// message has one line per problem, each "source: path: what is wrong". A Ghost on SQLite is
// refused with what to do, unless a stronger layer names another database.
Result<Config> buildConfig(const std::vector<ConfigLayer>& layers, const CheckRegistry& registry);

// Everything a command was given. Weakest to strongest: defaults, Ghost's environment, Ghost's
// configuration file, the configuration file, ROLLCALL_* variables, flags.
struct ConfigSources {
  std::string configFile;   // empty = what ROLLCALL_CONFIG names, if it does
  std::string ghostConfig;  // empty = what the configuration file names, if it does
  Environment environment;
  ConfigLayer flags;
};
Result<Config> loadConfig(const ConfigSources& sources, const CheckRegistry& registry);

// The effective configuration as YAML that readConfigFile accepts again; secrets appear as comments
// saying "(set)" or "(not set)".
std::string showConfig(const Config& config);

}  // namespace rollcall
