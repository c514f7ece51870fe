// Where settings come from and which one wins.
#include "daemon/config/config_fixture.h"

namespace rollcall {
namespace {

using LoadConfig = ConfigTest;

ConfigLayer flags(std::map<std::string, std::string> values) {
  return {.source = "flags", .values = std::move(values)};
}

constexpr const char* kGhostJson = R"({
  "url": "https://example.org/blog/",
  "admin": {"url": "https://admin.example.org"},
  "server": {"port": 2368, "host": "0.0.0.0"},
  "database": {"client": "mysql", "connection": {
    "host": "db.internal", "port": 3307, "user": "ghost", "password": "hunter2",
    "database": "ghost_prod"}},
  "paths": {"contentPath": "/var/lib/ghost/content"},
  "process": "systemd"
})";

TEST_F(LoadConfig, NothingAtAllGivesTheDefaults) {
  const Result<Config> config = load({});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->url);
  EXPECT_FALSE(config->database);
  EXPECT_TRUE(config->pods.empty());
  EXPECT_EQ(config->listen, "0.0.0.0:9868");
  EXPECT_FALSE(config->probe);
  EXPECT_EQ(config->settle, std::chrono::seconds(5));
  EXPECT_EQ(config->checks.at("posts").params.count("newest"), 20u);
  EXPECT_EQ(config->checks.at("posts").interval, std::chrono::seconds(60));
  EXPECT_TRUE(config->checks.at("pods").enabled);
}

TEST_F(LoadConfig, AnEmptyFileIsValid) {
  EXPECT_EQ(problems(loadYaml("")), "");
  EXPECT_EQ(problems(loadYaml("# nothing yet\n")), "");
  EXPECT_EQ(problems(loadYaml("---\n")), "");
}

TEST_F(LoadConfig, EveryKeyOfAFileIsRead) {
  write("secret", "hunter2\n");
  write("key", "0123456789abcdef0123456789");
  const std::string adminKey = std::string(24, 'a') + ":" + std::string(64, '1');
  write("admin-key", adminKey + "\n");
  write("purge-token", "t0ken-of-the-cdn\n");
  write("ca.pem", "-----BEGIN CERTIFICATE-----\n");
  write("routes.yaml", "routes:\n");
  const Result<Config> config = loadYaml(R"(
site: {url: https://example.org, admin_url: https://admin.example.org}
pods:
  - {name: pod-1, url: "http://10.0.0.1:2368"}
  - pod-2=http://10.0.0.2:2368
pod_ca: ca.pem
database:
  host: db
  port: 3307
  name: ghost
  user: rollcall
  password_file: secret
  tls: {ca: ca.pem}
  query_timeout: 3s
  follow: binlog
  reader: "db-ro:3308"
content: {path: content}
content_api_key_file: key
admin_api_key_file: admin-key
purge_token_file: purge-token
routes: routes.yaml
settle: 1500ms
budget: {pages: 10, parallel: 2, pages_per_second: 0.5}
listen: "[::1]:0"
max_findings: 7
probe: {enabled: true, min_interval: 1m}
checks:
  pods: {enabled: false}
  posts: {interval: 2m, timeout: 10s, newest: 3, grace: 1m, strict: true, label: text}
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->adminUrl->text(), "https://admin.example.org");
  ASSERT_EQ(config->pods.size(), 2u);
  EXPECT_EQ(config->pods[1].name, "pod-2");
  EXPECT_EQ(config->podCaFile, folder() + "/ca.pem");
  EXPECT_EQ(config->database->port, 3307);
  EXPECT_EQ(config->database->password, "hunter2");
  EXPECT_TRUE(config->database->tls);
  EXPECT_EQ(config->database->caFile, folder() + "/ca.pem");
  EXPECT_EQ(config->database->queryTimeout, std::chrono::seconds(3));
  EXPECT_EQ(config->database->follow, Follow::kBinlog);
  EXPECT_EQ(config->databaseReader->follow, Follow::kPoll);
  EXPECT_EQ(config->contentDir, folder() + "/content");
  EXPECT_EQ(config->contentKey, "0123456789abcdef0123456789");
  EXPECT_EQ(config->adminKey, adminKey);
  EXPECT_EQ(config->purgeToken, "t0ken-of-the-cdn");
  ASSERT_TRUE(config->databaseReader);
  EXPECT_EQ(config->databaseReader->host, "db-ro");
  EXPECT_EQ(config->databaseReader->port, 3308);
  EXPECT_EQ(config->databaseReader->password, "hunter2");
  EXPECT_TRUE(config->databaseReader->tls);
  EXPECT_EQ(config->routesFile, folder() + "/routes.yaml");
  EXPECT_EQ(config->settle, std::chrono::milliseconds(1500));
  EXPECT_EQ(config->budget.pages, 10u);
  EXPECT_EQ(config->budget.parallel, 2u);
  EXPECT_EQ(config->pagesPerSecond, 0.5);
  EXPECT_EQ(config->listen, "[::1]:0");
  EXPECT_EQ(config->maxFindings, 7u);
  EXPECT_TRUE(config->probe);
  EXPECT_EQ(config->probeMinInterval, std::chrono::minutes(1));
  EXPECT_FALSE(config->checks.at("pods").enabled);
  const CheckConfig& posts = config->checks.at("posts");
  EXPECT_EQ(posts.interval, std::chrono::minutes(2));
  EXPECT_EQ(posts.timeout, std::chrono::seconds(10));
  EXPECT_EQ(posts.params.count("newest"), 3u);
  EXPECT_EQ(posts.params.duration("grace"), std::chrono::minutes(1));
  EXPECT_TRUE(posts.params.flag("strict"));
  EXPECT_EQ(posts.params.text("label"), "text");
}

TEST_F(LoadConfig, GhostsOwnConfigurationGivesSiteDatabaseAndContent) {
  const Result<Config> config = loadGhost(kGhostJson);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->url->text(), "https://example.org/blog");
  EXPECT_EQ(config->adminUrl->text(), "https://admin.example.org");
  EXPECT_EQ(config->database->host, "db.internal");
  EXPECT_EQ(config->database->port, 3307);
  EXPECT_EQ(config->database->user, "ghost");
  EXPECT_EQ(config->database->password, "hunter2");
  EXPECT_EQ(config->database->name, "ghost_prod");
  EXPECT_FALSE(config->database->tls);
  EXPECT_EQ(config->database->follow, Follow::kPoll);
  EXPECT_EQ(config->contentDir, "/var/lib/ghost/content");
}

