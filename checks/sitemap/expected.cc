#include "checks/sitemap/expected.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "daemon/core/text_hash.h"
#include "daemon/core/url_path.h"

namespace rollcall::checks::sitemap {
namespace {

constexpr std::string_view kPagePermalink = "/{slug}/";

ghost::PermalinkFacts factsOf(const Entry& entry) {
  return {entry.id, entry.slug, entry.primaryTag, entry.primaryAuthor, entry.publishedAt};
}

std::uint32_t hashOf(ResourceType type, std::string_view key) {
  const std::uint64_t salt = (static_cast<std::uint64_t>(type) + 1) * 0x9E3779B97F4A7C15u;
  return static_cast<std::uint32_t>((TextHash{}(key) ^ salt) >> 32);
}

// A slug that no address writes in another way; nearly all are such.
bool isPlain(std::string_view slug) {
  return slug.find('%') == std::string_view::npos;
}

// `path` itself where nothing in it is escaped; else what it says, in `decoded`.
std::string_view decodedIn(std::string& decoded, std::string_view path) {
  if (isPlain(path)) return path;
  decoded = ghost::decodePath(path);
  return decoded;
}

// By type; those that are empty are left out.
std::array<std::vector<std::string>, kTypes> permalinksOf(const Routes& routes) {
  std::array<std::vector<std::string>, kTypes> all;
  const auto add = [&all](ResourceType type, std::string_view permalink) {
    if (!permalink.empty()) all[static_cast<std::size_t>(type)].emplace_back(permalink);
  };
  for (const Collection& collection : routes.collections)
    add(ResourceType::kPost, collection.permalink);
  add(ResourceType::kPage, kPagePermalink);
  add(ResourceType::kTag, routes.tagPermalink);
  add(ResourceType::kAuthor, routes.authorPermalink);
  return all;
}

// Whether `key` is what ghost::expandPermalink() makes of "/{slug}/".
bool isSlugAddress(std::string_view key, std::string_view slug) {
  return !slug.empty() && key.size() == slug.size() + 2 && key.starts_with('/') &&
         key.ends_with('/') && key.substr(1, slug.size()) == slug;
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
    : entries_(&entries),
      routes_(std::move(routes)),
      permalinks_(permalinksOf(routes_)),
      trust_(trust) {
  rows_.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) addAddresses(i);
  sortRows();
  duties_.resize(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) judgeDuty(i);
}

void Expected::add(std::size_t entry, std::string_view key) {
  rows_.push_back({hashOf((*entries_)[entry].type, key), static_cast<std::uint32_t>(entry)});
}

// A few rows share a beginning: whoever looks for one goes there at once.
void Expected::sortRows() {
  std::ranges::sort(rows_, {}, &Row::hash);
  const auto bits = static_cast<int>(std::bit_width(rows_.size() / 4 + 1));
  rest_ = 32 - bits;
  begins_.assign((std::size_t{1} << bits) + 1, static_cast<std::uint32_t>(rows_.size()));
  for (std::size_t i = rows_.size(); i-- > 0;)
    begins_[rows_[i].hash >> rest_] = static_cast<std::uint32_t>(i);
  for (std::size_t i = begins_.size() - 1; i-- > 0;)
    begins_[i] = std::min(begins_[i], begins_[i + 1]);
}

std::span<const Expected::Row> Expected::rowsOf(std::uint32_t hash) const {
  const std::size_t first = hash >> rest_;
  const auto all = std::span(rows_).subspan(begins_[first], begins_[first + 1] - begins_[first]);
  const auto found = std::ranges::equal_range(all, hash, {}, &Row::hash);
  return {found.begin(), found.end()};
}

// Whether the key is one of those that addAddresses() adds for the entry.
bool Expected::answersAt(const Entry& entry, std::string_view key) const {
  if (trust_ == Trust::kAssumed)
    return entry.slug == key || (entry.type == ResourceType::kPost && entry.id == key);
  return std::ranges::any_of(permalinks(entry.type), [&](const std::string& permalink) {
    if (permalink == kPagePermalink && isPlain(entry.slug)) return isSlugAddress(key, entry.slug);
    const auto path = ghost::expandPermalink(permalink, factsOf(entry));
    return path && ghost::decodePath(*path) == key;
  });
}

void Expected::addAddresses(std::size_t i) {
  const Entry& entry = (*entries_)[i];
  if (trust_ == Trust::kAssumed) {
    add(i, entry.slug);
    if (entry.type == ResourceType::kPost) add(i, entry.id);
    return;
  }
  std::string decoded;
  for (const std::string& permalink : permalinks(entry.type)) {
    const auto path = ghost::expandPermalink(permalink, factsOf(entry));
    // A draft without a date has no address under /{year}/; that says nothing about the others.
    if (!path && entry.isPublic) fuzzy_[static_cast<std::size_t>(entry.type)] = true;
    if (path) add(i, decodedIn(decoded, *path));
  }
}

void Expected::find(ResourceType type, std::string_view path,
                    std::vector<std::uint32_t>& found) const {
  found.clear();
  std::string decoded;
  std::string_view key = decodedIn(decoded, path);
  if (trust_ == Trust::kAssumed) key = lastSegment(key);
  bool anyPublic = false;
  for (const Row& row : rowsOf(hashOf(type, key))) {
    const Entry& entry = (*entries_)[row.entry];
    const bool same = entry.type == type && answersAt(entry, key);
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
    if (permalinks(entry.type).empty()) return Duty::kFree;
    const bool filtered =
        std::ranges::none_of(routes_.collections, &std::string::empty, &Collection::filter);
    return entry.type == ResourceType::kPost && filtered ? Duty::kIfListed : Duty::kRequired;
  };
  duties_[i] = duty();
}

std::string Expected::placeOf(std::size_t i) const {
  const Entry& entry = (*entries_)[i];
  for (const std::string& permalink : permalinks(entry.type))
    if (auto path = ghost::expandPermalink(permalink, factsOf(entry))) return *path;
  return "/" + std::string(entry.slug) + "/";
}

}  // namespace rollcall::checks::sitemap
