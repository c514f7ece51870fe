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
  std::string podCaFile;
  std::optional<DatabaseConfig> database;
  std::string contentDir;
  std::string routesFile;
  std::string contentKey;  // never shown
  Duration settle = std::chrono::seconds(5);
  AskBudget budget;           // of a one-shot run
  double pagesPerSecond = 5;  // per pod, in the daemon
  std::string listen = "0.0.0.0:9868";
  std::map<std::string, CheckConfig, std::less<>> checks;  // every check of the registry, by name
};

// One layer of settings as key paths of the YAML file ("database.host", "checks.posts.newest") with
// their text, and where they came from. Layers are merged, the later one wins.
struct ConfigLayer {
  std::string
      source;  // "config.yaml", "--ghost-config config.production.json", "environment", "flags"
  std::map<std::string, std::string> values;
  std::map<std::string, std::vector<std::string>> lists;  // "pods": ["pod-1=http://10.0.0.1:2368"]
};

// Strict YAML; unknown keys are named with the nearest known one. All problems at once, one a line.
Result<ConfigLayer> readConfigFile(const std::string& path);
// Ghost's config.production.json: url, admin.url, database.connection, paths.contentPath. A Ghost
// on SQLite is refused with what to do.
Result<ConfigLayer> readGhostConfig(const std::string& path);
// Ghost's own variables (url, database__connection__host, ...), Bitnami's GHOST_DATABASE_*,
// Lagoon's MARIADB_*, and ROLLCALL_DB_PASSWORD. `environment` is NAME -> value.
Result<ConfigLayer> readEnvironment(const std::map<std::string, std::string>& environment);

// Merges the layers (first = weakest) over the defaults and validates everything. On failure the
// message has one line per problem, each "source: path: what is wrong".
Result<Config> buildConfig(const std::vector<ConfigLayer>& layers, const CheckRegistry& registry);

// The effective configuration as YAML, secrets as "(set)" or "(not set)".
std::string showConfig(const Config& config);

}  // namespace rollcall