TEST_F(LoadConfig, AGhostConfigurationMayUseASocketATextPortTlsOrNoHost) {
  const Result<Config> socket = loadGhost(
      R"({"database": {"connection": {"socketPath": "/run/db.sock", "user": "u", "database": "g"}}})");
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ(socket->database->socket, "/run/db.sock");
  const Result<Config> port = loadGhost(
      R"({"database": {"connection": {"port": "3310", "user": "u", "database": "g", "ssl": true}}})");
  ASSERT_TRUE(port) << port.error().message;
  EXPECT_EQ(port->database->host, "localhost");
  EXPECT_EQ(port->database->port, 3310);
  EXPECT_TRUE(port->database->tls);
}

TEST_F(LoadConfig, ARelativeContentFolderOfGhostIsBesideItsConfiguration) {
  const Result<Config> config = loadGhost(R"({"paths": {"contentPath": "content"}})");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->contentDir, folder() + "/content");
}

TEST_F(LoadConfig, GhostsEnvironmentGivesTheSame) {
  const Result<Config> config =
      load({.environment = {{"url", "https://example.org"},
                            {"admin__url", "https://admin.example.org"},
                            {"database__client", "mysql"},
                            {"database__connection__host", "db"},
                            {"database__connection__port", "3307"},
                            {"database__connection__user", "ghost"},
                            {"database__connection__password", "hunter2"},
                            {"database__connection__database", "ghost_prod"},
                            {"paths__contentPath", "/content"}}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->url->text(), "https://example.org");
  EXPECT_EQ(config->database->port, 3307);
  EXPECT_EQ(config->database->password, "hunter2");
  EXPECT_EQ(config->contentDir, "/content");
}

TEST_F(LoadConfig, MailIsKnownFromGhostsFileAndItsEnvironmentIsStronger) {
  const ConfigSources sources = {
      .ghostConfig = write("ghost.json", R"({"mail": {"transport": "SMTP", "options":
          {"host": "smtp.example.org", "port": 465, "auth": {"user": "u", "pass": "hunter2"}}},
          "bulkEmail": {"mailgun": {"apiKey": "k", "domain": "mg.example.org",
          "baseUrl": "https://api.mailgun.net/v3"}}})"),
      .environment = {{"mail__options__host", "other.example.org"}}};
  const Result<Config> config = load(sources);
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->mail && config->mail->smtp && config->mail->bulk);
  EXPECT_EQ(config->mail->smtp->host, "other.example.org");
  EXPECT_EQ(config->mail->smtp->port, 465);
  EXPECT_EQ(config->mail->smtp->security, SmtpSecurity::kImplicit);
  EXPECT_EQ(config->mail->smtp->password, "hunter2");
  EXPECT_EQ(config->mail->bulk->domain, "mg.example.org");
  EXPECT_EQ(showConfig(*config).find("hunter2"), std::string::npos);
}

