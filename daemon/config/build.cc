// What the merged settings mean.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>

#include "daemon/config/commands.h"
#include "daemon/config/config.h"
#include "daemon/config/kubernetes.h"
#include "daemon/config/merge.h"
#include "daemon/config/text.h"
#include "daemon/config/webhook.h"
#include "daemon/core/visible_text.h"
#include "daemon/ghost/mail_settings.h"
#include "daemon/ghost/routes.h"
#include "daemon/net/pod_sources.h"

namespace rollcall {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMaxPods = 1000;

// One line per problem. What was given may be in them, and must not drive a terminal.
Error refusal(const std::vector<std::string>& problems) {
  return invalidArgument(visibleLines(fmt::format("{}", fmt::join(problems, "\n"))));
}

std::optional<std::uint64_t> wholeNumber(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc() || rest != end || text.empty()) return std::nullopt;
  return number;
}

bool hasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

bool isHost(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':';
         });
}

struct HostPort {
  std::string host;
  std::uint64_t port = 0;
};
// "host:port", "[v6]:port".
std::optional<HostPort> splitHostPort(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return std::nullopt;
  const auto port = wholeNumber(text.substr(colon + 1));
  if (!isHost(host) || !port || *port > 65535) return std::nullopt;
  return HostPort{std::string(host), *port};
}

class Builder {
 public:
  Builder(MergedConfig merged, const CheckRegistry& registry)
      : merged_(std::move(merged)), registry_(registry), problems_(std::move(merged_.problems)) {}

  Result<Config> build() {
    site();
    pods();
    readKubernetes(merged_, config_, problems_);
    readCommands(merged_, config_, problems_);
    database();
    files();
    mail();
    readWebhook(merged_, config_, problems_);
    limits();
    checks();
    commandTimeouts();
    if (problems_.empty()) return std::move(config_);
    return refusal(problems_);
  }

 private:
  void fail(const Setting& setting, std::string_view what) {
    problems_.push_back(fmt::format("{}: {}", setting.origin, what));
  }

  std::optional<Url> url(const char* path) {
    const Setting* setting = merged_.find(path);
    if (!setting) return std::nullopt;
    if (setting->text.find('@') != std::string::npos) {
      fail(*setting, "the URL holds a user name or password: leave them out");
      return std::nullopt;
    }
    Result<Url> url = parseUrl(setting->text);
    if (url) return std::move(*url);
    fail(*setting, url.error().message);
    return std::nullopt;
  }
  void site() {
    config_.url = url("site.url");
    config_.adminUrl = url("site.admin_url");
  }

  void pods() {
    if (const Setting* dns = merged_.find("pods_dns")) podsDns(*dns);
    if (merged_.pods.size() > kMaxPods)
      return fail(merged_.pods.front(), fmt::format("at most {} pods can be listed", kMaxPods));
    std::set<std::string> names, addresses;
    for (const Setting& setting : merged_.pods) {
      if (setting.text.find('@') != std::string::npos) {
        fail(setting, "the pod's URL holds a user name or password: leave them out");
        continue;
      }
      Result<Pod> pod = parsePodFlag(setting.text);
      if (!pod)
        fail(setting, pod.error().message);
      else if (!names.insert(pod->name).second)
        fail(setting,
             fmt::format("two pods are named {}: each needs a name of its own", shown(pod->name)));
      else if (!addresses.insert(pod->address()).second)
        fail(setting,
             fmt::format("two pods have the address {}: each is listed once", pod->address()));
      else
        config_.pods.push_back(std::move(*pod));
    }
  }
  void podsDns(const Setting& setting) {
    const auto split = splitHostPort(setting.text);
    if (setting.text.find("://") != std::string::npos)
      return fail(setting,
                  "leave out the scheme: write HOST:PORT; with a pod CA the pods are asked "
                  "over TLS");
    if (!split || split->port == 0)
      return fail(setting, fmt::format("{} is not HOST:PORT, such as ghost-pods.blog.svc:2368",
                                       shown(setting.text)));
    config_.podsDns = setting.text;
  }

