#include "daemon/ghost/routes.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <utility>

namespace rollcall::ghost {
namespace {

constexpr std::size_t kMaxBytes = 256 * 1024;
constexpr std::size_t kMaxNodes = 20'000;
constexpr std::size_t kMaxDepth = 16;
constexpr std::string_view kFile = "routes.yaml";

struct Node {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  std::string text;         // of a scalar
  int line = 1;             // counted from 1
  std::vector<Node> items;  // of a sequence: its values; of a map: key, value, key, value ...
};

// The file's own words in a message: printable, one line, short.
std::string shown(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, 80))
    clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text.size() > 80 ? clean + "..." : clean;
}

// Thrown through yaml-cpp and caught in parseRoutes().
struct Refused {
  std::string message;
};

[[noreturn]] void refuse(int line, std::string_view key, const std::string& what) {
  std::string message = std::string(kFile) + " line " + std::to_string(line) + ": ";
  if (!key.empty()) message += shown(key) + ": ";
  throw Refused{message + what};
}

// Builds a Node tree from yaml-cpp's events, so that depth, size and aliases are refused while they
// come in and not when a tree of theirs has been made.
class TreeBuilder final : public YAML::EventHandler {
 public:
  Node root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, anchor, Node::Kind::kNull);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuseAlias(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag != "!";
    const bool null = plain && (value.empty() || value == "~" || value == "null");
    if (plain && value == "<<")
      refuse(mark.line + 1, "", "merge keys (<<) are not supported, write the values out");
    add(mark, anchor, null ? Node::Kind::kNull : Node::Kind::kScalar).text = value;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(add(mark, anchor, Node::Kind::kSequence));
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(add(mark, anchor, Node::Kind::kMap));
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  [[noreturn]] static void refuseAlias(const YAML::Mark& mark) {
    refuse(mark.line + 1, "", "anchors and aliases (& and *) are not supported, write them out");
  }

  Node& add(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Kind kind) {
    if (anchor != 0) refuseAlias(mark);
    if (++nodes_ > kMaxNodes) refuse(mark.line + 1, "", "the file has too many entries");
    Node& node = open_.empty() ? root : open_.back()->items.emplace_back();
    node.kind = kind;
    node.line = mark.line + 1;
    return node;
  }
  // The pointer stays valid: nothing is added to the parent while its child is open.
  void open(Node& node) {
    open_.push_back(&node);
    if (open_.size() > kMaxDepth) refuse(node.line, "", "the file is nested too deeply");
  }

  std::size_t nodes_ = 0;
  std::vector<Node*> open_;
};

Node parseYaml(std::string_view yaml) {
  std::istringstream stream{std::string(yaml)};
  YAML::Parser parser(stream);
  TreeBuilder tree;
  if (!parser.HandleNextDocument(tree)) return {};
  TreeBuilder second;
  if (parser.HandleNextDocument(second))
    refuse(second.root.line, "", "there is more than one document");
  return std::move(tree.root);
}

// The value of `key`; null when the map has none. Duplicate keys are refused, as Ghost does.
const Node* valueOf(const Node& map, std::string_view key, std::string_view where) {
  const Node* value = nullptr;
  for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
    if (map.items[i].text != key) continue;
    if (value) refuse(map.items[i].line, where, "\"" + shown(key) + "\" is there twice");
    value = &map.items[i + 1];
  }
  return value;
}

// Calls use(key, value) for each pair of the section; a section that is absent or empty has none.
template <class Use>
void forEachIn(const Node& root, std::string_view section, Use use) {
  const Node* map = valueOf(root, section, "");
  if (!map || map->kind == Node::Kind::kNull) return;
  if (map->kind != Node::Kind::kMap)
    refuse(map->line, section, "this must be a map of paths, e.g. \"/: ...\"");
  for (std::size_t i = 0; i + 1 < map->items.size(); i += 2) {
    const Node& key = map->items[i];
    if (key.kind != Node::Kind::kScalar) refuse(key.line, section, "a key must be plain text");
    valueOf(*map, key.text, section);
    use(key, map->items[i + 1]);
  }
}

std::string keyPath(std::string_view section, std::string_view key) {
  return std::string(section) + "." + std::string(key);
}

void requirePath(std::string_view path, int line, std::string_view where) {
  if (path.empty() || path.front() != '/')
    refuse(line, where, "\"" + shown(path) + "\" must begin with a slash");
  if (path.back() != '/') refuse(line, where, "\"" + shown(path) + "\" must end with a slash");
}

bool hasColonToken(std::string_view path) {
  for (std::size_t at = path.find("/:"); at != std::string_view::npos; at = path.find("/:", at + 1))
    if (at + 2 < path.size() &&
        (std::isalnum(static_cast<unsigned char>(path[at + 2])) || path[at + 2] == '_'))
      return true;
  return false;
}

std::string permalinkOf(const Node& node, std::string_view where) {
  if (node.kind != Node::Kind::kScalar)
    refuse(node.line, where, "this must be a path such as /{slug}/");
  requirePath(node.text, node.line, where);
  if (hasColonToken(node.text))
    refuse(
        node.line, where,
        "\"" + shown(node.text) + "\" uses the :name notation, which Ghost refuses; write {name}");
  return node.text;
}

