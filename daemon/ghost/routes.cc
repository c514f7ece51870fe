#include "daemon/ghost/routes.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "daemon/ghost/yaml_tree.h"

namespace rollcall::ghost {
namespace {

constexpr std::string_view kFile = "routes.yaml";

[[noreturn]] void refuse(int line, std::string_view key, const std::string& what) {
  refuseYaml(kFile, line, key, what);
}

// The value of `key`; null when the map has none. Duplicate keys are refused, as Ghost does.
const YamlNode* valueOf(const YamlNode& map, std::string_view key, std::string_view where) {
  const YamlNode* value = nullptr;
  for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
    if (map.items[i].text != key) continue;
    if (value) refuse(map.items[i].line, where, "\"" + shownYaml(key) + "\" is there twice");
    value = &map.items[i + 1];
  }
  return value;
}

// Calls use(key, value) for each pair of the section; a section that is absent or empty has none.
template <class Use>
void forEachIn(const YamlNode& root, std::string_view section, Use use) {
  const YamlNode* map = valueOf(root, section, "");
  if (!map || map->kind == YamlNode::Kind::kNull) return;
  if (map->kind != YamlNode::Kind::kMap)
    refuse(map->line, section, "this must be a map of paths, e.g. \"/: ...\"");
  for (std::size_t i = 0; i + 1 < map->items.size(); i += 2) {
    const YamlNode& key = map->items[i];
    if (key.kind != YamlNode::Kind::kScalar) refuse(key.line, section, "a key must be plain text");
    valueOf(*map, key.text, section);
    use(key, map->items[i + 1]);
  }
}

std::string keyPath(std::string_view section, std::string_view key) {
  return std::string(section) + "." + std::string(key);
}

void requirePath(std::string_view path, int line, std::string_view where) {
  if (path.empty() || path.front() != '/')
    refuse(line, where, "\"" + shownYaml(path) + "\" must begin with a slash");
  if (path.back() != '/') refuse(line, where, "\"" + shownYaml(path) + "\" must end with a slash");
}

bool hasColonToken(std::string_view path) {
  for (std::size_t at = path.find("/:"); at != std::string_view::npos; at = path.find("/:", at + 1))
    if (at + 2 < path.size() &&
        (std::isalnum(static_cast<unsigned char>(path[at + 2])) || path[at + 2] == '_'))
      return true;
  return false;
}

std::string permalinkOf(const YamlNode& node, std::string_view where) {
  if (node.kind != YamlNode::Kind::kScalar)
    refuse(node.line, where, "this must be a path such as /{slug}/");
  requirePath(node.text, node.line, where);
  if (hasColonToken(node.text))
    refuse(node.line, where,
           "\"" + shownYaml(node.text) +
               "\" uses the :name notation, which Ghost refuses; write {name}");
  return node.text;
}

// "recipes" of "tag.recipes" or of {type: read, resource: tags, slug: recipes}.
void readData(const YamlNode& entry, const std::string& path, Routes& routes) {
  const auto add = [&](std::string_view resource, std::string_view slug) {
    static constexpr std::string_view kResources[] = {"post", "page", "tag", "author"};
    for (const std::string_view known : kResources)
      if (resource == known || resource == std::string(known) + "s")
        routes.redirects.push_back({std::string(known), std::string(slug), path});
  };
  if (entry.kind == YamlNode::Kind::kScalar) {
    const std::size_t dot = entry.text.find('.');
    if (dot != std::string::npos)
      add(std::string_view(entry.text).substr(0, dot),
          std::string_view(entry.text).substr(dot + 1));
    return;
  }
  if (entry.kind != YamlNode::Kind::kMap) return;
  const auto field = [&](std::string_view key) {
    const YamlNode* value = valueOf(entry, key, path);
    return value && value->kind == YamlNode::Kind::kScalar ? std::string_view(value->text)
                                                           : std::string_view();
  };
  if (field("type") == "read" && field("redirect") != "false" && !field("slug").empty())
    add(field("resource"), field("slug"));
}

void readDataOf(const YamlNode& router, const std::string& path, Routes& routes) {
  if (router.kind != YamlNode::Kind::kMap) return;
  const YamlNode* data = valueOf(router, "data", path);
  if (!data) return;
  if (data->kind != YamlNode::Kind::kMap) return readData(*data, path, routes);
  for (std::size_t i = 0; i + 1 < data->items.size(); i += 2)
    readData(data->items[i + 1], path, routes);
}

void addStaticPath(Routes& routes, const std::string& path) {
  if (std::find(routes.staticPaths.begin(), routes.staticPaths.end(), path) ==
      routes.staticPaths.end())
    routes.staticPaths.push_back(path);
}

void readRoute(const YamlNode& key, const YamlNode& value, Routes& routes) {
  requirePath(key.text, key.line, "routes");
  addStaticPath(routes, key.text);
  readDataOf(value, key.text, routes);
}

void readCollection(const YamlNode& key, const YamlNode& value, Routes& routes) {
  const std::string where = keyPath("collections", key.text);
  requirePath(key.text, key.line, "collections");
  const YamlNode* permalink =
      value.kind == YamlNode::Kind::kMap ? valueOf(value, "permalink", where) : nullptr;
  if (!permalink) refuse(key.line, where, "it needs a permalink, e.g. \"permalink: /{slug}/\"");
  Collection collection;
  collection.path = key.text;
  collection.permalink = permalinkOf(*permalink, where + ".permalink");
  const YamlNode* filter = valueOf(value, "filter", where);
  if (filter && filter->kind != YamlNode::Kind::kNull && filter->kind != YamlNode::Kind::kScalar)
    refuse(filter->line, where + ".filter", "this must be text");
  if (filter) collection.filter = filter->kind == YamlNode::Kind::kScalar ? filter->text : "";
  addStaticPath(routes, key.text);
  readDataOf(value, key.text, routes);
  routes.collections.push_back(std::move(collection));
}

void readTaxonomy(const YamlNode& key, const YamlNode& value, Routes& routes) {
  const std::string where = keyPath("taxonomies", key.text);
  if (key.text == "tag") {
    routes.tagPermalink = permalinkOf(value, where);
  } else if (key.text == "author") {
    routes.authorPermalink = permalinkOf(value, where);
  } else {
    refuse(key.line, where, "there is no such taxonomy, only tag and author");
  }
}

Routes readRoutes(const YamlNode& root) {
  Routes routes;
  if (root.kind == YamlNode::Kind::kNull) return routes;
  if (root.kind != YamlNode::Kind::kMap)
    refuse(root.line, "", "the file must be a map with routes, collections and taxonomies");
  forEachIn(root, "routes", [&](const YamlNode& k, const YamlNode& v) { readRoute(k, v, routes); });
  forEachIn(root, "collections",
            [&](const YamlNode& k, const YamlNode& v) { readCollection(k, v, routes); });
  forEachIn(root, "taxonomies",
            [&](const YamlNode& k, const YamlNode& v) { readTaxonomy(k, v, routes); });
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
  const auto root = readYaml(kFile, yaml, {});
  if (!root) return invalidArgument(root.error().message);
  try {
    return readRoutes(*root);
  } catch (const YamlRefused& refused) {
    return invalidArgument(refused.message);
  }
}

}  // namespace rollcall::ghost
