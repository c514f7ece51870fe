#include "daemon/exec/variables.h"

#include <algorithm>

namespace rollcall {
namespace {

// The name after the '$' at `at`: the longest of capitals, digits and '_'.
std::string nameAt(std::string_view argument, std::size_t at) {
  const std::string_view rest = argument.substr(at + 1);
  const auto end = std::ranges::find_if_not(
      rest, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
  return {rest.begin(), end};
}

}  // namespace

CommandVariables commandVariables(const Site& site, const Pod* pod) {
  CommandVariables variables{{"ROLLCALL_SITE_URL", site.url.text()},
                             {"ROLLCALL_SITE_HOST", site.url.host},
                             {"ROLLCALL_SITE_PORT", std::to_string(site.url.port)},
                             {"ROLLCALL_SITE_SCHEME", site.url.scheme}};
  if (pod == nullptr) return variables;
  variables["ROLLCALL_POD_NAME"] = pod->name;
  variables["ROLLCALL_POD_HOST"] = pod->host;
  variables["ROLLCALL_POD_PORT"] = std::to_string(pod->port);
  variables["ROLLCALL_POD_SCHEME"] = pod->scheme;
  variables["ROLLCALL_POD_ADDRESS"] = pod->address();
  return variables;
}

std::string filledIn(std::string_view argument, const CommandVariables& variables) {
  std::string text;
  for (std::size_t at = 0; at < argument.size(); ++at) {
    const auto found = argument[at] == '$' ? variables.find(nameAt(argument, at)) : variables.end();
    if (found == variables.end()) {
      text += argument[at];
    } else {
      text += found->second;
      at += found->first.size();
    }
  }
  return text;
}

std::string unknownVariable(std::string_view argument, bool perPod) {
  const Pod pod;
  const CommandVariables known = commandVariables(Site{}, perPod ? &pod : nullptr);
  for (auto at = argument.find('$'); at != std::string_view::npos;
       at = argument.find('$', at + 1)) {
    const std::string name = nameAt(argument, at);
    const bool isOurs = name.starts_with("ROLLCALL_SITE_") || name.starts_with("ROLLCALL_POD_");
    if (isOurs && !known.contains(name)) return name;
  }
  return "";
}

}  // namespace rollcall