  void database() {
    if (const Setting* client = merged_.find("database.client"); client && !clientFits(*client))
      return;
    const Setting* any = nullptr;
    for (const char* path : {"database.host", "database.socket", "database.name", "database.user"})
      if (!any) any = merged_.find(path);
    DatabaseConfig database;
    tls(database, any != nullptr);
    if (auto timeout = duration("database.query_timeout", milliseconds(100), seconds(600)))
      database.queryTimeout = *timeout;
    if (const Setting* follow = merged_.find("database.follow")) {
      if (follow->text == "binlog")
        database.follow = Follow::kBinlog;
      else if (follow->text != "poll")
        fail(*follow, fmt::format("{} is neither poll nor binlog", shown(follow->text)));
    }
    passwordOf(database);
    if (!any || (merged_.find("database.url") && !merged_.find("database.user"))) return;
    addressOf(database, *any);
    accountOf(database, *any);
    if (const Setting* reader = merged_.find("database.reader")) readerOf(database, *reader);
    config_.database = std::move(database);
  }
  // The replica has the database's account, name and TLS; only its address is its own.
  void readerOf(const DatabaseConfig& database, const Setting& reader) {
    const auto split = splitHostPort(reader.text);
    if (!split && !isHost(reader.text))
      return fail(reader, fmt::format("{} is not HOST or HOST:PORT, such as mysql-ro.blog.svc:3306",
                                      shown(reader.text)));
    config_.databaseReader = database;
    config_.databaseReader->follow = Follow::kPoll;
    config_.databaseReader->socket.clear();
    config_.databaseReader->host = split ? split->host : reader.text;
    config_.databaseReader->port =
        split ? static_cast<std::uint16_t>(split->port) : std::uint16_t{3306};
  }
  bool clientFits(const Setting& client) {
    if (client.text == "mysql" || client.text == "mysql2") return true;
    if (client.text.find("sqlite") != std::string::npos)
      fail(client,
           "this Ghost uses SQLite, so it cannot run as several pods: move it to MySQL 8 "
           "first");
    else
      fail(client, fmt::format("{} is no database of Ghost's: several pods need MySQL 8 (client "
                               "\"mysql\")",
                               shown(client.text)));
    return false;
  }
  void addressOf(DatabaseConfig& database, const Setting& any) {
    if (const Setting* socket = merged_.find("database.socket")) {
      database.socket = socket->text;
      if (database.socket.empty() || database.socket[0] != '/' || database.socket.size() > 107 ||
          hasControl(database.socket))
        fail(*socket, "the socket must be an absolute path of at most 107 characters");
    }
    if (const Setting* host = merged_.find("database.host")) {
      database.host = host->text;
      if (!isHost(host->text))
        fail(*host,
             fmt::format("{} is not a host name or an address{}", shown(host->text),
                         host->text.starts_with('/') ? ": a path belongs in database.socket" : ""));
    } else if (database.socket.empty()) {
      fail(any, "the database has no host: give --db mysql://user@host:3306/name or database.host");
    }
    if (const Setting* port = merged_.find("database.port")) {
      const auto number = wholeNumber(port->text);
      if (number && *number >= 1 && *number <= 65535)
        database.port = static_cast<std::uint16_t>(*number);
      else
        fail(*port, fmt::format("the database's port must be a number from 1 to 65535, not {}",
                                shown(port->text)));
    }
  }
  void accountOf(DatabaseConfig& database, const Setting& any) {
    if (const Setting* name = merged_.find("database.name")) {
      database.name = name->text;
      if (name->text.empty() || name->text.size() > 64 || hasControl(name->text))
        fail(*name, "the database's name must be 1 to 64 printable characters");
    } else {
      fail(any, "the database has no name: give --db mysql://user@host:3306/name or database.name");
    }
    if (const Setting* user = merged_.find("database.user")) {
      database.user = user->text;
      if (user->text.empty() || user->text.size() > 80 || hasControl(user->text))
        fail(*user, "the database's user must be 1 to 80 printable characters");
    } else {
      fail(any, "the database has no user: give --db mysql://user@host:3306/name or database.user");
    }
  }
  void passwordOf(DatabaseConfig& database) {
    if (const Setting* password = merged_.find("database.password")) {
      database.password = password->text;
      if (password->text.size() > 4096 || hasControl(password->text))
        fail(*password, "the password must be at most 4096 characters, all printable");
    }
    if (auto password = secretFile("database.password_file"))
      database.password = std::move(*password);
  }
  void tls(DatabaseConfig& database, bool used) {
    const Setting* ca = merged_.find("database.tls.ca");
    if (ca && certificate(*ca)) database.caFile = ca->text;
    const std::optional<bool> enabled = flag("database.tls.enabled");
    database.tls = enabled.value_or(ca != nullptr);
    if (ca && !database.tls)
      fail(*ca, "an authority is given although database.tls.enabled is false: settle on one");
    if (const Setting* inlined = merged_.find("database.tls.inline_ca"); inlined && used)
      fail(*inlined,
           "holds the certificate itself: write it to a file and name that with --db-ca "
           "or database.tls.ca");
  }

