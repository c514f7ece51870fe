#include "checks/exec/rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::checks::exec {

Said meaningOf(int exitCode) {
  switch (exitCode) {
    case 0:
      return Said::kWell;
    case 1:
      return Said::kWarning;
    case 2:
      return Said::kCritical;
  }
  return Said::kNothing;
}

std::string whyNothing(const CommandAnswer& answer, const PluginOutput& output) {
  const std::string words =
      output.text.empty() ? readPluginOutput(answer.errors).text : output.text;
  const std::string end = answer.exitCode == 3
                              ? std::string("it says that it does not know (exit code 3)")
                              : fmt::format(
                                    "it ended with exit code {}, which says nothing of "
                                    "what it looked at",
                                    answer.exitCode);
  return words.empty() ? end : fmt::format("{}: {}", end, words);
}

std::map<std::string, std::string> environmentFor(const ExecCommand& command,
                                                  const CommandVariables& variables,
                                                  const char* (*own)(const char* name)) {
  std::map<std::string, std::string> environment{
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"LANG", "C"}};
  for (const std::string& name : command.environment)
    if (const char* value = own(name.c_str())) environment[name] = value;
  for (const auto& [name, value] : variables) environment[name] = value;
  return environment;
}

Duration shareOf(Duration time, std::size_t left) {
  return time / static_cast<Duration::rep>(std::max<std::size_t>(left, 1));
}

bool keepLabel(const std::string& label, std::set<std::string>& known) {
  if (known.contains(label)) return true;
  return known.size() < kMostPluginNumbers && known.insert(label).second;
}

}  // namespace rollcall::checks::exec
