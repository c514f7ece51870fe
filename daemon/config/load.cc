// The configuration file: which keys it has and what shape they take. What the values mean is
// judged in build.cc, once all layers are merged.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "daemon/config/config.h"
#include "daemon/config/keys.h"
#include "daemon/config/text.h"
#include "daemon/config/yaml.h"

namespace rollcall {
namespace {

constexpr std::size_t kMaxProblems = 50;

struct SecretKey {
  std::string_view path;
  std::string_view advice;
};
constexpr std::string_view kPasswordAdvice =
    "passwords do not belong in this file: put it into a file of its own and name that in "
    "database.password_file, or set ROLLCALL_DB_PASSWORD";
constexpr SecretKey kSecretKeys[] = {
    {"database.password", kPasswordAdvice},
    {"database.pass", kPasswordAdvice},
    {"password", kPasswordAdvice},
    {"content_api_key",
     "the key does not belong in this file: put it into a file of its own and name that in "
     "content_api_key_file, or set ROLLCALL_CONTENT_API_KEY"},
    {"admin_api_key",
     "the key does not belong in this file: put it into a file of its own and name that in "
     "admin_api_key_file, or set ROLLCALL_ADMIN_API_KEY"},
    {"purge_token",
     "the token does not belong in this file: put it into a file of its own and name that in "
     "purge_token_file, or set ROLLCALL_PURGE_TOKEN"},
    {"webhook.url",
     "the URL does not belong in this file, whoever has it can post there: put it into a file of "
     "its own and name that in webhook.url_file, or set ROLLCALL_WEBHOOK_URL"},
    {"webhook.secret",
     "the secret does not belong in this file: put it into a file of its own and name that in "
     "webhook.secret_file, or set ROLLCALL_WEBHOOK_SECRET"},
};

std::string joined(const std::vector<std::string_view>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string below(std::string_view section, std::string_view name) {
  return section.empty() ? std::string(name) : fmt::format("{}.{}", section, name);
}

class Loader {
 public:
  explicit Loader(std::string path)
      : path_(std::move(path)), folder_(std::filesystem::path(path_).parent_path()) {
    layer_.source = path_;
  }

  ConfigLayer load(const YamlNode& root) {
    if (root.kind == YamlNode::Kind::kMap)
      section("", root);
    else if (root.kind != YamlNode::Kind::kNothing)
      problem(root.line, "", "must hold settings as \"name: value\", one a line");
    return std::move(layer_);
  }

 private:
  std::string origin(int line, std::string_view path) const {
    return fmt::format("{}:{}{}{}", path_, line, path.empty() ? "" : ": ", path);
  }
  void problem(int line, std::string_view path, std::string_view what) {
    if (layer_.problems.size() == kMaxProblems)
      layer_.problems.push_back(fmt::format("{}: and more problems after these", path_));
    if (layer_.problems.size() < kMaxProblems)
      layer_.problems.push_back(fmt::format("{}: {}", origin(line, path), what));
  }
  // False, with a problem, when `entry`'s key was there before.
  bool first(std::map<std::string, int>& seen, const YamlEntry& entry, std::string_view path) {
    const auto [before, isNew] = seen.emplace(entry.key, entry.line);
    if (!isNew)
      problem(entry.line, path, fmt::format("given twice, first in line {}", before->second));
    return isNew;
  }
  // Stores a single value; a problem when `node` is none.
  void value(const std::string& path, int line, const YamlNode& node, bool isPath = false) {
    if (node.kind == YamlNode::Kind::kNothing ||
        (node.kind == YamlNode::Kind::kValue && node.text.empty()))
      return problem(line, path, "has no value");
    if (node.kind != YamlNode::Kind::kValue) return problem(line, path, "must be a single value");
    layer_.values[path] = isPath ? (folder_ / node.text).string() : node.text;
    layer_.origins[path] = origin(line, path);
  }

  void section(const std::string& path, const YamlNode& node) {
    std::map<std::string, int> seen;
    for (const YamlEntry& entry : node.entries) {
      const std::string child = below(path, plain(entry.key));
      if (first(seen, entry, child)) setting(path, child, entry);
    }
  }
  // A key as written, made fit for a terminal.
  static std::string plain(std::string_view key) {
    const std::string quoted = shown(key);
    return quoted.substr(1, quoted.size() - 2);
  }

  void setting(const std::string& parent, const std::string& path, const YamlEntry& entry) {
    const YamlNode& node = entry.value;
    if (entry.key.find('.') != std::string::npos)
      return problem(entry.line, path, "unknown key: settings are nested, without dots in a name");
    if (path == "pods") return pods(entry);
    if (path == "checks") return checks(entry);
    if (path == "commands") return commands(entry);
    if (const ConfigKey* key = findConfigKey(path))
      return value(path, entry.line, node, key->isPath);
    if (isConfigSection(path)) {
      if (node.kind == YamlNode::Kind::kMap) return section(path, node);
      return problem(entry.line, path,
                     fmt::format("must hold settings of its own ({}), each on a line below it",
                                 joined(configNamesBelow(path))));
    }
    for (const SecretKey& secret : kSecretKeys)
      if (path == secret.path) return problem(entry.line, path, secret.advice);
    problem(entry.line, path, "unknown key" + suggestion(parent, entry.key));
  }
  // The nearest name beside it, else the same name somewhere else.
  static std::string suggestion(const std::string& parent, const std::string& name) {
    const std::string near = didYouMean(name, configNamesBelow(parent));
    if (!near.empty()) return near;
    for (const ConfigKey& key : configKeys())
      if (key.path.ends_with("." + name)) return fmt::format(", did you mean \"{}\"?", key.path);
    return fmt::format("; known here: {}", joined(configNamesBelow(parent)));
  }

  void pods(const YamlEntry& entry) {
    constexpr std::string_view kShape =
        "must be a list of pods, each \"name=http://host:port\" or {name: ..., url: ...}";
    if (entry.value.kind != YamlNode::Kind::kList) return problem(entry.line, "pods", kShape);
    std::vector<std::string>& pods = layer_.lists["pods"];
    layer_.origins["pods"] = origin(entry.line, "pods");
    for (std::size_t i = 0; i < entry.value.items.size(); ++i) {
      const YamlNode& item = entry.value.items[i];
      const std::string path = fmt::format("pods[{}]", i);
      if (item.kind == YamlNode::Kind::kMap) {
        pod(path, item);
      } else if (item.kind == YamlNode::Kind::kValue) {
        layer_.origins[fmt::format("pods[{}]", pods.size())] = origin(item.line, path);
        pods.push_back(item.text);
      } else {
        problem(item.line, path, "must be \"name=http://host:port\" or {name: ..., url: ...}");
      }
    }
  }
  void pod(const std::string& path, const YamlNode& item) {
    std::map<std::string, int> seen;
    std::string name, url;
    for (const YamlEntry& entry : item.entries) {
      const std::string child = below(path, plain(entry.key));
      if (!first(seen, entry, child)) continue;
      if (entry.key != "name" && entry.key != "url") {
        problem(entry.line, child, "unknown key" + didYouMean(entry.key, {"name", "url"}));
      } else if (entry.value.kind != YamlNode::Kind::kValue || entry.value.text.empty()) {
        problem(entry.line, child, "must be a single value");
      } else {
        (entry.key == "name" ? name : url) = entry.value.text;
      }
    }
    if (!seen.contains("name")) problem(item.line, path, "the pod has no name");
    if (!seen.contains("url")) problem(item.line, path, "the pod has no url");
    if (name.find('=') != std::string::npos)
      return problem(item.line, path, "a pod's name may not hold \"=\"");
    if (name.empty() || url.empty()) return;
    layer_.origins[fmt::format("pods[{}]", layer_.lists["pods"].size())] = origin(item.line, path);
    layer_.lists["pods"].push_back(name + "=" + url);
  }

  // What the values mean, and which are missing, is judged in commands.cc.
  void commands(const YamlEntry& entry) {
    if (entry.value.kind != YamlNode::Kind::kList)
      return problem(entry.line, "commands",
                     "must be a list of commands, each {name: ..., argv: [...]}");
    std::vector<std::string>& lines = layer_.lists["commands"];
    for (std::size_t i = 0; i < entry.value.items.size(); ++i) {
      const YamlNode& item = entry.value.items[i];
      const std::string path = fmt::format("commands[{}]", i);
      if (item.kind != YamlNode::Kind::kMap) {
        problem(item.line, path, "must be {name: ..., argv: [...]}");
        continue;
      }
      lines.push_back(path);
      layer_.origins[path] = origin(item.line, path);
      command(path, item);
    }
  }
  void command(const std::string& path, const YamlNode& item) {
    static const std::vector<std::string_view> kValues = {"name", "timeout", "per_pod",
                                                          "max_output"};
    static const std::vector<std::string_view> kLists = {"argv", "env"};
    std::map<std::string, int> seen;
    for (const YamlEntry& entry : item.entries) {
      const std::string child = below(path, plain(entry.key));
      if (!first(seen, entry, child)) continue;
      if (std::ranges::count(kValues, entry.key) > 0) {
        value(child, entry.line, entry.value);
      } else if (std::ranges::count(kLists, entry.key) > 0) {
        list(child, entry);
      } else {
        std::vector<std::string_view> known = kValues;
        known.insert(known.end(), kLists.begin(), kLists.end());
        problem(entry.line, child, "unknown key" + didYouMean(entry.key, known));
      }
    }
  }
  // A list of single values; each may be empty text.
  void list(const std::string& path, const YamlEntry& entry) {
    layer_.origins[path] = origin(entry.line, path);
    std::vector<std::string>& texts = layer_.lists[path];
    if (entry.value.kind != YamlNode::Kind::kList)
      return problem(entry.line, path, "must be a list");
    for (const YamlNode& item : entry.value.items) {
      if (item.kind != YamlNode::Kind::kValue)
        problem(item.line, fmt::format("{}[{}]", path, texts.size()), "must be a single value");
      texts.push_back(item.text);
    }
    if (texts.empty() && path.ends_with(".argv"))
      problem(entry.line, path, "must hold the program and its arguments");
  }

  // Which checks and settings there are is the registry's business: see build.cc.
  void checks(const YamlEntry& entry) {
    if (entry.value.kind == YamlNode::Kind::kNothing) return;
    if (entry.value.kind != YamlNode::Kind::kMap)
      return problem(entry.line, "checks", "must hold a group of settings per check");
    std::map<std::string, int> seenChecks;
    for (const YamlEntry& check : entry.value.entries) {
      const std::string path = below("checks", plain(check.key));
      if (!first(seenChecks, check, path)) continue;
      if (check.value.kind == YamlNode::Kind::kNothing) continue;
      if (check.value.kind != YamlNode::Kind::kMap) {
        problem(check.line, path, "must hold settings of its own, such as enabled or interval");
        continue;
      }
      std::map<std::string, int> seen;
      for (const YamlEntry& one : check.value.entries) {
        const std::string child = below(path, plain(one.key));
        if (first(seen, one, child)) value(child, one.line, one.value);
      }
    }
  }

  std::string path_;
  std::filesystem::path folder_;
  ConfigLayer layer_;
};

}  // namespace

Result<ConfigLayer> readConfigFile(const std::string& path) {
  const Result<std::string> text = readSmallFile(path, kMaxFileBytes);
  if (!text) return Error{text.error().code, fmt::format("{}: {}", path, text.error().message)};
  const Result<YamlNode> root = parseYaml(*text);
  if (!root) return invalidArgument(fmt::format("{}:{}", path, root.error().message));
  return Loader(path).load(*root);
}

}  // namespace rollcall
