#include "daemon/core/version.h"

#include <fmt/format.h>
#include <unistd.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

namespace rollcall {

int versionCommand() {
  writeAll(STDOUT_FILENO, fmt::format("rollcall {}\n", kVersion));
  return kExitPass;
}

}  // namespace rollcall
