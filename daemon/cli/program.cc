#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"
#include "daemon/config/text.h"

namespace rollcall {
namespace {

// Names in --only that are no check, one sentence a line.
std::string unknownChecks(const CheckRegistry& registry, const std::vector<std::string>& only) {
  std::vector<std::string_view> names;
  for (const CheckSpec* spec : registry.specs()) names.push_back(spec->name);
  std::string problems;
  for (const std::string& name : only) {
    if (registry.find(name)) continue;
    const std::string near = didYouMean(name, names);
    problems +=
        fmt::format("{}--only: there is no check {}{}", problems.empty() ? "" : "\n", shown(name),
                    near.empty() ? fmt::format("; there are {}", fmt::join(names, ", ")) : near);
  }
  return problems;
}

// Why nobody would try to send the mail of --send-test; empty when the check mail does.
std::string unsentMail(const Options& options, const Config& config) {
  if (!config.mail || config.mail->testTo.empty()) return "";
  if (!options.only.empty())
    return std::ranges::count(options.only, "mail") > 0
               ? ""
               : "--send-test: the check mail sends it, and --only leaves that out";
  const auto check = config.checks.find("mail");
  return check != config.checks.end() && check->second.enabled
             ? ""
             : "--send-test: the check mail sends it, and checks.mail.enabled is false";
}

bool namesPods(const Config& config) {
  return !config.pods.empty() || !config.podsDns.empty() || config.kubernetes.has_value();
}

bool nothingConfigured(const Config& config) {
  return !config.url && !namesPods(config) && !config.database;
}

// `check`, `report` and `serve`, once the configuration stands.
int runChecks(const CheckRegistry& registry, const Options& options, Config config,
              const Environment& environment) {
  if (nothingConfigured(config)) {
    writeAll(STDERR_FILENO, shortHelp());
    return kExitUsage;
  }
  std::string problems = unknownChecks(registry, options.only);
  for (const std::string& problem : {missingForPods(config), unsentMail(options, config)})
    if (!problem.empty()) problems += (problems.empty() ? "" : "\n") + problem;
  if (!problems.empty()) {
    complain(problems);
    return kExitUsage;
  }
  if (options.command == Command::kCheck)
    return checkCommand(registry, options, config, environment);
  if (options.command == Command::kReport)
    return reportCommand(registry, options, config, environment);
  if (!options.ignored.empty())
    complain(fmt::format("serve: {} matter to \"rollcall check\" only and change nothing here",
                         fmt::join(options.ignored, ", ")));
  for (auto& [name, check] : config.checks)
    if (!options.only.empty())
      check.enabled =
          std::find(options.only.begin(), options.only.end(), name) != options.only.end();
  return serveCommand(registry, config);
}

int runConfigured(const CheckRegistry& registry, const Options& options,
                  const Environment& environment) {
  const Result<Config> config =
      loadConfig({options.configFile, options.ghostConfig, environment, options.flags}, registry);
  if (!config) {
    complain(config.error().message);
    return kExitUsage;
  }
  if (options.command == Command::kConfigCheck) return configCheckCommand(registry, *config);
  if (options.command == Command::kConfigShow) return configShowCommand(*config);
  return runChecks(registry, options, *config, environment);
}

}  // namespace

std::string missingForPods(const Config& config) {
  std::string missing;
  if (!config.url)
    missing =
        "the site's URL is not known: give --url https://example.org, or --ghost-config with "
        "Ghost's own config.production.json";
  if (!namesPods(config))
    missing += fmt::format(
        "{}no pods are given: name each with --pod NAME=URL, a headless Service with --pods-dns "
        "HOST:PORT, or in a cluster their labels with --kube-selector LABELS",
        missing.empty() ? "" : "\n");
  return missing;
}

int runProgram(const CheckRegistry& registry, const std::vector<std::string>& arguments,
               const Environment& environment) {
  const auto parsed = parseOptions(arguments);
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    if (answer->exitCode == 0) return printOut(answer->text) ? kExitPass : kExitUnknown;
    writeAll(STDERR_FILENO, answer->text);
    return answer->exitCode;
  }
  const Options& options = std::get<Options>(parsed);
  switch (options.command) {
    case Command::kCheck:
    case Command::kReport:
    case Command::kServe:
    case Command::kConfigCheck:
    case Command::kConfigShow:
      return runConfigured(registry, options, environment);
    case Command::kVolumeAgent:
      return volumeAgentCommand(options.agent);
    case Command::kList:
      return listCommand(registry);
    case Command::kExplain:
      return explainCommand(registry, options.code,
                            tableStyle(askTerminal(STDOUT_FILENO), environment, false).width);
    case Command::kHealth:
      return healthCommand(options.address);
    case Command::kShowVersion:
      return versionCommand();
    case Command::kCompletion:
      return completionCommand(options.shell);
  }
  std::abort();
}

}  // namespace rollcall