// "recipes" of "tag.recipes" or of {type: read, resource: tags, slug: recipes}.
void readData(const Node& entry, const std::string& path, Routes& routes) {
  const auto add = [&](std::string_view resource, std::string_view slug) {
    static constexpr std::string_view kResources[] = {"post", "page", "tag", "author"};
    for (const std::string_view known : kResources)
      if (resource == known || resource == std::string(known) + "s")
        routes.redirects.push_back({std::string(known), std::string(slug), path});
  };
  if (entry.kind == Node::Kind::kScalar) {
    const std::size_t dot = entry.text.find('.');
    if (dot != std::string::npos)
      add(std::string_view(entry.text).substr(0, dot),
          std::string_view(entry.text).substr(dot + 1));
    return;
  }
  if (entry.kind != Node::Kind::kMap) return;
  const auto field = [&](std::string_view key) {
    const Node* value = valueOf(entry, key, path);
    return value && value->kind == Node::Kind::kScalar ? std::string_view(value->text)
                                                       : std::string_view();
  };
  if (field("type") == "read" && field("redirect") != "false" && !field("slug").empty())
    add(field("resource"), field("slug"));
}

void readDataOf(const Node& router, const std::string& path, Routes& routes) {
  if (router.kind != Node::Kind::kMap) return;
  const Node* data = valueOf(router, "data", path);
  if (!data) return;
  if (data->kind != Node::Kind::kMap) return readData(*data, path, routes);
  for (std::size_t i = 0; i + 1 < data->items.size(); i += 2)
    readData(data->items[i + 1], path, routes);
}

void addStaticPath(Routes& routes, const std::string& path) {
  if (std::find(routes.staticPaths.begin(), routes.staticPaths.end(), path) ==
      routes.staticPaths.end())
    routes.staticPaths.push_back(path);
}

void readRoute(const Node& key, const Node& value, Routes& routes) {
  requirePath(key.text, key.line, "routes");
  addStaticPath(routes, key.text);
  readDataOf(value, key.text, routes);
}

void readCollection(const Node& key, const Node& value, Routes& routes) {
  const std::string where = keyPath("collections", key.text);
  requirePath(key.text, key.line, "collections");
  const Node* permalink =
      value.kind == Node::Kind::kMap ? valueOf(value, "permalink", where) : nullptr;
  if (!permalink) refuse(key.line, where, "it needs a permalink, e.g. \"permalink: /{slug}/\"");
  Collection collection;
  collection.path = key.text;
  collection.permalink = permalinkOf(*permalink, where + ".permalink");
  const Node* filter = valueOf(value, "filter", where);
  if (filter && filter->kind != Node::Kind::kNull && filter->kind != Node::Kind::kScalar)
    refuse(filter->line, where + ".filter", "this must be text");
  if (filter) collection.filter = filter->kind == Node::Kind::kScalar ? filter->text : "";
  addStaticPath(routes, key.text);
  readDataOf(value, key.text, routes);
  routes.collections.push_back(std::move(collection));
}

void readTaxonomy(const Node& key, const Node& value, Routes& routes) {
  const std::string where = keyPath("taxonomies", key.text);
  if (key.text == "tag") {
    routes.tagPermalink = permalinkOf(value, where);
  } else if (key.text == "author") {
    routes.authorPermalink = permalinkOf(value, where);
  } else {
    refuse(key.line, where, "there is no such taxonomy, only tag and author");
  }
}

Routes readRoutes(const Node& root) {
  Routes routes;
  if (root.kind == Node::Kind::kNull) return routes;
  if (root.kind != Node::Kind::kMap)
    refuse(root.line, "", "the file must be a map with routes, collections and taxonomies");
  forEachIn(root, "routes", [&](const Node& k, const Node& v) { readRoute(k, v, routes); });
  forEachIn(root, "collections",
            [&](const Node& k, const Node& v) { readCollection(k, v, routes); });
  forEachIn(root, "taxonomies", [&](const Node& k, const Node& v) { readTaxonomy(k, v, routes); });
  return routes;
}

}  // namespace

Routes defaultRoutes() {
  Routes routes;
  routes.collections.push_back({"/", "/{slug}/", ""});
  routes.tagPermalink = "/tag/{slug}/";
  routes.authorPermalink = "/author/{slug}/";
  routes.staticPaths.push_back("/");
  return routes;
}

Result<Routes> parseRoutes(std::string_view yaml) {
  if (yaml.size() > kMaxBytes)
    return invalidArgument(std::string(kFile) + " is larger than 256 KiB");
  try {
    return readRoutes(parseYaml(yaml));
  } catch (const Refused& refused) {
    return invalidArgument(refused.message);
  } catch (const YAML::Exception& broken) {
    return invalidArgument(std::string(kFile) + " line " + std::to_string(broken.mark.line + 1) +
                           ": it is not valid YAML: " + shown(broken.msg));
  }
}

}  // namespace rollcall::ghost
