#include "daemon/roll/locate.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "daemon/core/text_hash.h"
#include "daemon/core/url_path.h"

namespace rollcall::roll {
namespace {

using Pods = std::vector<const Declarations*>;

ghost::PermalinkFacts factsOf(const Entry& entry) {
  return {entry.id, entry.slug, entry.primaryTag, entry.primaryAuthor, entry.publishedAt};
}

std::string expand(std::string_view permalink, const Entry& entry) {
  if (permalink.empty()) return {};
  return ghost::encodePath(ghost::expandPermalink(permalink, factsOf(entry)).value_or(""));
}

// Every path the routes could give the entry, in the order of the file.
std::vector<std::string> candidates(const Entry& entry, const Routes& routes) {
  std::vector<std::string> paths;
  switch (entry.type) {
    case ResourceType::kPost:
      for (const Collection& collection : routes.collections)
        paths.push_back(expand(collection.permalink, entry));
      break;
    case ResourceType::kPage:
      paths.push_back(expand("/{slug}/", entry));
      break;
    case ResourceType::kTag:
      paths.push_back(expand(routes.tagPermalink, entry));
      break;
    case ResourceType::kAuthor:
      paths.push_back(expand(routes.authorPermalink, entry));
      break;
  }
  std::erase(paths, "");
  return paths;
}

// A slug that is the same in an address.
bool isPlain(std::string_view slug) {
  return !slug.empty() && std::ranges::all_of(slug, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// The first of the candidates; nearly always it takes no more than the slug.
std::string frontOf(const Entry& entry, const Routes& routes) {
  const bool atRoot = entry.type == ResourceType::kPage ||
                      (entry.type == ResourceType::kPost && !routes.collections.empty() &&
                       routes.collections.front().permalink == "/{slug}/");
  const std::string_view slug = entry.slug;
  if (atRoot && isPlain(slug)) return std::string("/").append(slug).append("/");
  const std::vector<std::string> all = candidates(entry, routes);
  return all.empty() ? std::string() : all.front();
}

// The pods' declarations, indexed for the questions below. `fronts`: by entry, the first address
// that the routes give it.
class Ballot {
 public:
  Ballot(std::span<const Entry> entries, const std::vector<Place>& fronts, const Pods& pods,
         const PathTable& paths)
      : entries_(entries),
        fronts_(fronts),
        pods_(pods),
        paths_(paths),
        notRouted_(paths.find("/404/")),
        own_(paths.size()) {
    if (pods.empty()) return;
    for (std::size_t i = 0; i < entries.size(); ++i)
      if (ownPlace(i)) own_[fronts[i]] = true;
    for (const Declarations* pod : pods)
      for (Place path = 0; path < pod->listedEnd(); ++path)
        if (pod->lists(path) && !own_[path]) strays_[lastSegment(paths.at(path))].insert(path);
  }

  // The path most pods declare for the entry: by id where the API told, else by a path that ends in
  // its slug; none when none does or when two are even.
  Place winner(std::size_t entry) const {
    Votes votes;
    for (const Declarations* pod : pods_)
      if (const Place told = pod->told(entry); told != kNoPlace && told != notRouted_)
        vote(votes, told, 1);
    if (votes.empty())
      eachPath(entry, [&](Place path) {
        const auto count = std::ranges::count_if(
            pods_, [path](const Declarations* pod) { return pod->lists(path); });
        if (count > 0) vote(votes, path, static_cast<std::size_t>(count));
      });
    Place best = kNoPlace;
    std::size_t most = 0;
    bool even = false;
    for (const auto& [path, count] : votes) {
      even = count == most || (even && count < most);
      if (count > most) best = path, most = count;
    }
    return even ? kNoPlace : best;
  }

  // Whether both pods have the entry, and whether at the same address: by its slug in their
  // sitemaps, else by what an API told, too.
  struct Agreement {
    bool both = false;
    bool same = false;
  };
  Agreement agree(std::size_t entry, const Declarations& a, const Declarations& b) const {
    const bool sitemaps = a.listedEnd() > 0 && b.listedEnd() > 0;
    const auto has = [&](const Declarations& pod, Place path) {
      return pod.lists(path) || (!sitemaps && pod.told(entry) == path);
    };
    bool one = false, other = false, same = false;
    const auto visit = [&](Place path) {
      const bool here = has(a, path), there = has(b, path);
      one |= here;
      other |= there;
      same |= here && there;
    };
    eachPath(entry, visit);
    for (const Declarations* pod : {&a, &b})
      if (const Place told = pod->told(entry); !sitemaps && told != kNoPlace && told != notRouted_)
        visit(told);
    return {one && other, same};
  }

 private:
  using Votes = std::vector<std::pair<Place, std::size_t>>;

  static void vote(Votes& votes, Place path, std::size_t count) {
    const auto found = std::ranges::find(votes, path, &Votes::value_type::first);
    if (found == votes.end())
      votes.emplace_back(path, count);
    else
      found->second += count;
  }

  // Whether a path that ends in the entry's slug can be nobody's but this post's, and is looked at
  // without an index: nearly all are such.
  bool ownPlace(std::size_t entry) const {
    const Entry& one = entries_[entry];
    return one.type == ResourceType::kPost && one.isPublic && fronts_[entry] != kNoPlace &&
           lastSegment(paths_.at(fronts_[entry])) == one.slug;
  }

  template <class Visit>
  void eachPath(std::size_t entry, Visit visit) const {
    if (ownPlace(entry)) visit(fronts_[entry]);
    if (strays_.empty()) return;
    const auto found = strays_.find(ghost::encodePath(entries_[entry].slug));
    if (found == strays_.end()) return;
    for (const Place path : found->second) visit(path);
  }

  const std::span<const Entry> entries_;
  const std::vector<Place>& fronts_;
  const Pods& pods_;
  const PathTable& paths_;
  const Place notRouted_;
  std::vector<bool> own_;  // by path
  std::unordered_map<std::string_view, std::set<Place>, TextHash>
      strays_;  // by last segment: the others
};

bool isPublicPost(const Entry& entry) {
  return entry.isPublic && entry.type == ResourceType::kPost;
}

// Pods that route differently: every post that two of them know has another address on each. A post
// that one pod knows by an old slug or date is no such thing.
class Dispute {
 public:
  Dispute(std::span<const Entry> entries, const Ballot& ballot, const Pods& pods)
      : entries_(entries), ballot_(ballot), pods_(pods) {
    for (std::size_t i = 0; i < pods.size(); ++i)
      for (std::size_t j = i + 1; j < pods.size(); ++j)
        if (!pods[i]->silent() && !pods[j]->silent() && differ(*pods[i], *pods[j]))
          pairs_.emplace_back(i, j);
  }

  bool concerns(std::size_t entry) const {
    if (pairs_.empty() || entries_[entry].type != ResourceType::kPost) return false;
    return std::ranges::any_of(pairs_, [&](const auto& pair) {
      return ballot_.agree(entry, *pods_[pair.first], *pods_[pair.second]).both;
    });
  }

 private:
  bool differ(const Declarations& one, const Declarations& other) const {
    bool shared = false;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!isPublicPost(entries_[i])) continue;
      const auto [both, same] = ballot_.agree(i, one, other);
      if (same) return false;
      shared |= both;
    }
    return shared;
  }

  std::span<const Entry> entries_;
  const Ballot& ballot_;
  const Pods& pods_;
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;
};

// The default routes are refuted when more posts are declared elsewhere than where they put them.
bool refuted(std::span<const Entry> entries, const std::vector<Place>& fronts,
             const Ballot& ballot) {
  std::size_t here = 0, elsewhere = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!isPublicPost(entries[i])) continue;
    const Place told = ballot.winner(i);
    if (told != kNoPlace) ++(told == fronts[i] ? here : elsewhere);
  }
  return elsewhere > here;
}

