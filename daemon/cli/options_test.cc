#include "daemon/cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using Arguments = std::vector<std::string>;

std::string refusal(const Arguments& arguments) {
  const auto parsed = parseOptions(arguments);
  const auto* answer = std::get_if<Answer>(&parsed);
  if (!answer) return "accepted";
  return answer->exitCode == kExitUsage ? answer->text : "exit " + answer->text;
}

Options accepted(const Arguments& arguments) {
  const auto parsed = parseOptions(arguments);
  if (const auto* answer = std::get_if<Answer>(&parsed)) ADD_FAILURE() << answer->text;
  return std::holds_alternative<Options>(parsed) ? std::get<Options>(parsed) : Options{};
}

struct BadLine {
  Arguments arguments;
  const char* says;
};

TEST(Options, AWrongCommandLineGetsOneSentence) {
  const BadLine rows[] = {
      {{"chek"}, "rollcall: \"chek\": unknown command, did you mean \"check\"?\n"},
      {{"zzzzzz"},
       "rollcall: \"zzzzzz\": unknown command; there are check, report, serve, volume-agent, list, "
       "explain, health, "
       "version, completion, config\n"},
      {{"--verbse"}, "rollcall: --verbse: unknown flag\n"},
      {{"config"},
       "rollcall config: name what to do: rollcall config check, or rollcall config show\n"},
      {{"config", "chekc"},
       "rollcall config: \"chekc\": unknown command, did you mean \"check\"?\n"},
      {{"check", "--verbsoe"},
       "rollcall check: --verbsoe: unknown flag, did you mean \"--verbose\"?\n"},
      {{"check", "--pods-dsn=x"},
       "rollcall check: --pods-dsn: unknown flag, did you mean \"--pods-dns\"?\n"},
      {{"check", "--listen", "x:1"}, "rollcall check: --listen: unknown flag\n"},
      {{"list", "--config", "x"}, "rollcall list: --config: unknown flag\n"},
      {{"check", "-v"}, "rollcall check: -v: unknown flag\n"},
      {{"check", "https://example.org"},
       "rollcall check: \"https://example.org\" is not expected here: settings are given as flags, "
       "see rollcall check --help\n"},
      {{"check", "--pod"}, "rollcall check: --pod: needs a value\n"},
      {{"check", "--url", "--verbose"}, "rollcall check: --url: needs a value\n"},
      {{"check", "--url="}, "rollcall check: --url: needs a value\n"},
      {{"check", "--url", ""}, "rollcall check: --url: needs a value\n"},
      {{"check", "--url", "a", "--url", "b"}, "rollcall check: --url: given more than once\n"},
      {{"check", "--state", "x"}, "rollcall check: --state: unknown flag\n"},
      {{"report", "--listen", "x:1"}, "rollcall report: --listen: unknown flag\n"},
      {{"report", "--verbose"}, "rollcall report: --verbose: unknown flag\n"},
      {{"report", "--output", "table"},
       "rollcall report: --output: \"table\" is none of markdown, html, json, junit\n"},
      {{"report", "--push", "gateway:9091"},
       "rollcall report: --push: \"gateway:9091\" is not a usable URL: it must begin with http:// "
       "or https://\n"},
      {{"check", "--output", "jsno"},
       "rollcall check: --output: \"jsno\" is none of table, json, junit, nagios, prometheus, "
       "markdown, did you mean \"json\"?\n"},
      {{"check", "--fail-on", "error"},
       "rollcall check: --fail-on: \"error\" is none of warn, fail, never\n"},
      {{"check", "--timeout", "30"},
       "rollcall check: --timeout: \"30\" is not a duration: write a whole number and ms, s, m, h "
       "or d, such as 30s\n"},
      {{"check", "--timeout", "0s"}, "rollcall check: --timeout: must be from 100ms to 1h\n"},
      {{"check", "--timeout", "2h"}, "rollcall check: --timeout: must be from 100ms to 1h\n"},
      {{"check", "--only", ","}, "rollcall check: --only: names no check\n"},
      {{"health", "--address", "9868"},
       "rollcall health: --address: \"9868\" is not HOST:PORT, such as 127.0.0.1:9868\n"},
      {{"health", "--address", "http://h:1"},
       "rollcall health: --address: \"http://h:1\" is not HOST:PORT, such as 127.0.0.1:9868\n"},
      {{"health", "--address", "h:1/livez"},
       "rollcall health: --address: \"h:1/livez\" is not HOST:PORT, such as 127.0.0.1:9868\n"},
      {{"health", "--config", "x"}, "rollcall health: --config: unknown flag\n"},
      {{"volume-agent"}, "rollcall volume-agent: --content-path: name Ghost's content folder\n"},
      {{"volume-agent", "--content-path", "c", "--folders", "images,../x"},
       "rollcall volume-agent: --folders: \"../x\" is no folder below the content folder\n"},
      {{"volume-agent", "--content-path", "c", "--interval", "900ms"},
       "rollcall volume-agent: --interval: must be from 1s to 1h\n"},
      {{"volume-agent", "--content-path", "c", "--config", "x"},
       "rollcall volume-agent: --config: unknown flag\n"},
      {{"explain"},
       "rollcall explain: name a code such as RC201, or a check; rollcall list shows them\n"},
      {{"completion"}, "rollcall completion: name a shell: bash, zsh or fish\n"},
      {{"completion", "tcsh"}, "rollcall completion: name a shell: bash, zsh or fish\n"},
      {{"version", "now"},
       "rollcall version: \"now\" is not expected here: settings are given as flags, see rollcall "
       "version --help\n"},
  };
  for (const BadLine& row : rows)
    EXPECT_EQ(refusal(row.arguments), row.says) << testing::PrintToString(row.arguments);
}

