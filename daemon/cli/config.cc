#include <fmt/format.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

namespace rollcall {
namespace {

std::string podsText(const Config& config) {
  if (!config.podsDns.empty()) return "every address of " + config.podsDns;
  if (config.kubernetes)
    return fmt::format("those labelled {} in {}", config.kubernetes->selector,
                       config.kubernetes->nameSpace.empty() ? "Rollcall's namespace"
                                                            : config.kubernetes->nameSpace);
  if (config.pods.empty()) return "none";
  std::string text;
  for (const Pod& pod : config.pods)
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", pod.name, pod.address());
  return text;
}

}  // namespace

int configCheckCommand(const CheckRegistry& registry, const Config& config) {
  std::string text = "The configuration is valid.\n";
  text += fmt::format("  site      {}\n", config.url ? config.url->text() : "none");
  text += fmt::format("  pods      {}\n", podsText(config));
  text += fmt::format("  database  {}\n", config.database ? config.database->describe() : "none");
  std::string enabled;
  for (const CheckSpec* spec : registry.specs())
    if (config.checks.at(std::string(spec->name)).enabled)
      enabled += fmt::format("{}{}", enabled.empty() ? "" : ", ", spec->name);
  text += fmt::format("  checks    {}\n", enabled.empty() ? "none" : enabled);
  if (!printOut(text)) return kExitUnknown;
  if (const std::string missing = missingForPods(config); !missing.empty())
    complain("to run, it still lacks something:\n" + missing);
  return kExitPass;
}

int configShowCommand(const Config& config) {
  return printOut(showConfig(config)) ? kExitPass : kExitUnknown;
}

}  // namespace rollcall
