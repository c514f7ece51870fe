// Where each resource should answer. The database alone is no oracle for that: routes.yaml, filters
// and permalinks decide, and where they are not known, the pods' own declarations, by majority.
// Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/content/known_routes.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/routes.h"

namespace rollcall::roll {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
using TextMap = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;

// What one pod says about where its resources are.
struct Declarations {
  std::vector<std::string> paths;  // of its sitemaps, below the site's sub-directory
  TextMap byId;                    // Content API: id -> path; "/404/" = not routed
};

// `path` is empty for an entry that cannot be located or must not be asked. Move-only: the keys of
// `entry` point into `path`.
struct Locations {
  Locations() = default;
  Locations(Locations&&) = default;
  Locations& operator=(Locations&&) = default;

  std::vector<std::string> path;                            // by index into Content::entries
  std::unordered_map<std::string_view, std::size_t> entry;  // public entries by path
  std::size_t unlocated = 0;  // public ones whose place nobody could tell
  // Public posts that pods put at different addresses while nobody knows the routes: not among the
  // unlocated.
  std::size_t disputed = 0;
  std::size_t shadowed = 0;  // pages whose path a post owns
  bool declared = false;     // true: the default routes do not hold here, the pods' word was taken
};

// `pods` may be empty: then only what the routes tell is known.
Locations locate(const std::vector<Entry>& entries, const Routes& routes, Trust known,
                 const std::vector<const Declarations*>& pods);

}  // namespace rollcall::roll
