// Configuration files: Rollcall's own, and Ghost's.
#include "daemon/config/config.h"

#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"
#include "tests/support/made_up_checks.h"

namespace rollcall {
namespace {

const CheckRegistry& registry() {
  static const CheckSpec spec = testing_support::madeUpPosts();
  static const CheckRegistry one{{&spec}};
  return one;
}

// One problem a line, each fit for a terminal.
void checkProblems(const Error& error) {
  FUZZ_HOLDS(!error.message.empty());
  FUZZ_HOLDS(visibleLines(error.message) == error.message);
}

// What is shown is a file that says the same.
void checkShown(const Config& config, const fuzz::Scratch& folder) {
  const std::string shown = showConfig(config);
  const std::string path = folder.write("shown.yaml", shown);
  const Result<Config> again = loadConfig({.configFile = path}, registry());
  FUZZ_HOLDS(again.has_value());
  FUZZ_HOLDS(showConfig(*again) == shown);
}

void check(std::string_view text, bool ghosts) {
  static const fuzz::Scratch folder;
  const std::string path = folder.write(ghosts ? "ghost.json" : "rollcall.yaml", text);
  const ConfigSources sources =
      ghosts ? ConfigSources{.ghostConfig = path} : ConfigSources{.configFile = path};
  const Result<Config> config = loadConfig(sources, registry());
  if (!config) return checkProblems(config.error());
  if (!ghosts) checkShown(*config, folder);
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::fuzz::Input input(data, size);
  const bool ghosts = input.below(2) == 1;
  rollcall::check(input.rest(), ghosts);
  return 0;
}
