#include "checks/sitemap/expected.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace rollcall::checks::sitemap {
namespace {

constexpr std::string_view kPagePermalink = "/{slug}/";

ghost::PermalinkFacts factsOf(const Entry& entry) {
  return {entry.id, entry.slug, entry.primaryTag, entry.primaryAuthor, entry.publishedAt};
}

std::uint64_t hashOf(ResourceType type, std::string_view key) {
  const std::uint64_t salt = (static_cast<std::uint64_t>(type) + 1) * 0x9E3779B97F4A7C15u;
  return std::hash<std::string_view>()(key) ^ salt;
}

std::string_view lastSegment(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

std::string_view trimmed(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// Whether the entry names `place` as its own original; then Ghost lists it as if it named none
// (6.56.0 and 6.65.0). Ghost stores addresses of its own site with a placeholder for the site.
bool isItsOwnOriginal(const Entry& entry, std::string_view place) {
  constexpr std::string_view kSite = "__GHOST_URL__";
  const std::string_view canonical = entry.canonicalUrl;
  if (!canonical.starts_with(kSite)) return false;
  const std::string_view path = canonical.substr(kSite.size());
  return trimmed(ghost::decodePath(path)) == trimmed(ghost::decodePath(place));
}

}  // namespace

Expected::Expected(const std::vector<Entry>& entries, Routes routes, Trust trust)
    : entries_(&entries), routes_(std::move(routes)), trust_(trust) {
  rows_.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) addAddresses(i);
  std::ranges::sort(rows_, {}, &Row::hash);
  duties_.resize(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) judgeDuty(i);
}

std::vector<std::string_view> Expected::permalinks(const Entry& entry) const {
  std::vector<std::string_view> all;
  switch (entry.type) {
    case ResourceType::kPost:
      for (const Collection& collection : routes_.collections) all.push_back(collection.permalink);
      break;
    case ResourceType::kPage:
      all.push_back(kPagePermalink);
      break;
    case ResourceType::kTag:
      all.push_back(routes_.tagPermalink);
      break;
    case ResourceType::kAuthor:
      all.push_back(routes_.authorPermalink);
      break;
  }
  std::erase(all, std::string_view());
  return all;
}

void Expected::add(std::size_t entry, std::string_view key) {
  rows_.push_back({hashOf((*entries_)[entry].type, key), static_cast<std::uint32_t>(entry),
                   static_cast<std::uint32_t>(key.size()), keys_.size()});
  keys_ += key;
}

void Expected::addAddresses(std::size_t i) {
  const Entry& entry = (*entries_)[i];
  if (trust_ == Trust::kAssumed) {
    add(i, entry.slug);
    if (entry.type == ResourceType::kPost) add(i, entry.id);
    return;
  }
  for (const std::string_view permalink : permalinks(entry)) {
    const auto path = ghost::expandPermalink(permalink, factsOf(entry));
    // A draft without a date has no address under /{year}/; that says nothing about the others.
    if (!path && entry.isPublic) fuzzy_[static_cast<std::size_t>(entry.type)] = true;
    if (path) add(i, ghost::decodePath(*path));
  }
}

void Expected::find(ResourceType type, std::string_view path,
                    std::vector<std::uint32_t>& found) const {
  found.clear();
  const std::string decoded = ghost::decodePath(path);
  const std::string_view key =
      trust_ == Trust::kAssumed ? lastSegment(decoded) : std::string_view(decoded);
  bool anyPublic = false;
  for (const Row& row : std::ranges::equal_range(rows_, hashOf(type, key), {}, &Row::hash)) {
    const Entry& entry = (*entries_)[row.entry];
    const bool same = entry.type == type && std::string_view(keys_).substr(row.at, row.size) == key;
    if (!same || std::ranges::find(found, row.entry) != found.end()) continue;
    if (anyPublic && !entry.isPublic) continue;
    if (entry.isPublic && !anyPublic) found.clear();
    anyPublic = anyPublic || entry.isPublic;
    found.push_back(row.entry);
  }
}

bool Expected::isStatic(std::string_view path) const {
  const std::string decoded = ghost::decodePath(path);
  return std::ranges::any_of(routes_.staticPaths, [&](const std::string& known) {
    return ghost::decodePath(known) == decoded;
  });
}

// A page whose address a post owns: Ghost serves the post there.
bool Expected::isShadowed(std::size_t page) const {
  std::vector<std::uint32_t> posts;
  find(ResourceType::kPost, placeOf(page), posts);
  return !posts.empty() && (*entries_)[posts.front()].isPublic;
}

void Expected::judgeDuty(std::size_t i) {
  const Entry& entry = (*entries_)[i];
  const auto duty = [&] {
    if (!entry.isPublic) return Duty::kNone;
    if (!knowsAddresses(entry.type)) return Duty::kFree;
    if (!entry.canonicalUrl.empty() && !isItsOwnOriginal(entry, placeOf(i))) return Duty::kFree;
    if (entry.type == ResourceType::kPage && isShadowed(i)) return Duty::kFree;
    if (trust_ == Trust::kAssumed) return Duty::kIfTypeListed;
    if (permalinks(entry).empty()) return Duty::kFree;
    const bool filtered =
        std::ranges::none_of(routes_.collections, &std::string::empty, &Collection::filter);
    return entry.type == ResourceType::kPost && filtered ? Duty::kIfListed : Duty::kRequired;
  };
  duties_[i] = duty();
}

std::string Expected::placeOf(std::size_t i) const {
  const Entry& entry = (*entries_)[i];
  for (const std::string_view permalink : permalinks(entry))
    if (auto path = ghost::expandPermalink(permalink, factsOf(entry))) return *path;
  return "/" + std::string(entry.slug) + "/";
}

}  // namespace rollcall::checks::sitemap
