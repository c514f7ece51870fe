// A small YAML reader: one document of maps, lists and plain values. No anchors, aliases or tags;
// bounded depth and count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/result.h"

namespace rollcall {

struct YamlEntry;

struct YamlNode {
  enum class Kind { kNothing, kValue, kList, kMap };
  Kind kind = Kind::kNothing;
  int line = 1;
  std::string text;                // of a value
  std::vector<YamlNode> items;     // of a list
  std::vector<YamlEntry> entries;  // of a map, in file order; keys may repeat
};

struct YamlEntry {
  std::string key;
  int line = 1;
  YamlNode value;
};

// The Error is "<line>: what is wrong" and repeats nothing of the text.
Result<YamlNode> parseYaml(std::string_view text);

}  // namespace rollcall
