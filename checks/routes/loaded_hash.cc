#include "checks/routes/loaded_hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "daemon/ghost/yaml_tree.h"

namespace rollcall::checks::routes {
namespace {

using Json = nlohmann::ordered_json;
using ghost::YamlNode;

bool isInteger(std::string_view text) {
  return !text.empty() && text.size() < 10 && (text.size() == 1 || text.front() != '0') &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// Text that YAML does not take for anything else.
bool isText(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kWords = {"null", "Null",  "NULL",
                                                             "True", "False", "TRUE"};
  const auto first = static_cast<unsigned char>(text.empty() ? 0 : text.front());
  return (std::isalpha(first) != 0 || first == '/') && text != "FALSE" &&
         std::ranges::find(kWords, text) == kWords.end();
}

bool isAscii(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

std::optional<Json> scalar(const YamlNode& node) {
  const std::string& text = node.text;
  if (!isAscii(text)) return std::nullopt;
  if (!node.plain) return Json(text);
  if (text == "true" || text == "false") return Json(text == "true");
  if (isInteger(text)) return Json(std::stol(text));
  if (isText(text)) return Json(text);
  return std::nullopt;
}

std::optional<Json> convert(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return Json();
    case YamlNode::Kind::kScalar:
      return scalar(node);
    case YamlNode::Kind::kSequence: {
      Json list = Json::array();
      for (const YamlNode& item : node.items) {
        auto value = convert(item);
        if (!value) return std::nullopt;
        list.push_back(std::move(*value));
      }
      return list;
    }
    case YamlNode::Kind::kMap: {
      Json map = Json::object();
      for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
        const std::string& key = node.items[i].text;
        auto value = convert(node.items[i + 1]);
        // JavaScript moves keys that are numbers to the front.
        if (!value || !isText(key) || !isAscii(key)) return std::nullopt;
        map[key] = std::move(*value);
      }
      return map;
    }
  }
  return std::nullopt;
}

// {slug} -> :slug
std::string expressNotation(const std::string& permalink) {
  std::string result;
  for (const char c : permalink)
    if (c == '{')
      result += ':';
    else if (c != '}')
      result += c;
  return result;
}

// `template` gives way to `templates`, at the end.
void moveTemplate(Json& route) {
  if (route.is_string()) {
    Json templates = Json::object();
    templates["templates"] = Json::array({route});
    route = std::move(templates);
    return;
  }
  Json templates = Json::array();
  if (const auto found = route.find("template"); found != route.end()) {
    templates = found->is_array() ? *found : Json::array({*found});
    route.erase("template");
  }
  route["templates"] = std::move(templates);
}

// As Ghost changes the file's content when it validates it. False for what is not understood here.
bool validate(Json& root) {
  for (const char* section : {"routes", "collections", "taxonomies"}) {
    if (!root.contains(section) || root[section].is_null()) root[section] = Json::object();
    if (!root[section].is_object()) return false;
  }
  for (const char* section : {"routes", "collections"})
    for (auto& [path, route] : root[section].items()) {
      if (!route.is_string() && !route.is_object()) return false;
      if (route.is_object() && route.contains("data")) return false;
      if (route.is_object() && route.contains("permalink")) {
        if (!route["permalink"].is_string()) return false;
        route["permalink"] = expressNotation(route["permalink"]);
      }
      moveTemplate(route);
    }
  for (auto& [name, permalink] : root["taxonomies"].items()) {
    if (!permalink.is_string()) return false;
    permalink = expressNotation(permalink);
  }
  return true;
}

std::optional<std::string> md5(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) != 1)
    return std::nullopt;
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

}  // namespace

std::optional<std::string> loadedHash(std::string_view yaml) {
  const auto tree = ghost::readYaml("routes.yaml", yaml, {});
  if (!tree) return std::nullopt;
  auto root = convert(*tree);
  if (!root) return std::nullopt;
  if (root->is_null()) *root = Json::object();
  if (!root->is_object() || !validate(*root)) return std::nullopt;
  return md5(root->dump());
}

}  // namespace rollcall::checks::routes