  void files() {
    if (const Setting* ca = merged_.find("pod_ca"); ca && certificate(*ca))
      config_.podCaFile = ca->text;
    if (const Setting* routes = merged_.find("routes")) {
      const auto content = readSmallFile(routes->text, kMaxFileBytes);
      const auto parsed = content ? ghost::parseRoutes(*content) : Result<Routes>(content.error());
      if (parsed)
        config_.routesFile = routes->text;
      else
        failFile(*routes, parsed.error());
    }
    if (const Setting* content = merged_.find("content.path")) {
      if (content->text.empty() || hasControl(content->text))
        fail(*content, "the content folder must be a path");
      config_.contentDir = content->text;
    }
    if (const Setting* state = merged_.find("state")) {
      if (state->text.empty() || hasControl(state->text))
        fail(*state, "the state file must be a path");
      config_.stateFile = state->text;
    }
    if (const Setting* key = merged_.find("content_api_key")) contentKey(*key, key->text);
    if (auto key = secretFile("content_api_key_file"))
      contentKey(*merged_.find("content_api_key_file"), *key);
    if (const Setting* key = merged_.find("admin_api_key")) adminKey(*key, key->text);
    if (auto key = secretFile("admin_api_key_file"))
      adminKey(*merged_.find("admin_api_key_file"), *key);
    if (const Setting* token = merged_.find("purge_token")) purgeToken(*token, token->text);
    if (auto token = secretFile("purge_token_file"))
      purgeToken(*merged_.find("purge_token_file"), *token);
  }
  // "<24 hexadecimal digits>:<64 hexadecimal digits>", as Ghost's admin shows it.
  void adminKey(const Setting& setting, const std::string& key) {
    const auto isHex = [](std::string_view text) {
      return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
    };
    const std::size_t colon = key.find(':');
    const bool fits = colon == 24 && key.size() == 24 + 1 + 64 &&
                      isHex(std::string_view(key).substr(0, colon)) &&
                      isHex(std::string_view(key).substr(colon + 1));
    if (fits)
      config_.adminKey = key;
    else
      fail(setting,
           "an Admin API key is 24 hexadecimal digits, a colon and 64 more: see the integration in "
           "Ghost's admin");
  }
  // It becomes part of a header.
  void purgeToken(const Setting& setting, const std::string& token) {
    const bool fits = !token.empty() && token.size() <= 512 &&
                      std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
    if (fits)
      config_.purgeToken = token;
    else
      fail(setting, "a token is 1 to 512 printable characters without spaces");
  }
  void contentKey(const Setting& setting, const std::string& key) {
    const bool fits = key.size() <= 128 && std::all_of(key.begin(), key.end(), [](unsigned char c) {
                        return std::isalnum(c);
                      });
    if (fits) {
      config_.contentKey = key;
    } else if (key.find(':') != std::string::npos) {
      fail(setting, "this looks like an Admin API key: a Content API key is wanted");
    } else {
      fail(setting, "a Content API key holds letters and digits only");
    }
  }
  void mail() {
    std::map<std::string, std::string> values;
    for (const char* path : mailPaths())
      if (const Setting* setting = merged_.find(path)) values[path] = setting->text;
    for (const char* path : {kMailFile, kMailTestTo})
      if (const Setting* setting = merged_.find(path)) values[path] = setting->text;
    if (values.empty()) return;
    Result<MailSettings> settings = readMailSettings(values);
    if (settings)
      config_.mail = std::move(*settings);
    else
      problems_.push_back(settings.error().message);
  }
  void failFile(const Setting& setting, const Error& error) {
    fail(setting, fmt::format("{}: {}", shown(setting.text), error.message));
  }
  bool certificate(const Setting& setting) {
    const auto content = readSmallFile(setting.text, kMaxFileBytes);
    if (!content) {
      failFile(setting, content.error());
      return false;
    }
    if (content->find("-----BEGIN ") != std::string::npos) return true;
    fail(setting, fmt::format("{} holds no certificate in PEM form", shown(setting.text)));
    return false;
  }
  std::optional<std::string> secretFile(const char* path) {
    const Setting* setting = merged_.find(path);
    if (!setting) return std::nullopt;
    Result<std::string> secret = readSecretFile(setting->text);
    if (secret) return std::move(*secret);
    failFile(*setting, secret.error());
    return std::nullopt;
  }