TEST(Options, APasswordOnTheCommandLineIsRefusedAndNotRepeated) {
  const char* const says =
      ": passwords are not taken from the command line, others can read it: use "
      "--db-password-file or ROLLCALL_DB_PASSWORD\n";
  EXPECT_EQ(refusal({"check", "--db-password", "hunter2"}),
            std::string("rollcall check: --db-password") + says);
  EXPECT_EQ(refusal({"check", "--db-password=hunter2"}),
            std::string("rollcall check: --db-password") + says);
  EXPECT_EQ(refusal({"serve", "--pasword=hunter2"}),
            std::string("rollcall serve: --pasword") + says);
  EXPECT_THAT(refusal({"check", "--secret=hunter2"}), testing::Not(testing::HasSubstr("hunter2")));
  EXPECT_THAT(refusal({"check", "u:hunter2@db"}), testing::Not(testing::HasSubstr("hunter2")));
}

TEST(Options, AReportTakesItsTimeAndSaysWhereItGoes) {
  const auto plain = std::get<Options>(parseOptions({"report"}));
  EXPECT_EQ(plain.output, OutputFormat::kMarkdown);
  EXPECT_EQ(plain.timeout, std::chrono::minutes(30));
  const auto options = std::get<Options>(
      parseOptions({"report", "--output", "json", "--output-dir", "out", "--state", "s.db",
                    "--push", "http://gateway:9091/", "--timeout", "5m"}));
  EXPECT_EQ(options.output, OutputFormat::kJson);
  EXPECT_EQ(options.report.folder, "out");
  EXPECT_EQ(options.flags.values.at("state"), "s.db");
  EXPECT_EQ(options.report.pushUrl, "http://gateway:9091");
  EXPECT_EQ(options.timeout, std::chrono::minutes(5));
}

TEST(Options, EveryFlagOfCheckIsRead) {
  const Options options = accepted({"check",
                                    "--config",
                                    "c.yaml",
                                    "--ghost-config",
                                    "g.json",
                                    "--url",
                                    "https://e.org",
                                    "--pod",
                                    "a=http://10.0.0.1",
                                    "--pod=b=http://10.0.0.2",
                                    "--pods-dns",
                                    "g:1",
                                    "--kube-selector",
                                    "app=ghost",
                                    "--kube-service",
                                    "ghost",
                                    "--kube-namespace",
                                    "blog",
                                    "--kube-port",
                                    "http",
                                    "--pod-ca",
                                    "p.pem",
                                    "--db",
                                    "mysql://u@h/n",
                                    "--db-password-file",
                                    "pw",
                                    "--db-ca",
                                    "d.pem",
                                    "--routes",
                                    "r.yaml",
                                    "--content",
                                    "dir",
                                    "--max-findings",
                                    "5",
                                    "--only",
                                    "posts,pods",
                                    "--only",
                                    "archives",
                                    "--output",
                                    "nagios",
                                    "--timeout",
                                    "1m",
                                    "--fail-on",
                                    "never",
                                    "--verbose"});
  EXPECT_EQ(options.command, Command::kCheck);
  EXPECT_EQ(options.configFile, "c.yaml");
  EXPECT_EQ(options.ghostConfig, "g.json");
  EXPECT_THAT(options.flags.lists.at("pods"),
              testing::ElementsAre("a=http://10.0.0.1", "b=http://10.0.0.2"));
  const std::map<std::string, std::string> values = {{"site.url", "https://e.org"},
                                                     {"pods_dns", "g:1"},
                                                     {"pod_ca", "p.pem"},
                                                     {"kubernetes.selector", "app=ghost"},
                                                     {"kubernetes.service", "ghost"},
                                                     {"kubernetes.namespace", "blog"},
                                                     {"kubernetes.port", "http"},
                                                     {"database.url", "mysql://u@h/n"},
                                                     {"database.password_file", "pw"},
                                                     {"database.tls.ca", "d.pem"},
                                                     {"routes", "r.yaml"},
                                                     {"content.path", "dir"},
                                                     {"max_findings", "5"}};
  EXPECT_EQ(options.flags.values, values);
  EXPECT_EQ(options.flags.origins.at("database.url"), "--db");
  EXPECT_THAT(options.only, testing::ElementsAre("posts", "pods", "archives"));
  EXPECT_EQ(options.output, OutputFormat::kNagios);
  EXPECT_EQ(options.timeout, std::chrono::minutes(1));
  EXPECT_EQ(options.failOn, FailOn::kNever);
  EXPECT_TRUE(options.verbose);
}

