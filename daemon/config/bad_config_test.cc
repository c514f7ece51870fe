// One row per way to get the configuration wrong, with the exact sentence.
#include "daemon/config/config_fixture.h"

namespace rollcall {
namespace {

struct BadYaml {
  const char* yaml;
  const char* says;
};

class BadConfig : public ConfigTest {};

TEST_F(BadConfig, YamlThatIsWrongIsNamedByLineAndKey) {
  const BadYaml rows[] = {
      // Keys
      {"databse: {host: db}", "rollcall.yaml:1: databse: unknown key, did you mean \"database\"?"},
      {"database: {hots: db}",
       "rollcall.yaml:1: database.hots: unknown key, did you mean \"host\"?"},
      {"url: https://example.org", "rollcall.yaml:1: url: unknown key, did you mean \"site.url\"?"},
      {"site:\n  link: https://example.org",
       "rollcall.yaml:2: site.link: unknown key; known here: url, admin_url"},
      {"site.url: https://example.org",
       "rollcall.yaml:1: site.url: unknown key: settings are nested, without dots in a name"},
      {"settle: 5s\n\nsettle: 6s", "rollcall.yaml:3: settle: given twice, first in line 1"},
      {"site:\n  url: https://a.org\n  url: https://b.org",
       "rollcall.yaml:3: site.url: given twice, first in line 2"},
      {"budget: {pages: 1, pages: 2}",
       "rollcall.yaml:1: budget.pages: given twice, first in line 1"},
      {"\"a\\e[31m\": 1",
       "rollcall.yaml:1: a?[31m: unknown key; known here: pods, commands, checks, site, pods_dns, "
       "kubernetes, pod_ca, database, content, content_api_key_file, admin_api_key_file, "
       "purge_token_file, routes, "
       "webhook, settle, budget, "
       "listen, state, max_findings, probe, "
       "ghost_config"},
      // Shapes
      {"just text", "rollcall.yaml:1: must hold settings as \"name: value\", one a line"},
      {"- a list", "rollcall.yaml:1: must hold settings as \"name: value\", one a line"},
      {"site: https://example.org",
       "rollcall.yaml:1: site: must hold settings of its own (url, admin_url), each on a line "
       "below it"},
      {"site: {url: [https://example.org]}", "rollcall.yaml:1: site.url: must be a single value"},
      {"site: {url: }", "rollcall.yaml:1: site.url: has no value"},
      {"settle: ''", "rollcall.yaml:1: settle: has no value"},
      {"pods: pod-1",
       "rollcall.yaml:1: pods: must be a list of pods, each \"name=http://host:port\" or {name: "
       "..., url: ...}"},
      {"pods: [[a]]",
       "rollcall.yaml:1: pods[0]: must be \"name=http://host:port\" or {name: ..., url: ...}"},
      {"pods: [{name: a}]", "rollcall.yaml:1: pods[0]: the pod has no url"},
      {"pods: [{url: 'http://10.0.0.1'}]", "rollcall.yaml:1: pods[0]: the pod has no name"},
      {"pods: [{nmae: a, name: b, url: 'http://10.0.0.1'}]",
       "rollcall.yaml:1: pods[0].nmae: unknown key, did you mean \"name\"?"},
      {"pods: [{name: a=b, url: 'http://10.0.0.1'}]",
       "rollcall.yaml:1: pods[0]: a pod's name may not hold \"=\""},
      {"checks: [posts]", "rollcall.yaml:1: checks: must hold a group of settings per check"},
      {"checks: {posts: true}",
       "rollcall.yaml:1: checks.posts: must hold settings of its own, such as enabled or interval"},
      // YAML itself
      {"a: [1", "rollcall.yaml:1: not valid YAML: end of sequence flow not found"},
      {"\tsettle: 5s", "rollcall.yaml:1: not valid YAML: illegal map value"},
      {"settle: &x 5s", "rollcall.yaml:1: anchors (&name) are not supported: write the value out"},
      {"settle: *secret", "rollcall.yaml:1: not valid YAML: the referenced anchor is not defined"},
      {"settle: !!str 5s", "rollcall.yaml:1: tags (!name) are not supported"},
      {"? [a]\n: b", "rollcall.yaml:1: a key must be plain text"},
      {"settle: 5s\n---\nsettle: 6s",
       "rollcall.yaml:3: a second document begins here: one file holds one"},
      {"a: [[[[[[[[[[1]]]]]]]]]]", "rollcall.yaml:1: nested deeper than 8 levels"},
      // Site and pods
      {"site: {url: example.org}",
       "rollcall.yaml:1: site.url: \"example.org\" is not a usable URL: it must begin with "
       "http:// or https://"},
      {"site: {url: 'https://example.org:99999'}",
       "rollcall.yaml:1: site.url: \"https://example.org:99999\" is not a usable URL: the port "
       "must be a number from 1 to 65535"},
      {"site: {admin_url: 'ftp://example.org'}",
       "rollcall.yaml:1: site.admin_url: \"ftp://example.org\" is not a usable URL: it must begin "
       "with http:// or https://"},
      {"site: {url: 'https://me:hunter2@example.org/?x'}",
       "rollcall.yaml:1: site.url: the URL holds a user name or password: leave them out"},
      {"pods: [a=http://10.0.0.1, a=http://10.0.0.2]",
       "rollcall.yaml:1: pods[1]: two pods are named \"a\": each needs a name of its own"},
      {"pods:\n- a=http://10.0.0.1:2368\n- b=http://10.0.0.1:2368",
       "rollcall.yaml:3: pods[1]: two pods have the address 10.0.0.1:2368: each is listed once"},
      {"pods: ['a=http://me:hunter2@10.0.0.1']",
       "rollcall.yaml:1: pods[0]: the pod's URL holds a user name or password: leave them out"},
      {"pods_dns: ghost-pods",
       "rollcall.yaml:1: pods_dns: \"ghost-pods\" is not HOST:PORT, such as "
       "ghost-pods.blog.svc:2368"},
      {"pods_dns: ghost-pods:0",
       "rollcall.yaml:1: pods_dns: \"ghost-pods:0\" is not HOST:PORT, such as "
       "ghost-pods.blog.svc:2368"},
      {"pods_dns: 'http://ghost-pods:2368'",
       "rollcall.yaml:1: pods_dns: leave out the scheme: write HOST:PORT; with a pod CA the pods "
       "are asked over TLS"},
      {"pods: [a=http://10.0.0.1]\npods_dns: g:2368",
       "rollcall.yaml:2: pods_dns: pods are listed one by one as well: use one of the two"},
      {"pod_ca: missing.pem", "rollcall.yaml:1: pod_ca: \"missing.pem\": there is no such file"},
      // Database
      {"database: {password: hunter2}",
       "rollcall.yaml:1: database.password: passwords do not belong in this file: put it into a "
       "file of its own and name that in database.password_file, or set ROLLCALL_DB_PASSWORD"},
      {"password: hunter2",
       "rollcall.yaml:1: password: passwords do not belong in this file: put it into a file of "
       "its own and name that in database.password_file, or set ROLLCALL_DB_PASSWORD"},
      {"purge_token: hunter2",
       "rollcall.yaml:1: purge_token: the token does not belong in this file: put it into a file "
       "of "
       "its own and name that in purge_token_file, or set ROLLCALL_PURGE_TOKEN"},
      {"admin_api_key: hunter2",
       "rollcall.yaml:1: admin_api_key: the key does not belong in this file: put it into a "
       "file of its own and name that in admin_api_key_file, or set ROLLCALL_ADMIN_API_KEY"},
      {"content_api_key: hunter2",
       "rollcall.yaml:1: content_api_key: the key does not belong in this file: put it into a "
       "file of its own and name that in content_api_key_file, or set ROLLCALL_CONTENT_API_KEY"},
      {"database: {url: 'mysql://me:hunter2@db/ghost'}",
       "rollcall.yaml:1: database.url: the URL holds a password that others can read: leave it "
       "out and use --db-password-file or ROLLCALL_DB_PASSWORD"},
      {"database: {url: 'mysql://me:hunt@er2@db/ghost'}",
       "rollcall.yaml:1: database.url: the URL holds a password that others can read: leave it "
       "out and use --db-password-file or ROLLCALL_DB_PASSWORD"},
      {"database: {url: db}",
       "rollcall.yaml:1: database.url: not a database's URL: write it as "
       "mysql://user@host:3306/name"},
      {"database: {url: 'postgres://me@db/ghost'}",
       "rollcall.yaml:1: database.url: the URL must begin with mysql:// (several pods of Ghost "
       "share a MySQL 8): write it as mysql://user@host:3306/name"},
      {"database: {url: 'mysql://db/ghost'}",
       "rollcall.yaml:1: database.url: the URL names no user: write it as "
       "mysql://user@host:3306/name"},
      {"database: {url: 'mysql://@db/ghost'}",
       "rollcall.yaml:1: database.url: the URL names no user: write it as "
       "mysql://user@host:3306/name"},
      {"database: {url: 'mysql://me@db'}",
       "rollcall.yaml:1: database.url: the URL names no database: write it as "
       "mysql://user@host:3306/name"},
      {"database: {url: 'mysql://me@db/ghost?x=1'}",
       "rollcall.yaml:1: database.url: nothing may follow the database's name in the URL: write "
       "it as mysql://user@host:3306/name"},
      {"database: {url: 'mysql://me@[::1/ghost'}",
       "rollcall.yaml:1: database.url: the IPv6 address lacks its \"]\": write it as "
       "mysql://user@host:3306/name"},
      {"database: {url: 'mysql://m%zze@db/ghost'}",
       "rollcall.yaml:1: database.url: a % in the database's URL must be followed by two hex "
       "digits"},
      {"database: {url: 'mysql://me@db:no/ghost'}",
       "rollcall.yaml:1: database.url: the database's port must be a number from 1 to 65535, not "
       "\"no\""},
      {"database: {url: 'mysql://me@/ghost'}",
       "rollcall.yaml:1: database.url: \"\" is not a host name or an address"},
      {"database: {url: 'mysql://me@db/ghost', host: other}",
       "rollcall.yaml:1: database.host: the database's URL says this already: leave one of them "
       "out"},
      {"database: {host: db, port: 70000, name: g, user: u}",
       "rollcall.yaml:1: database.port: the database's port must be a number from 1 to 65535, not "
       "\"70000\""},
      {"database: {host: 'u:hunter2@db', name: g, user: u}",
       "rollcall.yaml:1: database.host: \"***@db\" is not a host name or an address"},
      {"database: {host: /run/mysqld.sock, name: g, user: u}",
       "rollcall.yaml:1: database.host: \"/run/mysqld.sock\" is not a host name or an address: a "
       "path belongs in database.socket"},
      {"database: {host: db, user: u}",
       "rollcall.yaml:1: database.host: the database has no name: give --db "
       "mysql://user@host:3306/name or database.name"},
      {"database: {host: db, name: g}",
       "rollcall.yaml:1: database.host: the database has no user: give --db "
       "mysql://user@host:3306/name or database.user"},
      {"database: {name: g, user: u}",
       "rollcall.yaml:1: database.name: the database has no host: give --db "
       "mysql://user@host:3306/name or database.host"},
      {"database: {password_file: missing.txt}",
       "rollcall.yaml:1: database.password_file: \"missing.txt\": there is no such file"},
      {"database: {password_file: .}",
       "rollcall.yaml:1: database.password_file: \".\": is a folder, not a file"},
      {"database: {tls: {enabled: yes}}",
       "rollcall.yaml:1: database.tls.enabled: must be true or false"},
      {"database: {tls: {ca: missing.pem}}",
       "rollcall.yaml:1: database.tls.ca: \"missing.pem\": there is no such file"},
      {"database: {tls: {ca: rollcall.yaml}}",
       "rollcall.yaml:1: database.tls.ca: \"rollcall.yaml\" holds no certificate in PEM form"},
      {"database: {query_timeout: 5}",
       "rollcall.yaml:1: database.query_timeout: \"5\" is not a duration: write a whole number and "
       "ms, s, m, h or d, such as 30s"},
      {"database: {query_timeout: 5h}",
       "rollcall.yaml:1: database.query_timeout: must be from 100ms to 10m"},
      {"database: {follow: gtid}",
       "rollcall.yaml:1: database.follow: \"gtid\" is neither poll nor binlog"},
      // Limits
      {"settle: 2h", "rollcall.yaml:1: settle: must be from 0s to 1h"},
      {"budget: {pages: many}",
       "rollcall.yaml:1: budget.pages: must be a whole number from 0 to 100000"},
      {"budget: {parallel: 0}",
       "rollcall.yaml:1: budget.parallel: must be a whole number from 1 to 32"},
      {"budget: {pages_per_second: -1}",
       "rollcall.yaml:1: budget.pages_per_second: must be a number from 0.01 to 1000"},
      {"budget: {pages_per_second: nan}",
       "rollcall.yaml:1: budget.pages_per_second: must be a number from 0.01 to 1000"},
      {"max_findings: 0",
       "rollcall.yaml:1: max_findings: must be a whole number from 1 to 1000000"},
      {"probe: {min_interval: 500ms}",
       "rollcall.yaml:1: probe.min_interval: must be from 1s to 1h"},
      {"listen: 9868", "rollcall.yaml:1: listen: \"9868\" is not ADDR:PORT, such as 0.0.0.0:9868"},
      {"listen: ':9868'",
       "rollcall.yaml:1: listen: \":9868\" is not ADDR:PORT, such as 0.0.0.0:9868"},
      {"routes: missing.yaml", "rollcall.yaml:1: routes: \"missing.yaml\": there is no such file"},
      {"ghost_config: missing.json", "missing.json: there is no such file"},
      // Checks
      {"checks: {post: {enabled: false}}",
       "rollcall.yaml:1: checks.post.enabled: there is no check \"post\", did you mean \"posts\"?"},
      {"checks: {posts: {enabled: maybe}}",
       "rollcall.yaml:1: checks.posts.enabled: must be true or false"},
      {"checks: {posts: {interval: 1}}",
       "rollcall.yaml:1: checks.posts.interval: \"1\" is not a duration: write a whole number and "
       "ms, s, m, h or d, such as 30s"},
      {"checks: {posts: {interval: 0s}}",
       "rollcall.yaml:1: checks.posts.interval: must be from 1s to 7d"},
      {"checks: {posts: {newset: 5}}",
       "rollcall.yaml:1: checks.posts.newset: unknown setting, did you mean \"newest\"?"},
      {"checks: {posts: {newest: many}}",
       "rollcall.yaml:1: checks.posts.newest: must be a whole number, 0 or more"},
      {"checks: {posts: {newest: [1]}}",
       "rollcall.yaml:1: checks.posts.newest: must be a single value"},
      {"checks: {posts: {grace: soon}}",
       "rollcall.yaml:1: checks.posts.grace: \"soon\" is not a duration: write a whole number and "
       "ms, s, m, h or d, such as 30s"},
      {"checks: {posts: {strict: 1}}",
       "rollcall.yaml:1: checks.posts.strict: must be true or false"},
  };
  for (const BadYaml& row : rows) EXPECT_EQ(problems(loadYaml(row.yaml)), row.says) << row.yaml;
}

TEST_F(BadConfig, AllProblemsOfAllSourcesAreToldAtOnce) {
  const std::string file = write("rollcall.yaml", "settel: 5s\nlisten: here\nsite: {url: x}\n");
  ConfigLayer flags{
      .source = "flags", .values = {{"database.url", "db"}}, .origins = {{"database.url", "--db"}}};
  EXPECT_EQ(problems(load({.configFile = file,
                           .ghostConfig = folder() + "/ghost.json",
                           .environment = {{"ROLLCALL_PODS_DNS", "x"}},
                           .flags = flags})),
            "ghost.json: there is no such file\n"
            "rollcall.yaml:1: settel: unknown key, did you mean \"settle\"?\n"
            "--db: not a database's URL: write it as mysql://user@host:3306/name\n"
            "rollcall.yaml:3: site.url: \"x\" is not a usable URL: it must begin with http:// or "
            "https://\n"
            "ROLLCALL_PODS_DNS: \"x\" is not HOST:PORT, such as ghost-pods.blog.svc:2368\n"
            "rollcall.yaml:2: listen: \"here\" is not ADDR:PORT, such as 0.0.0.0:9868");
}

TEST_F(BadConfig, AFloodOfProblemsIsCut) {
  std::string yaml;
  for (int i = 0; i < 1000; ++i) yaml += "unknown" + std::to_string(i) + ": 1\n";
  const std::string text = problems(loadYaml(yaml));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 50);
  EXPECT_THAT(text, testing::EndsWith("and more problems after these"));
}

TEST_F(BadConfig, AFileThatIsTooLargeIsRefused) {
  EXPECT_EQ(problems(loadYaml(std::string(2'000'000, '#'))),
            "rollcall.yaml: is larger than the 1048576 bytes allowed");
}

TEST_F(BadConfig, AFileThatIsNotThereIsNamed) {
  EXPECT_EQ(problems(load({.configFile = folder() + "/none.yaml"})),
            "none.yaml: there is no such file");
  EXPECT_EQ(problems(load({.configFile = folder() + "/."})), ".: is a folder, not a file");
}

TEST_F(BadConfig, DeepNestingOfAnyKindEndsInASentence) {
  EXPECT_EQ(problems(loadYaml("a: " + std::string(500'000, '[') + std::string(500'000, ']'))),
            "rollcall.yaml:1: nested deeper than 8 levels");
  EXPECT_EQ(problems(loadYaml(std::string(500'000, '['))),
            "rollcall.yaml:1: a key must be plain text");
  EXPECT_EQ(problems(loadYaml(std::string(500'000, '{'))),
            "rollcall.yaml:1: a key must be plain text");
  std::string blocks;
  for (int i = 0; i < 300; ++i) blocks += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_EQ(problems(loadYaml(blocks)), "rollcall.yaml:9: nested deeper than 8 levels");
  EXPECT_EQ(problems(loadGhost(std::string(500'000, '['))),
            "ghost.json: nested deeper than 32 levels");
}

struct BadJson {
  const char* json;
  const char* says;
};

TEST_F(BadConfig, AGhostConfigurationThatIsWrongIsNamedByItsKey) {
  const BadJson rows[] = {
      {"", "ghost.json:1: not valid JSON: --ghost-config expects Ghost's config.production.json"},
      {"{\n\"url\": hunter2}",
       "ghost.json:2: not valid JSON: --ghost-config expects Ghost's config.production.json"},
      {"[]", "ghost.json: must hold one object { ... }, as Ghost's config.production.json does"},
      {R"({"url": 5})", "ghost.json: url: must be text in quotes"},
      {R"({"url": "example.org"})",
       "ghost.json: url: \"example.org\" is not a usable URL: it must begin with http:// or "
       "https://"},
      {R"({"admin": "x"})", "ghost.json: admin: must be an object { ... }"},
      {R"({"database": {"client": "sqlite3", "connection": {"filename": "x.db"}}})",
       "ghost.json: database.client: this Ghost uses SQLite, so it cannot run as several pods: "
       "move it to MySQL 8 first"},
      {R"({"database": {"client": "pg", "connection": {}}})",
       "ghost.json: database.client: \"pg\" is no database of Ghost's: several pods need MySQL 8 "
       "(client \"mysql\")"},
      {R"({"database": {"connection": "mysql://u:hunter2@db/g"}})",
       "ghost.json: database.connection: must be an object with host, user, password and "
       "database"},
      {R"({"database": {"connection": {"host": "db", "user": "u", "password": "hunter2"}}})",
       "ghost.json: database.connection.host: the database has no name: give --db "
       "mysql://user@host:3306/name or database.name"},
      {R"({"database": {"connection": {"host": "db", "user": "u", "database": "g",
           "port": 1.5}}})",
       "ghost.json: database.connection.port: must be a number from 1 to 65535"},
      {R"({"database": {"connection": {"host": "db", "user": "u", "database": "g",
           "password": ["hunter2"]}}})",
       "ghost.json: database.connection.password: must be text in quotes"},
      {R"({"database": {"connection": {"host": "db", "user": "u", "database": "g",
           "ssl": {"ca": "-----BEGIN CERTIFICATE-----"}}}})",
       "ghost.json: database.connection.ssl.ca: holds the certificate itself: write it to a file "
       "and name that with --db-ca or database.tls.ca"},
  };
  for (const BadJson& row : rows) EXPECT_EQ(problems(loadGhost(row.json)), row.says) << row.json;
}

struct BadVariable {
  const char* name;
  const char* value;
  const char* says;
};

TEST_F(BadConfig, AnEnvironmentThatIsWrongIsNamedByItsVariable) {
  const BadVariable rows[] = {
      {"url", "example.org",
       "url: \"example.org\" is not a usable URL: it must begin with http:// or https://"},
      {"database__client", "sqlite3",
       "database__client: this Ghost uses SQLite, so it cannot run as several pods: move it to "
       "MySQL 8 first"},
      {"ROLLCALL_DB", "mysql://u:hunter2@db/g",
       "ROLLCALL_DB: the URL holds a password that others can read: leave it out and use "
       "--db-password-file or ROLLCALL_DB_PASSWORD"},
      {"ROLLCALL_DB_PASSWORD", "hunt\ner2",
       "ROLLCALL_DB_PASSWORD: the password must be at most 4096 characters, all printable"},
      {"ROLLCALL_ADMIN_API_KEY", "0123456789abcdef0123456789",
       "ROLLCALL_ADMIN_API_KEY: an Admin API key is 24 hexadecimal digits, a colon and 64 more: "
       "see "
       "the integration in Ghost's admin"},
      {"ROLLCALL_CONTENT_API_KEY", "abc:hunter2",
       "ROLLCALL_CONTENT_API_KEY: this looks like an Admin API key: a Content API key is wanted"},
      {"ROLLCALL_CONTENT_API_KEY", "hunter2!",
       "ROLLCALL_CONTENT_API_KEY: a Content API key holds letters and digits only"},
  };
  for (const BadVariable& row : rows)
    EXPECT_EQ(problems(load({.environment = {{row.name, row.value}}})), row.says) << row.name;
}

TEST_F(BadConfig, WhatIsShownOfTheFileDrivesNoTerminal) {
  EXPECT_EQ(problems(loadYaml("checks: {posts: {timeout: \"\\e[2J3\"}}")),
            "rollcall.yaml:1: checks.posts.timeout: \"\uFFFD[2J3\" is not a duration: write a "
            "whole number and ms, s, m, h or d, such as 30s");
}

TEST_F(BadConfig, ASecretFileHoldsOneLine) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "the file is empty"},
      {"\n", "the file is empty"},
      {"hunter2\nmore\n", "the file must hold one line of text and nothing else"},
  };
  for (const auto& [content, says] : rows) {
    write("secret", content);
    EXPECT_THAT(problems(loadYaml("database: {password_file: secret}")), testing::EndsWith(says));
  }
  write("secret", std::string(5000, 'x'));
  EXPECT_THAT(problems(loadYaml("database: {password_file: secret}")),
              testing::EndsWith("is larger than the 4096 bytes allowed"));
}

}  // namespace
}  // namespace rollcall
