#include "daemon/roll/locate.h"

#include <algorithm>
#include <map>
#include <utility>

namespace rollcall::roll {
namespace {

using Votes = std::map<std::string_view, std::size_t>;

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

std::string_view lastSegment(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

// The pods' declarations, indexed for the questions below.
class Ballot {
 public:
  explicit Ballot(const std::vector<const Declarations*>& pods) : pods_(pods) {
    for (const Declarations* pod : pods) {
      for (const std::string& path : pod->paths) {
        ++bySlug_[lastSegment(path)][path];
      }
    }
  }

  // The path most pods declare for the entry: by id where the API told, else by a path that ends in
  // its slug; empty when none does or when two are even.
  std::string winner(const Entry& entry, std::string_view encodedSlug) const {
    Votes votes;
    for (const Declarations* pod : pods_)
      if (const auto told = pod->byId.find(entry.id);
          told != pod->byId.end() && told->second != "/404/")
        ++votes[told->second];
    if (votes.empty())
      if (const auto found = bySlug_.find(encodedSlug); found != bySlug_.end())
        votes = found->second;
    std::string_view best;
    std::size_t most = 0;
    bool even = false;
    for (const auto& [path, count] : votes) {
      even = count == most || (even && count < most);
      if (count > most) best = path, most = count;
    }
    return even ? std::string() : std::string(best);
  }

 private:
  const std::vector<const Declarations*>& pods_;
  std::unordered_map<std::string_view, Votes> bySlug_;
};

// Pods that route differently: every post that two of them know has another address on each. A post
// that one pod knows by an old slug or date is no such thing.
class Dispute {
 public:
  Dispute(const std::vector<Entry>& entries, const std::vector<const Declarations*>& pods) {
    for (const Declarations* pod : pods) {
      auto& known = known_.emplace_back();
      for (const std::string& path : pod->paths) known[lastSegment(path)].push_back(path);
    }
    for (std::size_t i = 0; i < pods.size(); ++i)
      for (std::size_t j = i + 1; j < pods.size(); ++j)
        if (differ(entries, i, j)) pairs_.emplace_back(i, j);
  }

  bool concerns(const Entry& entry) const {
    if (pairs_.empty() || entry.type != ResourceType::kPost) return false;
    const std::string slug = ghost::encodePath(entry.slug);
    return std::ranges::any_of(pairs_, [&](const auto& pair) {
      return known_[pair.first].contains(slug) && known_[pair.second].contains(slug);
    });
  }

 private:
  bool differ(const std::vector<Entry>& entries, std::size_t i, std::size_t j) const {
    bool shared = false;
    for (const Entry& entry : entries) {
      if (!entry.isPublic || entry.type != ResourceType::kPost) continue;
      const std::string slug = ghost::encodePath(entry.slug);
      const auto one = known_[i].find(slug), other = known_[j].find(slug);
      if (one == known_[i].end() || other == known_[j].end()) continue;
      shared = true;
      for (const std::string_view path : one->second)
        if (std::ranges::find(other->second, path) != other->second.end()) return false;
    }
    return shared;
  }

  std::vector<std::unordered_map<std::string_view, std::vector<std::string_view>>> known_;
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;
};

// The default routes are refuted when more posts are declared elsewhere than where they put them.
bool refuted(const std::vector<Entry>& entries, const Routes& routes, const Ballot& ballot) {
  std::size_t here = 0, elsewhere = 0;
  for (const Entry& entry : entries) {
    if (!entry.isPublic || entry.type != ResourceType::kPost) continue;
    const std::string told = ballot.winner(entry, ghost::encodePath(entry.slug));
    if (told.empty()) continue;
    ++(told == expand(routes.collections.front().permalink, entry) ? here : elsewhere);
  }
  return elsewhere > here;
}

// A route shows the resource itself; its own page redirects there by design.
bool takenOver(const Entry& entry, const Routes& routes) {
  return std::ranges::any_of(routes.redirects, [&](const DataRedirect& one) {
    return one.slug == entry.slug && one.resource == name(entry.type);
  });
}

std::string placeOf(const Entry& entry, const Routes& routes, bool declared, const Ballot& ballot) {
  const bool isPost = entry.type == ResourceType::kPost;
  if (declared && isPost) return ballot.winner(entry, ghost::encodePath(entry.slug));
  const std::vector<std::string> paths = candidates(entry, routes);
  if (paths.empty()) return {};
  if (!isPost || routes.locatesPosts()) return paths.front();
  const std::string told = ballot.winner(entry, ghost::encodePath(entry.slug));
  return std::ranges::find(paths, told) == paths.end() ? std::string() : told;
}

}  // namespace

Locations locate(const std::vector<Entry>& entries, const Routes& routes, Trust known,
                 const std::vector<const Declarations*>& pods) {
  const Ballot ballot(pods);
  const Dispute dispute(entries,
                        known == Trust::kAssumed ? pods : std::vector<const Declarations*>());
  Locations locations;
  locations.declared = known == Trust::kAssumed && refuted(entries, routes, ballot);
  locations.path.reserve(entries.size());
  for (const Entry& entry : entries) {
    const bool disputed = known == Trust::kAssumed && dispute.concerns(entry);
    locations.disputed += disputed && entry.isPublic;
    const bool taken = disputed || takenOver(entry, routes);
    locations.path.push_back(taken ? "" : placeOf(entry, routes, locations.declared, ballot));
    const bool located = taken || !locations.path.back().empty();
    const bool expected = entry.type == ResourceType::kPost || entry.type == ResourceType::kPage;
    if (entry.isPublic && !located && expected) ++locations.unlocated;
  }
  // Posts first: a post owns a path that a page also wants.
  for (const bool posts : {true, false}) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if ((entries[i].type == ResourceType::kPost) != posts) continue;
      if (!entries[i].isPublic || locations.path[i].empty()) continue;
      if (locations.entry.emplace(locations.path[i], i).second) continue;
      locations.path[i].clear();
      ++locations.shadowed;
    }
  }
  // What is not public is only asked for where nothing public lives.
  const auto& statics = routes.staticPaths;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].isPublic) continue;
    std::string& path = locations.path[i];
    if (locations.entry.contains(path) || std::ranges::find(statics, path) != statics.end())
      path.clear();
  }
  return locations;
}

}  // namespace rollcall::roll