TEST_F(LoadConfig, AnOddConfigurationOfMailNeverKeepsRollcallFromStarting) {
  for (const char* mail : {R"("none")", "[]", R"({"options": 7})", "{}",
                           R"({"transport": "SMTP", "options": {"port": {"a": 1}}})",
                           R"({"transport": ["SMTP"], "options": {"auth": "me"}})"}) {
    const Result<Config> config = loadGhost(R"({"mail": )" + std::string(mail) + "}");
    EXPECT_EQ(problems(config), "") << mail;
  }
}

TEST_F(LoadConfig, WithoutGhostsFileAndVariablesNothingIsKnownOfMail) {
  EXPECT_FALSE(loadYaml("")->mail);
  EXPECT_TRUE(loadGhost("{}")->mail);
}

TEST_F(LoadConfig, BitnamisEnvironmentIsUnderstoodWithItsDefaultsAndFiles) {
  const std::string secret = write("secret", "hunter2\n");
  const Result<Config> config = load({.environment = {{"GHOST_HOST", "example.org"},
                                                      {"GHOST_ENABLE_HTTPS", "yes"},
                                                      {"GHOST_EXTERNAL_HTTPS_PORT_NUMBER", "443"},
                                                      {"GHOST_DATABASE_HOST", "mariadb"},
                                                      {"GHOST_DATABASE_PORT_NUMBER", "3307"},
                                                      {"GHOST_DATABASE_PASSWORD_FILE", secret}}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->url->text(), "https://example.org");
  EXPECT_EQ(config->database->host, "mariadb");
  EXPECT_EQ(config->database->port, 3307);
  EXPECT_EQ(config->database->user, "bn_ghost");
  EXPECT_EQ(config->database->name, "bitnami_ghost");
  EXPECT_EQ(config->database->password, "hunter2");
}

TEST_F(LoadConfig, LagoonsEnvironmentCountsOnlyAsAWhole) {
  Environment environment = {{"MARIADB_HOST", "mariadb"},
                             {"MARIADB_PORT", "3307"},
                             {"MARIADB_USERNAME", "lagoon"},
                             {"MARIADB_PASSWORD", "hunter2"},
                             {"MARIADB_DATABASE", "ghost"}};
  const Result<Config> whole = load({.environment = environment});
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->database->user, "lagoon");
  EXPECT_EQ(whole->database->port, 3307);
  environment["MARIADB_PORT"] = "tcp://10.0.0.9:3306";  // a Kubernetes Service named mariadb
  EXPECT_EQ(load({.environment = environment})->database->port, 3306);
  environment.erase("MARIADB_USERNAME");
  EXPECT_FALSE(load({.environment = environment})->database);
}

