// The section "webhook", whose URL and secret no message repeats.
#include "daemon/config/config_fixture.h"

namespace rollcall {
namespace {

using WebhookSettings = ConfigTest;

constexpr const char* kUrl = "https://hooks.example.org/T0/B0/planted?key=a&b=c";
constexpr const char* kSecret = "planted-webhook-secret";

TEST_F(WebhookSettings, AreTakenFromFilesOrTheEnvironmentWhichIsStronger) {
  write("url", std::string(kUrl) + "\n");
  write("secret", kSecret);
  const std::string yaml = "webhook: {url_file: url, secret_file: secret, format: slack}";
  const Result<Config> fromFiles = loadYaml(yaml);
  ASSERT_TRUE(fromFiles) << fromFiles.error().message;
  EXPECT_EQ(fromFiles->webhook.url, kUrl);
  EXPECT_EQ(fromFiles->webhook.secret, kSecret);
  EXPECT_EQ(fromFiles->webhook.format, WebhookFormat::kSlack);
  EXPECT_TRUE(fromFiles->webhook.findings);
  const Result<Config> both =
      load({.configFile = write("rollcall.yaml", yaml),
            .environment = {{"ROLLCALL_WEBHOOK_URL", "http://other:8080/x"},
                            {"ROLLCALL_WEBHOOK_SECRET", "another-secret-that-wins"}}});
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->webhook.url, "http://other:8080/x");
  EXPECT_EQ(both->webhook.secret, "another-secret-that-wins");
}

TEST_F(WebhookSettings, WhatIsWrongIsSaidWithoutTheUrlOrTheSecret) {
  struct Row {
    const char* url;
    const char* secret;
    const char* yaml;
    const char* problem;
  };
  constexpr const char* kNoUrl =
      "ROLLCALL_WEBHOOK_URL: must be one URL with http:// or https://, at most 2000 characters and "
      "without user name, password or fragment";
  const Row rows[] = {
      {"hooks.example.org/planted", "", "", kNoUrl},
      {"ftp://hooks.example.org/planted", "", "", kNoUrl},
      {"https://planted:planted@hooks.example.org/", "", "", kNoUrl},
      {"https://hooks.example.org/planted#x", "", "", kNoUrl},
      {"https://hooks.example.org/planted x", "", "", kNoUrl},
      {"https://hooks.example.org/planted?a=\xc3\xa9", "", "", kNoUrl},
      {kUrl, "planted", "",
       "ROLLCALL_WEBHOOK_SECRET: must be from 16 to 4096 printable characters"},
      {kUrl, "planted planted planted", "",
       "ROLLCALL_WEBHOOK_SECRET: must be from 16 to 4096 printable characters"},
      {"", "", "webhook: {url: https://hooks.example.org/planted}",
       "rollcall.yaml:1: webhook.url: the URL does not belong in this file, whoever has it can "
       "post there: put it into a file of its own and name that in webhook.url_file, or set "
       "ROLLCALL_WEBHOOK_URL"},
      {"", "", "webhook: {secret: planted}",
       "rollcall.yaml:1: webhook.secret: the secret does not belong in this file: put it into a "
       "file of its own and name that in webhook.secret_file, or set ROLLCALL_WEBHOOK_SECRET"},
      {"", "", "webhook: {url_file: none}",
       "rollcall.yaml:1: webhook.url_file: \"none\": there is no such file"},
      {kUrl, "", "webhook: {format: teams}",
       "rollcall.yaml:1: webhook.format: must be generic or slack"},
      {kUrl, "", "webhook: {findings: yes please}",
       "rollcall.yaml:1: webhook.findings: must be true or false"},
      {kUrl, "", "webhook: {runbook_url: 'wiki/{code}'}",
       "rollcall.yaml:1: webhook.runbook_url: \"wiki/{code}\" is not a usable URL"},
      {kUrl, "", "webhook: {status_page: 'https://e.org/<b>'}",
       "rollcall.yaml:1: webhook.status_page: \"https://e.org/<b>\" is not a usable URL"}};
  for (const Row& row : rows) {
    Environment environment;
    if (*row.url) environment["ROLLCALL_WEBHOOK_URL"] = row.url;
    if (*row.secret) environment["ROLLCALL_WEBHOOK_SECRET"] = row.secret;
    EXPECT_EQ(problems(load(
                  {.configFile = write("rollcall.yaml", row.yaml), .environment = environment})),
              row.problem);
  }
}

}  // namespace
}  // namespace rollcall
