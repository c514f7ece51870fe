// A YAML file of a site as a tree of plain nodes: bounded in depth and size, without anchors,
// aliases and merge keys. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/result.h"

namespace rollcall::ghost {

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  std::string text;             // of a scalar
  bool plain = true;            // of a scalar: written without quotes
  int line = 1;                 // counted from 1
  std::vector<YamlNode> items;  // of a sequence: its values; of a map: key, value, key, value ...
};

// The file's own words in a message: printable, one line, short.
std::string shownYaml(std::string_view text);

// Thrown by refuseYaml(), also while parseYaml() works; caught in readYaml().
struct YamlRefused {
  std::string message;
};
[[noreturn]] void refuseYaml(std::string_view file, int line, std::string_view key,
                             const std::string& what);

struct YamlLimits {
  std::size_t bytes = 256 * 1024;
  std::size_t nodes = 20'000;
};

// The only document of `yaml`; `file` is its name in messages. kInvalidArgument when it is not
// valid YAML, kProtocol when it is beyond what is understood here.
Result<YamlNode> readYaml(std::string_view file, std::string_view yaml, const YamlLimits& limits);

}  // namespace rollcall::ghost
