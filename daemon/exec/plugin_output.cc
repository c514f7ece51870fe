#include "daemon/exec/plugin_output.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "daemon/core/cut_text.h"
#include "daemon/core/visible_text.h"

namespace rollcall {
namespace {

constexpr std::size_t kLongestText = 512;
constexpr std::size_t kLongestDetails = 2048;
constexpr std::size_t kLongestLabel = 64;
constexpr std::size_t kLongestQuote = 512;        // a quote that is not closed by then is none
constexpr std::string_view kSpaces = " \t\r\n|";  // a second '|' parts numbers, too

struct Unit {
  std::string_view written;
  std::string_view base;
  double factor;
};
constexpr Unit kUnits[] = {{"", "", 1},
                           {"s", "seconds", 1},
                           {"ms", "seconds", 1e-3},
                           {"us", "seconds", 1e-6},
                           {"ns", "seconds", 1e-9},
                           {"%", "ratio", 1e-2},
                           {"c", "total", 1},
                           {"B", "bytes", 1},
                           {"kB", "bytes", 1e3},
                           {"KB", "bytes", 1e3},
                           {"MB", "bytes", 1e6},
                           {"GB", "bytes", 1e9},
                           {"TB", "bytes", 1e12},
                           {"PB", "bytes", 1e15},
                           {"KiB", "bytes", 1024.0},
                           {"MiB", "bytes", 1024.0 * 1024},
                           {"GiB", "bytes", 1024.0 * 1024 * 1024},
                           {"TiB", "bytes", 1024.0 * 1024 * 1024 * 1024},
                           {"PiB", "bytes", 1024.0 * 1024 * 1024 * 1024 * 1024}};

std::string_view takeLine(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Made visible before it is cut: what replaces a byte is longer.
std::string shortened(std::string_view text, std::size_t most) {
  return std::string(cutText(visible(cutText(trimmed(text), most)), most));
}

// The label off the front of `rest`, with the '='; nothing when there is none.
std::optional<std::string> takeLabel(std::string_view& rest) {
  std::string label;
  if (!rest.starts_with('\'')) {
    const auto end = rest.find_first_of("= \t\r\n|");
    if (end == std::string_view::npos || rest[end] != '=') return std::nullopt;
    label = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return label;
  }
  const std::size_t farthest = std::min(rest.size(), kLongestQuote);
  for (std::size_t at = 1; at + 1 < farthest; ++at) {
    if (rest[at] != '\'') {
      label += rest[at];
    } else if (rest[at + 1] == '\'') {
      label += rest[at++];
    } else {
      if (rest[at + 1] != '=') return std::nullopt;
      rest.remove_prefix(at + 2);
      return label;
    }
  }
  return std::nullopt;
}

// Nothing for what is no finite number. "U" is the contract's word for a number not known.
std::optional<PluginNumber> numberFrom(std::string label, std::string_view text) {
  text = text.substr(0, text.find(';'));
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  // from_chars() would take "inf" and "nan".
  if (digits.empty() || std::string_view("0123456789.").find(digits[0]) == std::string_view::npos)
    return std::nullopt;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc()) return std::nullopt;
  const std::string_view written(rest, static_cast<std::size_t>(end - rest));
  // "1,5", "0x10" and "12:30" are other numbers than the one at their beginning.
  if (written.find_first_of("0123456789.,:") != std::string_view::npos) return std::nullopt;
  PluginNumber number{std::move(label), "other", value};
  for (const Unit& unit : kUnits) {
    if (unit.written != written) continue;
    number.unit = unit.base;
    number.value = value * unit.factor;
  }
  if (!std::isfinite(number.value)) return std::nullopt;
  return number;
}

void add(PluginOutput& output, std::string_view rawLabel, std::string_view text) {
  if (text.substr(0, text.find(';')) == "U") return;
  std::string label = shortened(rawLabel, kLongestLabel);
  const bool isKnown =
      std::ranges::find(output.numbers, label, &PluginNumber::label) != output.numbers.end();
  std::optional<PluginNumber> number = numberFrom(label, text);
  if (label.empty() || isKnown || !number || output.numbers.size() >= kMostPluginNumbers)
    ++output.dropped;
  else
    output.numbers.push_back(std::move(*number));
}

// 'label'=value[unit];[warn];[crit];[min];[max], parted by spaces.
void readNumbers(std::string_view rest, PluginOutput& output) {
  while (true) {
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(kSpaces)));
    if (rest.empty()) return;
    const std::optional<std::string> label = takeLabel(rest);
    const std::string_view value = rest.substr(0, rest.find_first_of(kSpaces));
    if (label)
      add(output, *label, value);
    else
      ++output.dropped;
    rest.remove_prefix(std::max<std::size_t>(value.size(), label ? 0 : 1));
  }
}

}  // namespace

PluginOutput readPluginOutput(std::string_view output) {
  PluginOutput read;
  std::string_view rest = output;
  const std::string_view first = takeLine(rest);
  const auto bar = first.find('|');
  read.text = shortened(first.substr(0, bar), kLongestText);
  if (bar != std::string_view::npos) readNumbers(first.substr(bar + 1), read);
  const auto laterBar = rest.find('|');
  read.details = shortened(rest.substr(0, laterBar), kLongestDetails);
  if (laterBar != std::string_view::npos) readNumbers(rest.substr(laterBar + 1), read);
  return read;
}

}  // namespace rollcall
