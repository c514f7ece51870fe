// How a pod's routes differ from the file's, or from another pod's. Pure.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/routes/pod_map.h"
#include "daemon/ghost/routes.h"

namespace rollcall::checks::routes {

// What routes.yaml demands of a pod's sitemaps.
struct Demand {
  std::set<std::string> paths;  // routes and collections that every version lists, decoded
  std::set<std::string> known;  // all of them, also those that may not be listed
  std::array<std::vector<std::string>, 3> permalinks;  // by Kind
};
Demand demandOf(const Routes& routes);

struct Difference {
  enum class What {
    kUnknownRoute,    // the file has it, the pod does not list it: right when the pod answers it
    kOldRoute,        // the pod lists it, the file does not have it: right when it answers 404
    kOtherPermalink,  // the pod lists a resource where the file's permalinks never put one
  };
  What what = What::kUnknownRoute;
  std::string path;  // of the route, or of the resource
  Kind kind = Kind::kPost;
  bool operator==(const Difference&) const = default;
};
// Whether they are about the same; the resource that shows another permalink may be another one.
bool sameMatter(const Difference& one, const Difference& other);
// Those of `one` whose matter is among `other` too.
std::vector<Difference> shared(const std::vector<Difference>& one,
                               const std::vector<Difference>& other);
// Changes when the matters do.
std::string fingerprint(const std::vector<Difference>& differences);

// Whether there is, or lately was, a page at a path.
using IsPage = std::function<bool(std::string_view path)>;

// `isPage` is null when nobody can tell: then what a pod lists beyond the file says nothing.
std::vector<Difference> compare(const Demand& demand, const PodMap& map, const IsPage& isPage);

// An address that one pod has and another one does not, when nobody knows the file.
struct Disagreement {
  std::string path;
  std::size_t has = 0, lacks = 0;  // indexes of the maps
  std::optional<Kind> kind = {};   // of the resource that is elsewhere; none: a route
};
bool sameMatter(const Disagreement& one, const Disagreement& other);
// The first few; routes before permalinks.
std::vector<Disagreement> disagreements(const std::vector<PodMap>& maps, const IsPage& isPage);

}  // namespace rollcall::checks::routes
