// Stands in until serve.cc is there.
#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

namespace rollcall {

int serveCommand(const CheckRegistry&, const Config&) {
  complain("serve is not part of this build");
  return kExitUsage;
}

}  // namespace rollcall