  std::optional<bool> flag(const std::string& path) {
    const Setting* setting = merged_.find(path);
    if (!setting) return std::nullopt;
    if (setting->text == "true") return true;
    if (setting->text == "false") return false;
    fail(*setting, "must be true or false");
    return std::nullopt;
  }
  std::optional<Duration> duration(const std::string& path, Duration least, Duration most) {
    const Setting* setting = merged_.find(path);
    if (!setting) return std::nullopt;
    const Result<Duration> duration = parseDuration(setting->text);
    if (duration && *duration >= least && *duration <= most) return *duration;
    fail(*setting,
         duration ? fmt::format("must be from {} to {}", durationText(least), durationText(most))
                  : duration.error().message);
    return std::nullopt;
  }
  std::optional<std::uint64_t> count(const char* path, std::uint64_t least, std::uint64_t most) {
    const Setting* setting = merged_.find(path);
    if (!setting) return std::nullopt;
    const auto number = wholeNumber(setting->text);
    if (number && *number >= least && *number <= most) return number;
    fail(*setting, fmt::format("must be a whole number from {} to {}", least, most));
    return std::nullopt;
  }

  void limits() {
    if (auto settle = duration("settle", seconds(0), hours(1))) config_.settle = *settle;
    if (auto pages = count("budget.pages", 0, 100'000)) config_.budget.pages = *pages;
    if (auto parallel = count("budget.parallel", 1, 32)) config_.budget.parallel = *parallel;
    if (auto most = count("max_findings", 1, 1'000'000)) config_.maxFindings = *most;
    if (auto on = flag("probe.enabled")) config_.probe = *on;
    if (auto least = duration("probe.min_interval", seconds(1), hours(1)))
      config_.probeMinInterval = *least;
    if (const Setting* rate = merged_.find("budget.pages_per_second")) {
      char* end = nullptr;
      const double number = std::strtod(rate->text.c_str(), &end);
      if (end == rate->text.c_str() + rate->text.size() && std::isfinite(number) &&
          number >= 0.01 && number <= 1000)
        config_.pagesPerSecond = number;
      else
        fail(*rate, "must be a number from 0.01 to 1000");
    }
    if (const Setting* listen = merged_.find("listen")) {
      if (splitHostPort(listen->text))
        config_.listen = listen->text;
      else
        fail(*listen,
             fmt::format("{} is not ADDR:PORT, such as 0.0.0.0:9868", shown(listen->text)));
    }
  }

  void checks() {
    for (const CheckSpec* spec : registry_.specs()) {
      const std::string path = fmt::format("checks.{}.", spec->name);
      config_.checks.emplace(
          spec->name,
          CheckConfig{
              flag(path + "enabled").value_or(true),
              duration(path + "interval", seconds(1), hours(7 * 24)).value_or(spec->interval),
              duration(path + "timeout", milliseconds(100), hours(1)).value_or(spec->timeout),
              checkParams(*spec)});
    }
    std::set<std::string> unknown;
    for (const auto& [path, setting] : merged_.values) {
      if (!path.starts_with("checks.")) continue;
      const std::string name = path.substr(7, path.find('.', 7) - 7);
      if (registry_.find(name) || !unknown.insert(name).second) continue;
      std::vector<std::string_view> names;
      for (const CheckSpec* spec : registry_.specs()) names.push_back(spec->name);
      fail(setting, fmt::format("there is no check {}{}", shown(name), didYouMean(name, names)));
    }
  }
  // The check's own deadline ends its commands: a longer one would have no effect.
  void commandTimeouts() {
    const auto exec = config_.checks.find("exec");
    if (exec == config_.checks.end() || !exec->second.enabled) return;
    for (std::size_t i = 0; i < config_.commands.size(); ++i) {
      const Setting* timeout = merged_.find(fmt::format("commands[{}].timeout", i));
      if (timeout && config_.commands[i].timeout > exec->second.timeout)
        fail(*timeout, fmt::format("the check ends after {}, and the command with it: raise "
                                   "checks.exec.timeout above this",
                                   formatDuration(exec->second.timeout)));
    }
  }
  Params checkParams(const CheckSpec& spec) {
    const std::string prefix = fmt::format("checks.{}.", spec.name);
    std::map<std::string, ParamValue> given;
    for (auto it = merged_.values.lower_bound(prefix);
         it != merged_.values.end() && it->first.starts_with(prefix); ++it) {
      const std::string name = it->first.substr(prefix.size());
      if (name == "enabled" || name == "interval" || name == "timeout") continue;
      if (paramFits(spec, name, it->second)) given.emplace(name, it->second.text);
    }
    std::vector<std::string> none;
    return Params::parse(spec.params, given, prefix, none);
  }
  bool paramFits(const CheckSpec& spec, const std::string& name, const Setting& setting) {
    std::vector<std::string_view> names = {"enabled", "interval", "timeout"};
    for (const ParamDef& def : spec.params) names.push_back(def.name);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      fail(setting, "unknown setting" + didYouMean(name, names));
      return false;
    }
    std::vector<std::string> problems;
    Params::parse(spec.params, {{name, setting.text}}, "", problems);
    for (const std::string& problem : problems) fail(setting, problem.substr(name.size() + 3));
    return problems.empty();
  }

  MergedConfig merged_;
  const CheckRegistry& registry_;
  std::vector<std::string> problems_;
  Config config_;
};

}  // namespace