// A route shows the resource itself; its own page redirects there by design.
bool takenOver(const Entry& entry, const Routes& routes) {
  return std::ranges::any_of(routes.redirects, [&](const DataRedirect& one) {
    return one.slug == entry.slug && one.resource == name(entry.type);
  });
}

// One call of locate().
class Locator {
 public:
  Locator(std::span<const Entry> entries, const Routes& routes, PathTable& paths,
          const std::set<ResourceType>& types)
      : entries_(entries), routes_(routes), paths_(paths), types_(types) {}

  Locations locate(Trust known, const Pods& pods) {
    takeFronts();
    const bool assumed = known == Trust::kAssumed;
    const Ballot ballot(entries_, fronts_, pods, paths_);
    const Pods none;
    const Dispute dispute(entries_, ballot, assumed ? pods : none);
    locations_.declared = assumed && !pods.empty() && refuted(entries_, fronts_, ballot);
    locations_.place.assign(entries_.size(), kNoPlace);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const bool disputed = assumed && dispute.concerns(i);
      locations_.disputed += disputed && entries_[i].isPublic;
      place(i, ballot, disputed || takenOver(entries_[i], routes_));
    }
    giveOwners();
    hideWhatIsTaken();
    return std::move(locations_);
  }

 private:
  // What is in scope first: of the others only a path that one of those has is of interest.
  void takeFronts() {
    fronts_.assign(entries_.size(), kNoPlace);
    for (const bool scope : {true, false}) {
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (types_.contains(entries_[i].type) != scope) continue;
        const std::string front = frontOf(entries_[i], routes_);
        if (!front.empty()) fronts_[i] = scope ? paths_.put(front) : paths_.find(front);
      }
    }
  }

  void place(std::size_t i, const Ballot& ballot, bool taken) {
    const Entry& entry = entries_[i];
    if (!taken) locations_.place[i] = placeOf(i, ballot);
    const bool expected = entry.type == ResourceType::kPost || entry.type == ResourceType::kPage;
    if (entry.isPublic && !taken && !locations_.located(i) && expected &&
        types_.contains(entry.type))
      ++locations_.unlocated;
  }

  Place placeOf(std::size_t i, const Ballot& ballot) const {
    const bool isPost = entries_[i].type == ResourceType::kPost;
    if (locations_.declared && isPost) return ballot.winner(i);
    if (!isPost || routes_.locatesPosts() || fronts_[i] == kNoPlace) return fronts_[i];
    const Place told = ballot.winner(i);
    if (told == kNoPlace) return kNoPlace;
    const std::vector<std::string> all = candidates(entries_[i], routes_);
    return std::ranges::find(all, paths_.at(told)) == all.end() ? kNoPlace : told;
  }

  // Posts first: a post owns a path that a page also wants.
  void giveOwners() {
    locations_.owner.assign(paths_.size(), 0);
    for (const bool posts : {true, false}) {
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if ((entries_[i].type == ResourceType::kPost) != posts) continue;
        if (!entries_[i].isPublic || !locations_.located(i)) continue;
        std::uint32_t& owner = locations_.owner[locations_.place[i]];
        if (owner == 0) {
          owner = static_cast<std::uint32_t>(i + 1);
          continue;
        }
        locations_.place[i] = kNoPlace;
        ++locations_.shadowed;
      }
    }
  }

  // What is not public is only asked for where nothing public lives.
  void hideWhatIsTaken() {
    const auto& statics = routes_.staticPaths;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Place& place = locations_.place[i];
      if (entries_[i].isPublic || place == kNoPlace) continue;
      if (locations_.ownerOf(place) ||
          std::ranges::find(statics, paths_.at(place)) != statics.end())
        place = kNoPlace;
    }
  }

  const std::span<const Entry> entries_;
  const Routes& routes_;
  PathTable& paths_;
  const std::set<ResourceType>& types_;
  std::vector<Place> fronts_;
  Locations locations_;
};

}  // namespace

