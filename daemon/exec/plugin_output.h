// What a command tells by the contract of Nagios plug-ins: a line of text, numbers after a '|',
// more text, more numbers. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

inline constexpr std::size_t kMostPluginNumbers = 64;

// In base units: "seconds", "bytes", "ratio" (0.5 for 50%), "total" (a counter), "" (none was
// given) or "other" (one that is not of the contract; the value is as told).
struct PluginNumber {
  std::string label;  // at most 64 bytes of visible text; not empty
  std::string unit;
  double value = 0;

  bool operator==(const PluginNumber&) const = default;
};

struct PluginOutput {
  std::string text;     // the first line without its numbers; one line of visible text, cut
  std::string details;  // the lines after it, without numbers; one line, visible, cut
  std::vector<PluginNumber> numbers;  // finite, each label once, at most kMostPluginNumbers
  std::size_t dropped = 0;            // numbers that could not be read or were too many

  bool operator==(const PluginOutput&) const = default;
};

// Whatever `output` holds, there is an answer.
PluginOutput readPluginOutput(std::string_view output);

}  // namespace rollcall
