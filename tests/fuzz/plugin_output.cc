// What a command printed, by the contract of Nagios plug-ins or not.
#include "daemon/exec/plugin_output.h"

#include <cmath>
#include <set>

#include "tests/fuzz/fuzz.h"

namespace rollcall {
namespace {

void check(std::string_view text) {
  const PluginOutput output = readPluginOutput(text);
  FUZZ_HOLDS(output == readPluginOutput(text));
  FUZZ_HOLDS(fuzz::isShowable(output.text) && output.text.size() <= 600);
  FUZZ_HOLDS(fuzz::isShowable(output.details) && output.details.size() <= 2'200);
  FUZZ_HOLDS(output.numbers.size() <= kMostPluginNumbers);
  std::set<std::string> labels;
  for (const PluginNumber& one : output.numbers) {
    FUZZ_HOLDS(!one.label.empty() && one.label.size() <= 64 && fuzz::isShowable(one.label));
    FUZZ_HOLDS(labels.insert(one.label).second);
    FUZZ_HOLDS(std::isfinite(one.value));
    FUZZ_HOLDS(one.unit.empty() || one.unit == "seconds" || one.unit == "bytes" ||
               one.unit == "ratio" || one.unit == "total" || one.unit == "other");
  }
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rollcall::fuzz::Input input(data, size);
  rollcall::check(input.rest());
  return 0;
}