// Whether that is what the first pod told of the entry, which this one may be.
bool Declarations::agreesWithTheFirst(std::size_t entry, Place path) {
  if (!first_) return false;
  if (entry >= first_->size()) first_->resize(entry + 1, kNoPlace);
  Place& first = (*first_)[entry];
  if (first == kNoPlace) first = path;
  return first == path;
}

void Declarations::tell(std::size_t entry, Place path) {
  const std::size_t chunk = entry / kChunk;
  const bool apart = chunk < apart_.size() && apart_[chunk];
  if (!agreesWithTheFirst(entry, path) || apart) {
    keepApart(chunk)[entry % kChunk] = path;
    return;
  }
  if (entry >= agrees_.size()) agrees_.resize(wholeChunks(entry));
  agrees_[entry] = true;
}

// The entries of the chunk with all that it told of them until now.
Declarations::Chunk& Declarations::keepApart(std::size_t chunk) {
  if (chunk < apart_.size() && apart_[chunk]) return *apart_[chunk];
  auto kept = std::make_unique<Chunk>();
  for (std::size_t i = 0; i < kChunk; ++i) (*kept)[i] = told(chunk * kChunk + i);
  if (chunk >= apart_.size()) apart_.resize(chunk + 1);
  apart_[chunk] = std::move(kept);
  return *apart_[chunk];
}

Locations locate(std::span<const Entry> entries, const Routes& routes, Trust known,
                 const std::vector<const Declarations*>& pods, PathTable& paths,
                 const std::set<ResourceType>& types) {
  return Locator(entries, routes, paths, types).locate(known, pods);
}

std::vector<std::string> pathsOf(const Locations& locations, const PathTable& paths) {
  std::vector<std::string> all;
  for (const Place place : locations.place)
    all.emplace_back(place == kNoPlace ? std::string_view() : paths.at(place));
  return all;
}

}  // namespace rollcall::roll
