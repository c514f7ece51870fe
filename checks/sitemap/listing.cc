#include "checks/sitemap/listing.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "daemon/ghost/routes.h"
#include "daemon/ghost/sitemap.h"

namespace rollcall::checks::sitemap {
namespace {

constexpr std::size_t kMaxStrayBytes = 8u << 20;
constexpr std::size_t kMaxPlaces = 50'000;  // of one pod
constexpr std::string_view kBefore = "/sitemap-";
constexpr std::string_view kAfter = ".xml";
constexpr std::array<std::pair<std::string_view, ResourceType>, 5> kNames = {
    {{"posts", ResourceType::kPost},
     {"pages", ResourceType::kPage},
     {"tags", ResourceType::kTag},
     {"authors", ResourceType::kAuthor},
     {"users", ResourceType::kAuthor}}};

std::int64_t secondsOf(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

bool carriesDate(ResourceType type) {
  return type == ResourceType::kPost || type == ResourceType::kPage;
}

auto resourceOf(const Suspect& one) {
  return std::tuple(one.fault, one.stray, one.id);
}

// How often each entry is listed, and which types are listed at all.
struct Tally {
  std::vector<std::uint16_t> entries;
  std::array<bool, kTypes> types{};
};

Tally count(const Expected& expected, const std::vector<Reading>& readings) {
  Tally tally;
  tally.entries.resize(expected.entries().size());
  for (const Reading& reading : readings) {
    if (!reading.listing) continue;
    for (std::size_t i = 0; i < tally.entries.size(); ++i)
      tally.entries[i] += reading.listing->seen(i);
    for (std::size_t t = 0; t < kTypes; ++t)
      tally.types[t] = tally.types[t] || reading.listing->lists(static_cast<ResourceType>(t));
  }
  return tally;
}

// Assumed addresses are refuted where most of what should be listed is listed by no pod.
std::array<bool, kTypes> refuted(const Expected& expected, const Tally& tally) {
  std::array<std::size_t, kTypes> wanted{}, found{};
  for (std::size_t i = 0; i < tally.entries.size(); ++i) {
    if (expected.duty(i) != Duty::kIfTypeListed) continue;
    const auto type = static_cast<std::size_t>(expected.entries()[i].type);
    ++wanted[type];
    found[type] += tally.entries[i] > 0;
  }
  std::array<bool, kTypes> types{};
  for (std::size_t t = 0; t < kTypes; ++t)
    types[t] = expected.trust() == Trust::kAssumed && tally.types[t] && found[t] * 2 < wanted[t];
  return types;
}

class Comparer {
 public:
  Comparer(const Expected& expected, const Strays& strays, const std::vector<Reading>& readings)
      : expected_(expected),
        strays_(strays),
        readings_(readings),
        tally_(count(expected, readings)),
        refuted_(refuted(expected, tally_)) {}

  Comparison run() {
    for (std::uint32_t pod = 0; pod < readings_.size(); ++pod) {
      const Reading& reading = readings_[pod];
      if (!reading.listing) continue;
      if (reading.whole) findMissing(pod);
      addOdd(Fault::kOld, false, reading.listing->old(), pod);
      addOdd(Fault::kLeftOver, false, reading.listing->hidden(), pod);
      addStrays(pod);
    }
    const auto key = [](const Suspect& one) {
      return std::tuple_cat(resourceOf(one), std::tuple(one.pod));
    };
    std::ranges::stable_sort(made_.suspects, {}, key);
    const auto twice = std::ranges::unique(made_.suspects, {}, key);
    made_.suspects.erase(twice.begin(), twice.end());
    for (std::size_t t = 0; t < kTypes; ++t)
      if (refuted_[t]) made_.notJudged.push_back(static_cast<ResourceType>(t));
    return std::move(made_);
  }

 private:
  bool isRefuted(ResourceType type) const { return refuted_[static_cast<std::size_t>(type)]; }

  bool mustList(std::size_t entry) const {
    const ResourceType type = expected_.entries()[entry].type;
    switch (expected_.duty(entry)) {
      case Duty::kNone:
      case Duty::kFree:
        return false;
      case Duty::kIfListed:
        return tally_.entries[entry] > 0;
      case Duty::kIfTypeListed:
        return tally_.types[static_cast<std::size_t>(type)] && !isRefuted(type);
      case Duty::kRequired:
        return true;
    }
    return false;
  }

  void findMissing(std::uint32_t pod) {
    for (std::uint32_t i = 0; i < tally_.entries.size(); ++i)
      if (!readings_[pod].listing->seen(i) && mustList(i))
        made_.suspects.push_back({.fault = Fault::kMissing, .id = i, .pod = pod});
  }

  void addOdd(Fault fault, bool stray, const std::vector<Listing::Odd>& odd, std::uint32_t pod) {
    for (const Listing::Odd& one : odd)
      made_.suspects.push_back({fault, stray, one.id, pod, one.page, one.lastmod});
  }

  // With assumed routes an address among the pages that every pod lists may well be a route of the
  // site's own; a pod that does not list it tells them apart.
  void addStrays(std::uint32_t pod) {
    std::vector<Listing::Odd> kept;
    for (const Listing::Odd& one : readings_[pod].listing->strays())
      if (expected_.trust() == Trust::kKnown || isLeftOverForSure(one)) kept.push_back(one);
    addOdd(Fault::kLeftOver, true, kept, pod);
  }

  bool isLeftOverForSure(const Listing::Odd& stray) {
    if (strayCounts_.empty()) countStrays();
    const ResourceType type = strays_[stray.id].type;
    if (isRefuted(type)) return false;
    return type != ResourceType::kPage || strayCounts_[stray.id] < wholeReadings_;
  }

  void countStrays() {
    strayCounts_.resize(strays_.size());
    for (const Reading& reading : readings_) {
      if (!reading.whole) continue;
      ++wholeReadings_;
      for (const Listing::Odd& one : reading.listing->strays()) ++strayCounts_[one.id];
    }
  }

  const Expected& expected_;
  const Strays& strays_;
  const std::vector<Reading>& readings_;
  const Tally tally_;
  const std::array<bool, kTypes> refuted_;
  Comparison made_;
  std::vector<std::uint32_t> strayCounts_;  // whole readings that list it
  std::uint32_t wholeReadings_ = 0;
};

}  // namespace

std::optional<SitemapName> parseSitemapName(std::string_view path) {
  if (!path.starts_with(kBefore) || !path.ends_with(kAfter)) return {};
  path.remove_prefix(kBefore.size());
  if (path.size() < kAfter.size()) return {};
  path.remove_suffix(kAfter.size());
  SitemapName name;
  if (const std::size_t dash = path.rfind('-'); dash != std::string_view::npos) {
    const char* const last = path.data() + path.size();
    const auto [end, error] = std::from_chars(path.data() + dash + 1, last, name.page);
    if (error != std::errc() || end != last || name.page < 2) return {};
    path = path.substr(0, dash);
  }
  for (const auto& [known, type] : kNames) {
    if (path != known) continue;
    name.type = type;
    return name;
  }
  return {};
}

std::string pathOf(const SitemapName& name) {
  const auto known =
      std::ranges::find(kNames, name.type, [](const auto& one) { return one.second; });
  std::string path = std::string(kBefore) + std::string(known->first);
  if (name.page > 1) path += "-" + std::to_string(name.page);
  return path + std::string(kAfter);
}

std::optional<std::uint32_t> Strays::idOf(ResourceType type, std::string_view path) {
  constexpr std::size_t kOverhead = 128;  // of the containers, per stray
  auto& ids = ids_[static_cast<std::size_t>(type)];
  if (const auto found = ids.find(path); found != ids.end()) return found->second;
  if (bytes_ + path.size() + kOverhead > kMaxStrayBytes) return {};
  bytes_ += path.size() + kOverhead;
  const auto id = static_cast<std::uint32_t>(strays_.size());
  const Stray& kept = strays_.emplace_back(Stray{type, std::string(path)});
  ids.emplace(kept.path, id);
  return id;
}

void Listing::record(const SitemapName& where, std::string_view path, std::string_view lastmod) {
  typeSeen_[static_cast<std::size_t>(where.type)] = true;
  expected_->find(where.type, path, found_);
  const bool isPublic = !found_.empty() && expected_->entries()[found_.front()].isPublic;
  if (!isPublic && (!expected_->knowsAddresses(where.type) || expected_->isStatic(path))) return;
  for (const std::uint32_t id : found_) {
    if (seen_[id]) continue;
    seen_[id] = true;
    keepPlace(id, path);
    const Entry& entry = expected_->entries()[id];
    const std::int64_t listed = ghost::parseLastmod(lastmod).value_or(INT64_MAX);
    if (!isPublic)
      hidden_.push_back({id, where.page, listed});
    else if (carriesDate(entry.type) && found_.size() == 1 && listed < secondsOf(entry.updatedAt))
      old_.push_back({id, where.page, listed});
  }
  if (!found_.empty()) return;
  if (const auto id = strays_->idOf(where.type, path))
    strayed_.push_back({*id, where.page, 0});
  else
    ++notKept_;
}

const std::string* Listing::placeOf(std::size_t entry) const {
  const auto found = places_.find(entry);
  return found == places_.end() ? nullptr : &found->second;
}

void Listing::keepPlace(std::size_t entry, std::string_view path) {
  if (expected_->trust() == Trust::kKnown || places_.size() >= kMaxPlaces) return;
  std::string decoded = ghost::decodePath(path);
  if (decoded != ghost::decodePath(expected_->placeOf(entry)))
    places_.emplace(entry, std::move(decoded));
}

Comparison compare(const Expected& expected, const Strays& strays,
                   const std::vector<Reading>& readings) {
  return Comparer(expected, strays, readings).run();
}

std::vector<Suspect> gather(std::vector<Suspect> suspects, std::size_t pods) {
  std::vector<Suspect> gathered;
  for (std::size_t from = 0; from < suspects.size();) {
    std::size_t to = from;
    while (to < suspects.size() && resourceOf(suspects[to]) == resourceOf(suspects[from])) ++to;
    if (to - from == pods) {
      gathered.push_back(suspects[from]);
      gathered.back().pod = kAllPods;
    } else {
      gathered.insert(gathered.end(), suspects.begin() + static_cast<std::ptrdiff_t>(from),
                      suspects.begin() + static_cast<std::ptrdiff_t>(to));
    }
    from = to;
  }
  return gathered;
}

}  // namespace rollcall::checks::sitemap
