// Where each resource should answer. The database alone is no oracle for that: routes.yaml, filters
// and permalinks decide, and where they are not known, the pods' own declarations, by majority.
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "daemon/content/known_routes.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/routes.h"
#include "daemon/roll/path_table.h"

namespace rollcall::roll {

using Place = PathTable::Number;
inline constexpr Place kNoPlace = PathTable::kNone;

// What the first pod that told of an entry said, by index into Content::entries: pods that agree
// with it keep a bit each.
using FirstTold = std::vector<Place>;

// What one pod says about where its resources are, in numbers of a PathTable that all pods share.
class Declarations {
 public:
  // Borrows what all pods share, before the first tell(); into it goes what is told first.
  void share(FirstTold& first) { first_ = &first; }

  // A path of its sitemaps, below the site's sub-directory.
  void list(Place path) {
    if (path >= listed_.size()) listed_.resize(wholeChunks(path));
    listed_[path] = true;
  }
  bool lists(Place path) const { return path < listed_.size() && listed_[path]; }
  std::size_t listedEnd() const { return listed_.size(); }  // it lists none from here on

  // What its Content API says of an entry; "/404/" = not routed.
  void tell(std::size_t entry, Place path);
  Place told(std::size_t entry) const {  // kNoPlace: nothing
    if (entry / kChunk < apart_.size() && apart_[entry / kChunk])
      return (*apart_[entry / kChunk])[entry % kChunk];
    return entry < agrees_.size() && agrees_[entry] ? (*first_)[entry] : kNoPlace;
  }
  bool silent() const { return listed_.empty() && agrees_.empty() && apart_.empty(); }

 private:
  static constexpr std::size_t kChunk = 1'024;  // entries that are kept apart together
  using Chunk = std::array<Place, kChunk>;

  // Grown by many at once: a bit more each time costs more than all else that is done with it.
  static std::size_t wholeChunks(std::size_t number) { return (number / kChunk + 1) * kChunk; }
  bool agreesWithTheFirst(std::size_t entry, Place path);
  Chunk& keepApart(std::size_t chunk);

  std::vector<bool> listed_;                   // by path
  FirstTold* first_ = nullptr;                 // null: nothing is shared
  std::vector<bool> agrees_;                   // by entry: it told what the first one did
  std::vector<std::unique_ptr<Chunk>> apart_;  // null while it agrees on all that it told of
};

struct Locations {
  // By index into Content::entries; kNoPlace for an entry that cannot be located or must not be
  // asked.
  std::vector<Place> place;
  std::vector<std::uint32_t> owner;  // by path: the public entry that answers there, + 1; 0: none
  std::size_t unlocated = 0;         // public ones whose place nobody could tell
  // Public posts that pods put at different addresses while nobody knows the routes: not among the
  // unlocated.
  std::size_t disputed = 0;
  std::size_t shadowed = 0;  // pages whose path a post owns
  bool declared = false;     // true: the default routes do not hold here, the pods' word was taken

  bool located(std::size_t entry) const { return place[entry] != kNoPlace; }
  std::optional<std::size_t> ownerOf(Place path) const {
    if (path >= owner.size() || owner[path] == 0) return std::nullopt;
    return owner[path] - 1;
  }
};

// `pods` may be empty: then only what the routes tell is known. Paths are put into `paths`. Of
// other types than `types` only what stands in the way of those is located.
Locations locate(std::span<const Entry> entries, const Routes& routes, Trust known,
                 const std::vector<const Declarations*>& pods, PathTable& paths,
                 const std::set<ResourceType>& types = {ResourceType::kPost, ResourceType::kPage,
                                                        ResourceType::kTag, ResourceType::kAuthor});

// The paths themselves, by index into Content::entries; empty where there is none.
std::vector<std::string> pathsOf(const Locations& locations, const PathTable& paths);

}  // namespace rollcall::roll