TEST_F(LoadConfig, RollcallConfigNamesTheFileWhenNoFlagDoes) {
  const std::string file = write("rollcall.yaml", "site: {url: https://file.org}");
  const std::string other = write("other.yaml", "site: {url: https://other.org}");
  EXPECT_EQ(load({.environment = {{"ROLLCALL_CONFIG", file}}})->url->host, "file.org");
  EXPECT_EQ(load({.configFile = other, .environment = {{"ROLLCALL_CONFIG", file}}})->url->host,
            "other.org");
  EXPECT_FALSE(load({.environment = {{"ROLLCALL_CONFIG", ""}}})->url);
  EXPECT_EQ(
      load({.environment = {{"ROLLCALL_CONFIG", file}, {"ROLLCALL_URL", "https://variable.org"}}})
          ->url->host,
      "variable.org");
}

TEST_F(LoadConfig, AFileThatRollcallConfigNamesAndThatCannotBeReadIsAnErrorThatSaysSo) {
  EXPECT_EQ(problems(load({.environment = {{"ROLLCALL_CONFIG", folder() + "/none.yaml"}}})),
            "ROLLCALL_CONFIG: none.yaml: there is no such file");
  // A flag that names a file leaves the variable alone.
  EXPECT_EQ(problems(load({.configFile = write("a.yaml", ""),
                           .environment = {{"ROLLCALL_CONFIG", folder() + "/none.yaml"}}})),
            "");
}

