#include "checks/routes/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "checks/routes/permalink_shape.h"
#include "daemon/core/url_path.h"

namespace rollcall::checks::routes {
namespace {

constexpr std::size_t kMostDisagreements = 3;

// A route with parameters or a wildcard of Express has no address of its own.
bool isPlain(std::string_view path) {
  return path.find_first_of(":*{}()?+[]") == std::string_view::npos;
}

const std::vector<std::string>& examplesOf(const PodMap& map, Kind kind) {
  return map.examples[static_cast<std::size_t>(kind)];
}

std::size_t segmentsOf(std::string_view path) {
  return static_cast<std::size_t>(std::ranges::count(path, '/'));
}

// An address of `one` whose resource `other` has elsewhere, when that is so for all they share. One
// alone may be a resource that was edited; not so when its address has another form.
const std::string* placedElsewhere(const std::vector<std::string>& one,
                                   const std::vector<std::string>& other) {
  std::map<std::string_view, std::string_view> byName;
  for (const std::string& path : other) byName.emplace(lastSegment(path), path);
  const std::string* example = nullptr;
  std::size_t shared = 0;
  for (const std::string& path : one) {
    const auto found = byName.find(lastSegment(path));
    if (found == byName.end()) continue;
    if (found->second == path) return nullptr;
    ++shared;
    if (!example || segmentsOf(path) != segmentsOf(found->second)) example = &path;
    if (segmentsOf(path) != segmentsOf(found->second)) ++shared;
  }
  return shared > 1 ? example : nullptr;
}

}  // namespace

bool sameMatter(const Difference& one, const Difference& other) {
  if (one.what != other.what) return false;
  return one.what == Difference::What::kOtherPermalink ? one.kind == other.kind
                                                       : one.path == other.path;
}

bool sameMatter(const Disagreement& one, const Disagreement& other) {
  return one.kind == other.kind && (one.kind || one.path == other.path);
}

std::vector<Difference> shared(const std::vector<Difference>& one,
                               const std::vector<Difference>& other) {
  std::vector<Difference> both;
  std::ranges::copy_if(one, std::back_inserter(both), [&other](const Difference& mine) {
    return std::ranges::any_of(other,
                               [&mine](const Difference& its) { return sameMatter(mine, its); });
  });
  return both;
}

std::string fingerprint(const std::vector<Difference>& differences) {
  std::string all;
  for (const Difference& one : differences)
    all += fmt::format("{} {}\n", static_cast<int>(one.what),
                       one.what == Difference::What::kOtherPermalink ? name(one.kind) : one.path);
  return all;
}

Demand demandOf(const Routes& routes) {
  Demand demand;
  for (const std::string& path : routes.staticPaths) {
    const std::string decoded = ghost::decodePath(path);
    demand.known.insert(decoded);
    if (isPlain(decoded)) demand.paths.insert(decoded);
  }
  const auto permalinks = [&demand](Kind kind) -> auto& {
    return demand.permalinks[static_cast<std::size_t>(kind)];
  };
  for (const Collection& one : routes.collections) permalinks(Kind::kPost).push_back(one.permalink);
  if (!routes.tagPermalink.empty()) permalinks(Kind::kTag).push_back(routes.tagPermalink);
  if (!routes.authorPermalink.empty()) permalinks(Kind::kAuthor).push_back(routes.authorPermalink);
  return demand;
}

std::vector<Difference> compare(const Demand& demand, const PodMap& map, const IsPage& isPage) {
  std::vector<Difference> found;
  if (map.pages) {
    for (const std::string& path : demand.paths)
      if (!map.routes.contains(path)) found.push_back({Difference::What::kUnknownRoute, path});
    for (const std::string& path : map.routes)
      if (isPage && !demand.known.contains(path) && !isPage(path))
        found.push_back({Difference::What::kOldRoute, path});
  }
  for (const Kind kind : kKinds) {
    const auto& permalinks = demand.permalinks[static_cast<std::size_t>(kind)];
    const auto& examples = examplesOf(map, kind);
    const auto strange = std::ranges::find_if(examples, [&](const std::string& path) {
      return std::ranges::none_of(
          permalinks, [&](const std::string& permalink) { return mayComeFrom(path, permalink); });
    });
    if (strange != examples.end())
      found.push_back({Difference::What::kOtherPermalink, *strange, kind});
  }
  return found;
}

std::vector<Disagreement> disagreements(const std::vector<PodMap>& maps, const IsPage& isPage) {
  std::vector<Disagreement> found;
  const auto add = [&found](std::string path, std::size_t has, std::size_t lacks,
                            std::optional<Kind> kind = std::nullopt) {
    const bool known = std::ranges::any_of(
        found, [&path](const Disagreement& other) { return other.path == path; });
    if (!known && found.size() < kMostDisagreements)
      found.push_back({std::move(path), has, lacks, kind});
  };
  for (std::size_t a = 0; a < maps.size(); ++a)
    for (std::size_t b = 0; b < maps.size(); ++b)
      if (maps[a].pages && maps[b].pages)
        for (const std::string& path : maps[a].routes)
          if (!maps[b].routes.contains(path) && !isPage(path)) add(path, a, b);
  for (std::size_t a = 0; a < maps.size(); ++a)
    for (std::size_t b = a + 1; b < maps.size(); ++b)
      for (const Kind kind : kKinds)
        if (const auto* path =
                placedElsewhere(examplesOf(maps[a], kind), examplesOf(maps[b], kind)))
          add(*path, a, b, kind);
  return found;
}

}  // namespace rollcall::checks::routes
