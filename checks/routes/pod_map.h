// What a pod's sitemaps tell of its routes.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/check.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks::routes {

// The kinds of addresses that follow a permalink.
enum class Kind { kPost, kTag, kAuthor };
inline constexpr std::array<Kind, 3> kKinds = {Kind::kPost, Kind::kTag, Kind::kAuthor};
std::string_view name(Kind kind);  // post tag author

// Paths are below the site, decoded.
struct PodMap {
  const Pod* pod = nullptr;
  bool pages = false;                                // /sitemap-pages.xml was read to its end
  std::set<std::string> routes;                      // all that it lists: routes and pages
  std::array<std::vector<std::string>, 3> examples;  // by Kind: the first few
  std::optional<Error> gap;                          // why the pod could not be looked at
};

struct MapWish {
  bool tags = true;
  bool authors = true;
};

// Queues the requests; `map` must outlive the batch's drive().
void readMap(PodBatch& batch, const Site& site, const MapWish& wish, PodMap& map);

}  // namespace rollcall::checks::routes
