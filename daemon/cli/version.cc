#include "daemon/core/version.h"

#include <fmt/format.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

namespace rollcall {

int versionCommand() {
  return printOut(fmt::format("rollcall {}\n", kVersion)) ? kExitPass : kExitUnknown;
}

}  // namespace rollcall
