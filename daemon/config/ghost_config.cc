// Ghost's own configuration file, as Ghost reads it in production.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "daemon/config/config.h"
#include "daemon/config/text.h"
#include "daemon/ghost/mail_settings.h"

namespace rollcall {
namespace {

using Json = nlohmann::json;
constexpr int kMaxDepth = 32;

class GhostReader {
 public:
  GhostReader(std::string path, const Json& root) : path_(std::move(path)), root_(root) {
    layer_.source = path_;
  }

  ConfigLayer read() {
    text({"url"}, "site.url");
    text({"admin", "url"}, "site.admin_url");
    text({"paths", "contentPath"}, "content.path", true);
    database();
    for (const char* path : mailPaths()) mail(path);
    layer_.values[kMailFile] = path_;
    return std::move(layer_);
  }

 private:
  using Keys = std::vector<const char*>;

  std::string origin(const Keys& keys) const {
    return fmt::format("{}: {}", path_, fmt::join(keys, "."));
  }
  void problem(const Keys& keys, std::string_view what) {
    layer_.problems.push_back(fmt::format("{}: {}", origin(keys), what));
  }
  // Null when absent; a problem when something on the way is no object.
  const Json* find(const Keys& keys) {
    const Json* node = &root_;
    Keys walked;
    for (const char* key : keys) {
      if (!node->is_object()) {
        problem(walked, "must be an object { ... }");
        return nullptr;
      }
      walked.push_back(key);
      const auto next = node->find(key);
      if (next == node->end() || next->is_null()) return nullptr;
      node = &*next;
    }
    return node;
  }
  void set(const std::string& to, std::string value, const Keys& keys) {
    layer_.values[to] = std::move(value);
    layer_.origins[to] = origin(keys);
  }
  void text(const Keys& keys, const std::string& to, bool isPath = false) {
    const Json* node = find(keys);
    if (!node) return;
    if (!node->is_string()) return problem(keys, "must be text in quotes");
    const std::string value = node->get<std::string>();
    if (value.empty()) return;
    const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    set(to, isPath ? (folder / value).string() : value, keys);
  }

  void database() {
    const Json* database = find({"database"});
    if (!database) return;
    text({"database", "client"}, "database.client");
    const Json* connection = find({"database", "connection"});
    if (!connection) return;
    if (!connection->is_object())
      return problem({"database", "connection"},
                     "must be an object with host, user, password and database");
    text({"database", "connection", "host"}, "database.host");
    text({"database", "connection", "user"}, "database.user");
    text({"database", "connection", "password"}, "database.password");
    text({"database", "connection", "database"}, "database.name");
    text({"database", "connection", "socketPath"}, "database.socket");
    port();
    tls();
    // What Ghost's own driver takes when no host is given.
    if (!layer_.values.contains("database.host") && !layer_.values.contains("database.socket") &&
        layer_.values.contains("database.name"))
      set("database.host", "localhost", {"database", "connection", "host"});
  }
  // Lenient: Ghost itself takes what JavaScript makes of it.
  void mail(const char* path) {
    const Json* node = &root_;
    std::string_view rest = path;
    while (true) {
      const std::size_t dot = rest.find('.');
      if (!node->is_object()) return;
      const auto next = node->find(std::string(rest.substr(0, dot)));
      if (next == node->end()) return;
      node = &*next;
      if (dot == std::string_view::npos) break;
      rest.remove_prefix(dot + 1);
    }
    if (node->is_string())
      layer_.values[path] = node->get<std::string>();
    else if (node->is_boolean() || node->is_number())
      layer_.values[path] = node->dump();
    else
      return;
    layer_.origins[path] = fmt::format("{}: {}", path_, path);
  }
  void port() {
    const Keys keys = {"database", "connection", "port"};
    const Json* port = find(keys);
    if (!port) return;
    if (port->is_string())
      set("database.port", port->get<std::string>(), keys);
    else if (port->is_number_integer())
      set("database.port", port->dump(), keys);
    else
      problem(keys, "must be a number from 1 to 65535");
  }
  void tls() {
    const Keys keys = {"database", "connection", "ssl"};
    const Json* ssl = find(keys);
    if (!ssl || (ssl->is_boolean() && !ssl->get<bool>())) return;
    set("database.tls.enabled", "true", keys);
    if (ssl->is_object() && ssl->contains("ca"))
      set("database.tls.inline_ca", "true", {"database", "connection", "ssl", "ca"});
  }

  std::string path_;
  const Json& root_;
  ConfigLayer layer_;
};

// Where the byte stands, instead of a parser's message that would repeat the text.
std::ptrdiff_t lineOf(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  return 1 + std::count(before.begin(), before.end(), '\n');
}

}  // namespace

Result<ConfigLayer> readGhostConfig(const std::string& path) {
  const Result<std::string> text = readSmallFile(path, kMaxFileBytes);
  if (!text) return Error{text.error().code, fmt::format("{}: {}", path, text.error().message)};
  bool tooDeep = false;
  std::optional<std::size_t> wrongAt;
  Json root;
  try {
    root = Json::parse(*text, [&](int depth, Json::parse_event_t, Json&) {
      tooDeep = tooDeep || depth > kMaxDepth;
      return !tooDeep;
    });
  } catch (const Json::parse_error& wrong) {
    wrongAt = wrong.byte;
  }
  if (tooDeep)
    return invalidArgument(fmt::format("{}: nested deeper than {} levels", path, kMaxDepth));
  if (wrongAt)
    return invalidArgument(
        fmt::format("{}:{}: not valid JSON: --ghost-config expects Ghost's config.production.json",
                    path, lineOf(*text, *wrongAt)));
  if (!root.is_object())
    return invalidArgument(fmt::format(
        "{}: must hold one object {{ ... }}, as Ghost's config.production.json does", path));
  return GhostReader(path, root).read();
}

}  // namespace rollcall