TEST_F(LoadConfig, TheStrongerSourceWins) {
  const std::string ghost = write("ghost.json", R"({"url": "https://ghost-config.org"})");
  const std::string file = write("rollcall.yaml", "site: {url: https://file.org}");
  ConfigSources sources{.environment = {{"url", "https://ghost-environment.org"}}};
  EXPECT_EQ(load(sources)->url->host, "ghost-environment.org");
  sources.ghostConfig = ghost;
  EXPECT_EQ(load(sources)->url->host, "ghost-config.org");
  sources.configFile = file;
  EXPECT_EQ(load(sources)->url->host, "file.org");
  sources.environment["ROLLCALL_URL"] = "https://variable.org";
  EXPECT_EQ(load(sources)->url->host, "variable.org");
  sources.flags = flags({{"site.url", "https://flag.org"}});
  EXPECT_EQ(load(sources)->url->host, "flag.org");
}

TEST_F(LoadConfig, AFileMayNameGhostsConfigurationAndAFlagOverrulesIt) {
  write("one.json", R"({"url": "https://one.org"})");
  const std::string two = write("two.json", R"({"url": "https://two.org"})");
  const std::string file = write("rollcall.yaml", "ghost_config: one.json");
  EXPECT_EQ(load({.configFile = file})->url->host, "one.org");
  EXPECT_EQ(load({.configFile = file, .ghostConfig = two})->url->host, "two.org");
}

TEST_F(LoadConfig, ADatabaseUrlReplacesAWeakerAccountAndItsPassword) {
  const std::string ghost = write("ghost.json", kGhostJson);
  const Result<Config> config =
      load({.ghostConfig = ghost,
            .flags = flags({{"database.url", "mysql://roll%40call@[::1]/other"}})});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->database->host, "::1");
  EXPECT_EQ(config->database->port, 3306);
  EXPECT_EQ(config->database->user, "roll@call");
  EXPECT_EQ(config->database->name, "other");
  EXPECT_EQ(config->database->password, "");
}

TEST_F(LoadConfig, AnotherUserDoesNotGetGhostsPassword) {
  const std::string ghost = write("ghost.json", kGhostJson);
  const std::string file = write("rollcall.yaml", "database: {user: rollcall}");
  ConfigSources sources{.configFile = file, .ghostConfig = ghost};
  EXPECT_EQ(load(sources)->database->password, "");
  EXPECT_EQ(load(sources)->database->host, "db.internal");
  sources.environment["ROLLCALL_DB_PASSWORD"] = "hunter3";
  EXPECT_EQ(load(sources)->database->password, "hunter3");
}

TEST_F(LoadConfig, APasswordFromAFlagsFileBeatsTheEnvironment) {
  const std::string secret = write("secret", "from the file");
  const ConfigSources sources{
      .environment = {{"ROLLCALL_DB_PASSWORD", "from the environment"}},
      .flags = flags({{"database.url", "mysql://u@db/g"}, {"database.password_file", secret}})};
  EXPECT_EQ(load(sources)->database->password, "from the file");
}

TEST_F(LoadConfig, RollcallsOwnPasswordGoesWithADatabaseGivenByFlag) {
  const ConfigSources sources{.environment = {{"ROLLCALL_DB_PASSWORD", "hunter3"}},
                              .flags = flags({{"database.url", "mysql://u@db/g"}})};
  EXPECT_EQ(load(sources)->database->password, "hunter3");
}

TEST_F(LoadConfig, GhostsPasswordDoesNotGoWithADatabaseGivenByFlag) {
  const ConfigSources sources{.ghostConfig = write("ghost.json", kGhostJson),
                              .flags = flags({{"database.url", "mysql://u@db/g"}})};
  EXPECT_EQ(load(sources)->database->password, "");
}

TEST_F(LoadConfig, ThePasswordFileOfTheConfigurationGoesWithADatabaseGivenByFlag) {
  write("secret", "from the file");
  const std::string file = write("rollcall.yaml", "database: {password_file: secret}");
  const ConfigSources sources{.configFile = file,
                              .flags = flags({{"database.url", "mysql://u@db/g"}})};
  EXPECT_EQ(load(sources)->database->password, "from the file");
}

TEST_F(LoadConfig, TheContentKeyOfTheEnvironmentStaysWithASiteGivenByFlag) {
  const ConfigSources sources{
      .environment = {{"ROLLCALL_CONTENT_API_KEY", "0123456789abcdef0123456789"}},
      .flags = flags({{"site.url", "https://example.org"}})};
  EXPECT_EQ(load(sources)->contentKey, "0123456789abcdef0123456789");
}

TEST_F(LoadConfig, AnotherDatabaseThanGhostsSqliteIsAccepted) {
  const std::string ghost =
      write("ghost.json", R"({"url": "https://a.org", "database": {"client": "sqlite3"}})");
  const Result<Config> config =
      load({.ghostConfig = ghost, .flags = flags({{"database.url", "mysql://u@db/g"}})});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->database->host, "db");
}

TEST_F(LoadConfig, AnAuthorityGivenByFlagStandsInForACertificateInGhostsConfiguration) {
  const std::string ghost = write(
      "ghost.json",
      R"({"database": {"connection": {"user": "u", "database": "g", "ssl": {"ca": "PEM"}}}})");
  const std::string ca = write("ca.pem", "-----BEGIN CERTIFICATE-----\n");
  const Result<Config> config =
      load({.ghostConfig = ghost, .flags = flags({{"database.tls.ca", ca}})});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->database->tls);
  EXPECT_EQ(config->database->caFile, ca);
}

TEST_F(LoadConfig, PodsByFlagReplaceAFilesPodsHoweverTheyAreNamed) {
  const std::string file = write("rollcall.yaml", "pods: [a=http://10.0.0.1:2368]");
  const Result<Config> byName =
      load({.configFile = file, .flags = flags({{"pods_dns", "ghost-pods:2368"}})});
  ASSERT_TRUE(byName) << byName.error().message;
  EXPECT_TRUE(byName->pods.empty());
  EXPECT_EQ(byName->podsDns, "ghost-pods:2368");

  const std::string dns = write("dns.yaml", "pods_dns: ghost-pods:2368");
  ConfigLayer list{.source = "flags", .lists = {{"pods", {"b=http://10.0.0.2:2368"}}}};
  const Result<Config> byList = load({.configFile = dns, .flags = list});
  ASSERT_TRUE(byList) << byList.error().message;
  EXPECT_EQ(byList->podsDns, "");
  ASSERT_EQ(byList->pods.size(), 1u);
  EXPECT_EQ(byList->pods[0].name, "b");
}

TEST_F(LoadConfig, ServiceVariablesOfKubernetesAreNotMistakenForSettings) {
  const Result<Config> config = load({.environment = {{"ROLLCALL_PORT", "tcp://10.0.0.1:9868"},
                                                      {"ROLLCALL_SERVICE_HOST", "10.0.0.1"},
                                                      {"GHOST_PORT", "tcp://10.0.0.2:2368"},
                                                      {"MYSQL_PORT", "tcp://10.0.0.3:3306"}}});
  EXPECT_EQ(problems(config), "");
}

}  // namespace
}  // namespace rollcall
