#include <fmt/format.h>

#include <algorithm>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

namespace rollcall {

int listCommand(const CheckRegistry& registry) {
  std::string text;
  std::size_t width = 0;
  for (const CheckSpec* spec : registry.specs()) width = std::max(width, spec->name.size());
  for (const CheckSpec* spec : registry.specs()) {
    text += fmt::format("{:<{}}  {}\n", spec->name, width, spec->summary);
    for (const FindingDef& def : spec->findings)
      text += fmt::format("{:<{}}  {}  {:<8}  {}\n", "", width, def.code, name(def.severity),
                          def.title);
  }
  return printOut(text) ? kExitPass : kExitUnknown;
}

}  // namespace rollcall
