// Ghost's redirects.json and redirects.yaml. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/result.h"

namespace rollcall::checks::redirects {

struct Rule {
  std::string from;  // a path or a regular expression, as written
  std::string to;    // empty when it is no text
  bool permanent = false;
  bool operator==(const Rule&) const = default;
};

// In the order in which Ghost registers them: the first that matches a request answers it.
using Rules = std::vector<Rule>;

enum class RuleFormat { kJson, kYaml };
// What Ghost's Admin API hands out: JSON up to 5.x when the file is JSON, YAML otherwise.
RuleFormat formatOf(std::string_view text);

// An empty file has no rules. kInvalidArgument when Ghost cannot use the file either: a pod that
// boots with it has no redirects at all (5.x) or not those that are wrong. kProtocol when it is
// beyond what is understood here.
Result<Rules> parseRules(std::string_view text, RuleFormat format);

}  // namespace rollcall::checks::redirects