TEST(Options, ServeTakesTheSameFlagsAndListenAndSaysWhatItIgnores) {
  const Options options = accepted({"serve", "--url", "https://e.org", "--listen", "127.0.0.1:0",
                                    "--only", "posts", "--output", "json", "--verbose"});
  EXPECT_EQ(options.command, Command::kServe);
  EXPECT_EQ(options.flags.values.at("listen"), "127.0.0.1:0");
  EXPECT_THAT(options.ignored, testing::UnorderedElementsAre("--output", "--verbose"));
}

TEST(Options, TheVolumeAgentNeedsNothingButAFolder) {
  const AgentOptions least = accepted({"volume-agent", "--content-path", "c"}).agent;
  EXPECT_EQ(least.contentPath, "c");
  EXPECT_THAT(least.folders,
              testing::ElementsAre("images", "media", "files", "themes", "settings", "data"));
  EXPECT_EQ(least.interval, std::chrono::seconds(20));
  EXPECT_EQ(least.listen, "0.0.0.0:9869");
  const AgentOptions all =
      accepted({"volume-agent", "--content-path=c", "--folders", "images, media/x", "--interval",
                "1m", "--listen", "127.0.0.1:0"})
          .agent;
  EXPECT_THAT(all.folders, testing::ElementsAre("images", "media/x"));
  EXPECT_EQ(all.interval, std::chrono::minutes(1));
  EXPECT_EQ(all.listen, "127.0.0.1:0");
}

TEST(Options, ConfigCommandsTakeTheFlagsOfTheConfiguration) {
  EXPECT_EQ(accepted({"config", "check", "--listen", "x:1"}).command, Command::kConfigCheck);
  EXPECT_EQ(accepted({"config", "show", "--config", "x"}).configFile, "x");
  EXPECT_EQ(refusal({"config", "show", "--output", "json"}),
            "rollcall config show: --output: unknown flag\n");
}

TEST(Options, HealthAsksWhereTheDaemonListensByDefault) {
  EXPECT_EQ(accepted({"health"}).command, Command::kHealth);
  EXPECT_EQ(accepted({"health"}).address, "127.0.0.1:9868");
  EXPECT_EQ(accepted({"health", "--address", "[::1]:1"}).address, "[::1]:1");
}

TEST(Options, NothingToDoShowsTheThreeWaysToStart) {
  const std::string text = refusal({});
  EXPECT_THAT(text, testing::HasSubstr("Three usual ways to start"));
  EXPECT_EQ(text, shortHelp());
}

TEST(Options, HelpOfEveryCommandNamesEveryFlagAndGivesAnExample) {
  for (const CommandInfo& command : describeCommands()) {
    Arguments arguments;
    if (const auto space = command.path.find(' '); space != std::string::npos)
      arguments = {command.path.substr(0, space), command.path.substr(space + 1)};
    else if (!command.path.empty())
      arguments = {command.path};
    arguments.emplace_back("--help");
    const auto parsed = parseOptions(arguments);
    ASSERT_TRUE(std::holds_alternative<Answer>(parsed)) << command.path;
    const Answer& answer = std::get<Answer>(parsed);
    EXPECT_EQ(answer.exitCode, 0);
    for (const FlagInfo& flag : command.flags)
      EXPECT_THAT(answer.text, testing::HasSubstr(flag.name)) << command.path;
    for (const std::string& word : command.words)
      EXPECT_THAT(answer.text, testing::HasSubstr(word)) << command.path;
    if (command.path == "config") continue;
    EXPECT_THAT(answer.text, testing::HasSubstr("  rollcall " + command.path)) << command.path;
  }
}

TEST(Options, TheFirstHelpLeadsToTheOthers) {
  EXPECT_THAT(std::get<Answer>(parseOptions({"--help"})).text,
              testing::HasSubstr("rollcall COMMAND --help"));
}

TEST(ExitCode, FollowsTheVerdictAndWhatIsForgiven) {
  struct Row {
    Verdict verdict;
    int warn, fail, never;
  };
  const Row rows[] = {{Verdict::kPass, 0, 0, 0},
                      {Verdict::kWarn, 1, 0, 0},
                      {Verdict::kFail, 2, 2, 0},
                      {Verdict::kUnknown, 3, 3, 0},
                      {Verdict::kNotApplicable, 3, 3, 0}};
  for (const Row& row : rows) {
    EXPECT_EQ(exitCode(row.verdict, FailOn::kWarn), row.warn) << name(row.verdict);
    EXPECT_EQ(exitCode(row.verdict, FailOn::kFail), row.fail) << name(row.verdict);
    EXPECT_EQ(exitCode(row.verdict, FailOn::kNever), row.never) << name(row.verdict);
  }
}

}  // namespace
}  // namespace rollcall