Result<Config> buildConfig(const std::vector<ConfigLayer>& layers, const CheckRegistry& registry) {
  return Builder(mergeLayers(layers), registry).build();
}

namespace {

// The configuration file of --config, else of ROLLCALL_CONFIG; nothing when neither names one.
std::optional<Result<ConfigLayer>> chosenFile(const ConfigSources& sources) {
  if (!sources.configFile.empty()) return readConfigFile(sources.configFile);
  const auto named = sources.environment.find("ROLLCALL_CONFIG");
  if (named == sources.environment.end() || named->second.empty()) return std::nullopt;
  Result<ConfigLayer> file = readConfigFile(named->second);
  if (file) return file;
  return Error{file.error().code, fmt::format("ROLLCALL_CONFIG: {}", file.error().message)};
}

// For Ghost its environment is stronger than its file.
void preferEnvironmentOfMail(const ConfigLayer& environment, ConfigLayer& file) {
  for (const char* path : mailPaths())
    if (environment.values.contains(path)) file.values.erase(path);
  // Then the file says nothing of the transport.
  if (environment.values.contains("mail.transport")) file.values.erase(kMailFile);
}

}  // namespace

Result<Config> loadConfig(const ConfigSources& sources, const CheckRegistry& registry) {
  std::vector<ConfigLayer> layers;
  std::vector<std::string> problems;
  const auto add = [&](Result<ConfigLayer> layer) {
    if (layer)
      layers.push_back(std::move(*layer));
    else
      problems.push_back(layer.error().message);
  };
  add(readGhostEnvironment(sources.environment));
  std::optional<Result<ConfigLayer>> file = chosenFile(sources);
  std::string ghostConfig = sources.ghostConfig;
  if (ghostConfig.empty() && file && *file) {
    const auto named = (*file)->values.find("ghost_config");
    if (named != (*file)->values.end()) ghostConfig = named->second;
  }
  if (!ghostConfig.empty()) add(readGhostConfig(ghostConfig));
  if (layers.size() == 2) preferEnvironmentOfMail(layers[0], layers[1]);
  if (file) add(std::move(*file));
  add(readEnvironment(sources.environment));
  layers.push_back(sources.flags);

  Result<Config> config = buildConfig(layers, registry);
  if (problems.empty()) return config;
  if (!config) problems.push_back(config.error().message);
  return refusal(problems);
}

}  // namespace rollcall
