#include "checks/redirects/rule_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "daemon/api/pod_api.h"
#include "daemon/ghost/yaml_tree.h"

namespace rollcall::checks::redirects {
namespace {

constexpr ghost::YamlLimits kLimits{.bytes = 4u << 20, .nodes = 200'000};
constexpr std::string_view kYamlName = "redirects.yaml";

bool isBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Error unusable(std::size_t number, std::string_view what) {
  return invalidArgument(fmt::format("entry {} {}", number, what));
}

// As JavaScript takes a value for true or false.
bool isTruthy(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>() != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return value.is_object() || value.is_array();
}

Result<Rules> parseJsonRules(std::string_view text) {
  const auto document = api::parseJson(text);
  if (!document)
    return document.error().message.find("nested") == std::string::npos
               ? invalidArgument("it is not valid JSON")
               : document.error();
  if (!document->is_array()) return invalidArgument("it is not a list of redirects");
  Rules rules;
  for (const nlohmann::json& entry : *document) {
    const std::size_t number = rules.size() + 1;
    if (!entry.is_object()) return unusable(number, "is no redirect");
    const auto from = entry.find("from"), to = entry.find("to");
    if (from == entry.end() || !isTruthy(*from)) return unusable(number, "has no \"from\"");
    if (to == entry.end() || !isTruthy(*to)) return unusable(number, "has no \"to\"");
    const auto permanent = entry.find("permanent");
    Rule& rule = rules.emplace_back();
    if (from->is_string()) rule.from = *from;
    if (to->is_string()) rule.to = *to;
    rule.permanent = permanent != entry.end() && isTruthy(*permanent);
  }
  return rules;
}

std::optional<Error> addSection(const ghost::YamlNode& map, bool permanent, Rules& rules) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
    const ghost::YamlNode &from = map.items[i], &to = map.items[i + 1];
    if (from.text.empty())
      return invalidArgument(fmt::format("line {}: a rule has no address", from.line));
    if (!seen.insert(from.text).second)
      return invalidArgument(fmt::format("line {}: a rule is there twice", from.line));
    if (to.kind == ghost::YamlNode::Kind::kNull)
      return invalidArgument(fmt::format("line {}: a rule has no target", from.line));
    const bool text = to.kind == ghost::YamlNode::Kind::kScalar;
    rules.push_back({from.text, text ? to.text : "", permanent});
  }
  return std::nullopt;
}

Result<Rules> parseYamlRules(std::string_view text) {
  const auto root = ghost::readYaml(kYamlName, text, kLimits);
  if (!root) return root.error();
  if (root->kind == ghost::YamlNode::Kind::kNull) return Rules();
  if (root->kind != ghost::YamlNode::Kind::kMap)
    return invalidArgument("it is not a map with 301 and 302");
  Rules rules;
  for (const std::string_view section : {"302", "301"}) {
    for (std::size_t i = 0; i + 1 < root->items.size(); i += 2) {
      const ghost::YamlNode& value = root->items[i + 1];
      if (root->items[i].text != section || value.kind == ghost::YamlNode::Kind::kNull) continue;
      if (value.kind != ghost::YamlNode::Kind::kMap)
        return invalidArgument(fmt::format("line {}: {} is not a map", value.line, section));
      if (auto wrong = addSection(value, section == "301", rules)) return *wrong;
    }
  }
  return rules;
}

}  // namespace

RuleFormat formatOf(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '[' ? RuleFormat::kJson
                                                               : RuleFormat::kYaml;
}

Result<Rules> parseRules(std::string_view text, RuleFormat format) {
  if (isBlank(text)) return Rules();
  return format == RuleFormat::kJson ? parseJsonRules(text) : parseYamlRules(text);
}

}  // namespace rollcall::checks::redirects
