// The commands of the configuration: what is accepted, and one row per way to get it wrong.
#include "daemon/config/config_fixture.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class CommandsConfig : public ConfigTest {};

TEST_F(CommandsConfig, AreReadWithTheirDefaults) {
  const auto config = loadYaml(
      "commands:\n"
      "  - {name: disk, argv: [/bin/check_disk, -w, 10%, '']}\n"
      "  - name: front-page\n"
      "    argv: [/bin/check_http, -I, $ROLLCALL_POD_HOST, -u, $ROLLCALL_SITE_URL$]\n"
      "    env: [HTTP_PROXY]\n"
      "    timeout: 3s\n"
      "    per_pod: true\n"
      "    max_output: 1000\n");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->commands.size(), 2U);
  const ExecCommand& disk = config->commands[0];
  EXPECT_EQ(disk.name, "disk");
  EXPECT_THAT(disk.argv, ElementsAre("/bin/check_disk", "-w", "10%", ""));
  EXPECT_TRUE(disk.environment.empty());
  EXPECT_EQ(disk.timeout, 10s);
  EXPECT_FALSE(disk.perPod);
  EXPECT_EQ(disk.maxOutput, 65536U);
  const ExecCommand& page = config->commands[1];
  EXPECT_THAT(page.environment, ElementsAre("HTTP_PROXY"));
  EXPECT_EQ(page.timeout, 3s);
  EXPECT_TRUE(page.perPod);
  EXPECT_EQ(page.maxOutput, 1000U);
}

TEST_F(CommandsConfig, AreShownSoThatTheyCanBeReadAgain) {
  const auto config = loadYaml(
      "commands: [{name: a, argv: [/bin/a, \"quote\\\" $HOME \\\\\"], env: [B], per_pod: true}]");
  ASSERT_TRUE(config) << config.error().message;
  const auto again = loadYaml(showConfig(*config));
  ASSERT_TRUE(again) << again.error().message;
  ASSERT_EQ(again->commands.size(), 1U);
  EXPECT_EQ(again->commands[0].argv, config->commands[0].argv);
  EXPECT_EQ(again->commands[0].environment, config->commands[0].environment);
  EXPECT_TRUE(again->commands[0].perPod);
}

TEST_F(CommandsConfig, WhatIsWrongIsNamedByLineAndKey) {
  struct Case {
    const char* yaml;
    const char* says;
  };
  const Case rows[] = {
      {"commands: {name: a}",
       "rollcall.yaml:1: commands: must be a list of commands, each {name: ..., argv: [...]}"},
      {"commands: [check]", "rollcall.yaml:1: commands[0]: must be {name: ..., argv: [...]}"},
      {"commands: [{argv: [/a]}]", "rollcall.yaml:1: commands[0]: the command has no name"},
      {"commands:\n- name: a",
       "rollcall.yaml:2: commands[0]: the command has no argv: the program and its arguments"},
      {"commands: [{name: a, argv: []}]",
       "rollcall.yaml:1: commands[0].argv: must hold the program and its arguments"},
      {"commands: [{name: a, argv: /bin/a}]", "rollcall.yaml:1: commands[0].argv: must be a list"},
      {"commands: [{name: a, argv: [/bin/a, [b]]}]",
       "rollcall.yaml:1: commands[0].argv[1]: must be a single value"},
      {"commands: [{name: a, argv: [check_http]}]",
       "rollcall.yaml:1: commands[0].argv: \"check_http\" is no absolute path: no shell looks for "
       "the program"},
      {"commands: [{name: a b, argv: [/a]}]",
       "rollcall.yaml:1: commands[0].name: must be at most 63 letters, digits, \".\", \"_\" and "
       "\"-\""},
      {"commands: [{name: a, argv: [/a]}, {name: a, argv: [/a]}]",
       "rollcall.yaml:1: commands[1].name: two commands are named \"a\": each needs a name of its "
       "own"},
      {"commands: [{name: a, name: b, argv: [/a]}]",
       "rollcall.yaml:1: commands[0].name: given twice, first in line 1"},
      {"commands: [{name: a, argv: [/a], perpod: true}]",
       "rollcall.yaml:1: commands[0].perpod: unknown key, did you mean \"per_pod\"?"},
      {"commands: [{name: a, argv: [/a], per_pod: yes}]",
       "rollcall.yaml:1: commands[0].per_pod: must be true or false"},
      {"commands: [{name: a, argv: [/a], timeout: 1h}]",
       "rollcall.yaml:1: commands[0].timeout: must be at most 10 min"},
      {"commands: [{name: a, argv: [/a], max_output: 0}]",
       "rollcall.yaml:1: commands[0].max_output: must be at least 1"},
      {"commands: [{name: a, argv: [/a], env: [TOKEN=hunter2]}]",
       "rollcall.yaml:1: commands[0].env: \"TOKEN\" is not the name of a variable; its value does "
       "not belong here"},
      {"commands: [{name: a, argv: [/a, $ROLLCALL_POD_HOST]}]",
       "rollcall.yaml:1: commands[0].argv: $ROLLCALL_POD_HOST stands for nothing here: the command "
       "does not run per_pod"},
      {"commands: [{name: a, argv: [/a, $ROLLCALL_POD_HOTS], per_pod: true}]",
       "rollcall.yaml:1: commands[0].argv: $ROLLCALL_POD_HOTS stands for nothing here"},
      {"commands: [{name: a, argv: [/a, \"b\\0c\"]}]",
       "rollcall.yaml:1: commands[0].argv: an argument is longer than 4096 bytes, or holds a zero "
       "byte"},
  };
  for (const Case& row : rows) EXPECT_EQ(problems(loadYaml(row.yaml)), row.says) << row.yaml;
}

TEST_F(CommandsConfig, ATimeoutThatTheCheckCutsShortIsRefused) {
  CheckSpec exec = pods_;
  exec.name = "exec";
  exec.timeout = 50s;
  const CheckRegistry registry{{&exec}};
  const auto problemsOf = [&](const std::string& commandTimeout, const std::string& check) {
    return problems(loadConfig(
        {.configFile = write("rollcall.yaml",
                             "commands: [{name: a, argv: [/a]" + commandTimeout + "}]\n" + check)},
        registry));
  };
  EXPECT_EQ(problemsOf(", timeout: 50s", ""), "");
  EXPECT_EQ(
      problemsOf(", timeout: 51s", ""),
      "rollcall.yaml:1: commands[0].timeout: the check ends after 50.0 s, and the command with "
      "it: raise checks.exec.timeout above this");
  EXPECT_EQ(problemsOf(", timeout: 51s", "checks: {exec: {timeout: 60s}}"), "");
  EXPECT_EQ(problemsOf(", timeout: 51s", "checks: {exec: {enabled: false}}"), "");
  EXPECT_EQ(problemsOf("", "checks: {exec: {timeout: 5s}}"), "");
}

TEST_F(CommandsConfig, AreBoundedInNumber) {
  std::string yaml = "commands:\n";
  for (int i = 0; i < 33; ++i) yaml += "- {name: c" + std::to_string(i) + ", argv: [/a]}\n";
  EXPECT_EQ(problems(loadYaml(yaml)),
            "rollcall.yaml:34: commands[32]: at most 32 commands can be listed");
}

}  // namespace
}  // namespace rollcall
