// argv -> command -> exit code, and the outermost catch.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <exception>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

int main(int argc, char** argv) {
  // Passwords are in memory and environment: no core dump holds them, and no other process of the
  // same user, such as a command of the check exec, reads them there.
  ::prctl(PR_SET_DUMPABLE, 0);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    rollcall::Environment environment;
    for (char** entry = environ; *entry; ++entry) {
      const std::string_view text = *entry;
      const auto equals = text.find('=');
      if (equals != std::string_view::npos)
        environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    const rollcall::CheckRegistry registry(rollcall::allChecks());
    return rollcall::runProgram(
        registry, std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), environment);
  } catch (const std::exception& error) {
    rollcall::complain(fmt::format("a fault of Rollcall's own: {}", error.what()));
    return rollcall::kExitUnknown;
  }
}
