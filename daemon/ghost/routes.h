// Where Ghost serves a resource: routes.yaml and permalinks. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

// One collection of routes.yaml. With a filter, which posts it owns is Ghost's NQL business: we do
// not re-implement it.
struct Collection {
  std::string path;       // "/", "/blog/"
  std::string permalink;  // "/{slug}/", "/{year}/{month}/{slug}/", "/blog/{slug}/"
  std::string filter;     // empty = takes every post
};

// `data: tag.recipes` on a route or a collection: the resource's own page answers 301 to `path`.
struct DataRedirect {
  std::string resource;  // "post", "page", "tag" or "author"
  std::string slug;
  std::string path;  // the route or collection that took it over
};

struct Routes {
  std::vector<Collection> collections;   // in file order: the first that matches owns the post
  std::string tagPermalink;              // "/tag/{slug}/"; empty = the taxonomy is switched off
  std::string authorPermalink;           // "/author/{slug}/"
  std::vector<std::string> staticPaths;  // keys of `routes:`, and the collections' own paths
  std::vector<DataRedirect> redirects;   // resources whose own page a route has taken over

  // True when every post's location follows from its row: exactly one collection and no filter.
  bool locatesPosts() const { return collections.size() == 1 && collections[0].filter.empty(); }
};

namespace ghost {

// What Ghost uses without a routes.yaml: "/" with /{slug}/, /tag/{slug}/, /author/{slug}/.
Routes defaultRoutes();

// Strict where we must understand, lenient about what does not concern locations (templates, data).
// Bounded depth and size; no aliases or anchors bombs. The Error names line and key.
Result<Routes> parseRoutes(std::string_view yaml);

// The values of permalink tokens for one resource.
struct PermalinkFacts {
  std::string_view id;
  std::string_view slug;
  std::string_view primaryTag;          // empty becomes "all"
  std::string_view primaryAuthor;       // also {author}; empty becomes "all"
  std::optional<WallTime> publishedAt;  // {year} {month} {day} are UTC whatever the site's timezone
};
// nullopt when the permalink has a token we do not know or a fact that is missing.
std::optional<std::string> expandPermalink(std::string_view permalink, const PermalinkFacts& facts);

// Percent-encoded as Ghost prints a path (slugs may hold non-ASCII letters).
// Escapes that are there stay.
std::string encodePath(std::string_view path);
// The reverse, for comparing paths: bytes, not necessarily UTF-8. Malformed escapes stay as they
// are.
std::string decodePath(std::string_view path);

}  // namespace ghost
}  // namespace rollcall
