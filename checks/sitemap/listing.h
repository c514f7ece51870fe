// What the pods' sitemaps list, and how that differs from what is expected. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checks/sitemap/expected.h"
#include "daemon/core/text_hash.h"

namespace rollcall::checks::sitemap {

// One of Ghost's sitemaps: /sitemap-posts.xml, /sitemap-posts-2.xml ...
struct SitemapName {
  ResourceType type = ResourceType::kPost;
  std::uint16_t page = 1;
  auto operator<=>(const SitemapName&) const = default;
};
std::optional<SitemapName> parseSitemapName(std::string_view path);
std::string pathOf(const SitemapName& name);

// Listed addresses that belong to nothing the database knows. Each is kept once, however many pods
// list it; bounded.
class Strays {
 public:
  struct Stray {
    ResourceType type;
    std::string path;  // below the site, as listed
  };
  // nullopt when there is no room for another one.
  std::optional<std::uint32_t> idOf(ResourceType type, std::string_view path);
  const Stray& operator[](std::uint32_t id) const { return strays_[id]; }
  std::size_t size() const { return strays_.size(); }

 private:
  std::deque<Stray> strays_;
  std::array<std::unordered_map<std::string_view, std::uint32_t, TextHash>, kTypes>
      ids_;  // into strays_
  std::size_t bytes_ = 0;
};

// One pod's sitemaps, entry by entry.
class Listing {
 public:
  Listing(const Expected& expected, Strays& strays)
      : expected_(&expected), strays_(&strays), seen_(expected.entries().size()) {}

  void record(const SitemapName& where, std::string_view path, std::string_view lastmod);

  struct Odd {
    std::uint32_t id;  // an entry's index, or a stray's id
    std::uint16_t page;
    std::int64_t lastmod;  // seconds since the epoch
  };
  bool seen(std::size_t entry) const { return seen_[entry]; }
  // Where the entry is listed, when the routes are assumed and put it elsewhere; null otherwise.
  const std::string* placeOf(std::size_t entry) const;
  bool lists(ResourceType type) const { return typeSeen_[static_cast<std::size_t>(type)]; }
  const std::vector<Odd>& old() const { return old_; }
  const std::vector<Odd>& hidden() const { return hidden_; }
  const std::vector<Odd>& strays() const { return strayed_; }
  std::uint64_t notKept() const { return notKept_; }  // strays beyond the bound

 private:
  const Expected* expected_;
  Strays* strays_;
  std::vector<bool> seen_;
  std::array<bool, kTypes> typeSeen_{};
  std::vector<Odd> old_;      // public, with a lastmod older than the database's
  std::vector<Odd> hidden_;   // listed, but not public
  std::vector<Odd> strayed_;  // listed, but nothing
  std::uint64_t notKept_ = 0;
  std::unordered_map<std::size_t, std::string> places_;  // bounded
  std::vector<std::uint32_t> found_;

  void keepPlace(std::size_t entry, std::string_view path);
};

enum class Fault : std::uint8_t { kMissing, kLeftOver, kOld };

// One thing that is wrong in one pod's sitemaps.
struct Suspect {
  Fault fault = Fault::kMissing;
  bool stray = false;
  std::uint32_t id = 0;   // an entry's index, or a stray's id
  std::uint32_t pod = 0;  // index into the readings; kAllPods
  std::uint16_t page = 1;
  std::int64_t lastmod = 0;  // for kOld
};
inline constexpr std::uint32_t kAllPods = ~std::uint32_t{0};

// One pod of the run. `listing` is null when nothing of it was read; only a pod whose sitemaps were
// all read to the end can miss something.
struct Reading {
  const Listing* listing = nullptr;
  bool whole = false;
};

struct Comparison {
  std::vector<Suspect> suspects;        // per pod; by fault, resource, pod
  std::vector<ResourceType> notJudged;  // assumed routes do not hold for these
};
Comparison compare(const Expected& expected, const Strays& strays,
                   const std::vector<Reading>& readings);

// Replaces what is wrong in the same way on every one of `pods` pods by one suspect for kAllPods.
std::vector<Suspect> gather(std::vector<Suspect> suspects, std::size_t pods);

}  // namespace rollcall::checks::sitemap
