// The effective configuration can be read again, holds no secret, and the examples are valid.
#include "daemon/config/config_fixture.h"
#include "daemon/config/keys.h"
#include "daemon/config/text.h"

namespace rollcall {
namespace {

using ShowConfig = ConfigTest;

constexpr const char* kFull = R"(
site: {url: "https://example.org/blog", admin_url: "https://admin.example.org"}
pods: [{name: pod-1, url: "http://10.0.0.1:2368"}, {name: pod-2, url: "https://[::1]:8443"}]
pod_ca: ca.pem
database:
  host: db
  name: 'quo"te\d'
  user: rollcall
  password_file: secret
  tls: {enabled: true, ca: ca.pem}
  query_timeout: 1500ms
  follow: binlog
  reader: "db-ro"
content: {path: content}
content_api_key_file: key
admin_api_key_file: admin-key
purge_token_file: purge-token
webhook: {url_file: hook, secret_file: hook-secret, format: slack, findings: false, status_page: "https://rollcall.example.org", runbook_url: "https://wiki.example.org/{code}"}
routes: routes.yaml
settle: 0s
budget: {pages: 10, parallel: 2, pages_per_second: 0.5}
listen: "[::1]:0"
probe: {enabled: true, min_interval: 90s}
checks:
  pods: {enabled: false}
  posts: {interval: 2m, newest: 3, grace: 90s, strict: true, label: "on: off # 'x'"}
)";

class FullConfig : public ConfigTest {
 protected:
  FullConfig() {
    write("secret", "hunter2\n");
    write("key", "feedc0ffee0123456789abcdef");
    write("purge-token", "t0ken");
    write("admin-key", std::string(24, 'c') + ":" + std::string(64, 'd'));
    write("hook", "https://hooks.example.org/T0/B0/planted-url\n");
    write("hook-secret", "planted-webhook-secret");
    write("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    write("routes.yaml", "routes:\n");
  }
};

TEST_F(FullConfig, ShownIsReadAgainAsTheSame) {
  const Result<Config> config = loadYaml(kFull);
  ASSERT_TRUE(config) << config.error().message;
  const std::string text = showConfig(*config);
  const Result<Config> again = loadYaml(text);
  ASSERT_TRUE(again) << again.error().message << "\n" << text;
  EXPECT_EQ(again->database->name, "quo\"te\\d");
  EXPECT_EQ(again->pods[1].address(), "[::1]:8443");
  EXPECT_EQ(again->pods[1].scheme, "https");
  EXPECT_EQ(again->checks.at("posts").params.text("label"), "on: off # 'x'");
  Config secretsAside = *config;
  secretsAside.database->password = "";
  secretsAside.contentKey = "";
  secretsAside.adminKey = "";
  secretsAside.purgeToken = "";
  secretsAside.webhook.url = secretsAside.webhook.secret = "";
  EXPECT_EQ(showConfig(*again), showConfig(secretsAside));
}

TEST_F(FullConfig, SecretsAreSaidToBeSetAndNeverShown) {
  const std::string text = showConfig(*loadYaml(kFull));
  EXPECT_THAT(text, testing::HasSubstr("# password: (set)"));
  EXPECT_THAT(text, testing::HasSubstr("# content_api_key: (set)"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("hunter2")));
  EXPECT_THAT(text, testing::HasSubstr("# admin_api_key: (set)"));
  EXPECT_THAT(text, testing::HasSubstr("# purge_token: (set)"));
  EXPECT_THAT(text, testing::HasSubstr("# url: (set)"));
  EXPECT_THAT(text, testing::HasSubstr("# secret: (set)"));
  EXPECT_THAT(text, testing::HasSubstr("format: slack"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("planted")));
  EXPECT_THAT(text, testing::HasSubstr("reader: \"db-ro:3306\""));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("feedc0ffee")));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("dddddddd")));
}

TEST_F(ShowConfig, AnEmptyConfigurationIsReadAgainToo) {
  const std::string text = showConfig(*loadYaml(""));
  EXPECT_EQ(problems(loadYaml(text)), "") << text;
  EXPECT_EQ(showConfig(*loadYaml(text)), text);
  EXPECT_THAT(text, testing::HasSubstr("# content_api_key: (not set)"));
}

TEST_F(ShowConfig, TheFullExampleNamesEverySettingAndEachIsAccepted) {
  const std::string path = std::string(ROLLCALL_SOURCE_DIR) + "/examples/rollcall.full.yaml";
  const Result<ConfigLayer> layer = readConfigFile(path);
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_THAT(layer->problems, testing::IsEmpty());
  const std::string text = readSmallFile(path, 1 << 20).value();
  for (const ConfigKey& key : configKeys()) {
    const std::string name(key.path.substr(key.path.rfind('.') + 1));
    EXPECT_THAT(text, testing::HasSubstr(name + ": ")) << key.path;
  }
}

TEST_F(ShowConfig, TextOfPeopleIsShownSafely) {
  EXPECT_EQ(shown("plain"), "\"plain\"");
  EXPECT_EQ(shown("mysql://u:hunter2@db/x"), "\"mysql://***@db/x\"");
  EXPECT_EQ(shown("u:hunter2@db"), "\"***@db\"");
  EXPECT_EQ(shown("\x1b[31mred\n"), "\"?[31mred?\"");
  EXPECT_EQ(shown(std::string(100, 'x')), "\"" + std::string(80, 'x') + "...\"");
}

TEST_F(ShowConfig, TheNearestWordIsTheOneMeant) {
  EXPECT_EQ(nearest("databse", {"database", "budget"}), "database");
  EXPECT_EQ(nearest("psots", {"pods", "posts"}), "posts");
  EXPECT_EQ(nearest("--pasword", {"--db", "--pods-dns"}), "");
  EXPECT_EQ(nearest("conf", {"check", "config"}), "config");
  EXPECT_EQ(nearest("", {"a"}), "");
}

}  // namespace
}  // namespace rollcall
