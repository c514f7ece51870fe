// Which resources a sitemap must list, may list and must not list any more. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/content/known_routes.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/routes.h"

namespace rollcall::checks::sitemap {

inline constexpr std::size_t kTypes = 4;  // of ResourceType

// What is expected of one entry. "Elsewhere" means: by a pod whose sitemaps were read.
enum class Duty : std::uint8_t {
  kNone,          // not public: listed means left over
  kFree,          // public, may be listed or not
  kIfListed,      // must be listed if it is listed elsewhere
  kIfTypeListed,  // must be listed if anything of its type is listed elsewhere
  kRequired,      // must be listed
};

// Entries by the addresses where they may be listed. Borrows the entries; immutable. When the
// routes are only assumed, a listed address stands for the resource whose slug (or id) is its last
// segment.
class Expected {
 public:
  Expected(const std::vector<Entry>& entries, Routes routes, Trust trust);

  const std::vector<Entry>& entries() const { return *entries_; }
  Trust trust() const { return trust_; }
  Duty duty(std::size_t entry) const { return duties_[entry]; }

  // The entries of `type` that may be listed at `path` (below the site, as listed); the public ones
  // if there are any. Reuses `found`.
  void find(ResourceType type, std::string_view path, std::vector<std::uint32_t>& found) const;
  // A route or a collection's own page, which the sitemap of pages lists too.
  bool isStatic(std::string_view path) const;
  // Whether an address of this type that belongs to nothing is a left-over at all: not where a
  // permalink has a token whose value is not known.
  bool knowsAddresses(ResourceType type) const { return !fuzzy_[static_cast<std::size_t>(type)]; }
  // Where the entry should be listed, as far as that is known; never empty.
  std::string placeOf(std::size_t entry) const;

 private:
  // Of an entry under one of its keys, the decoded address or the last segment of it. The key
  // itself is made anew to be compared: a million of them would take more room than all else here.
  struct Row {
    std::uint32_t hash;
    std::uint32_t entry;
  };

  const std::vector<std::string>& permalinks(ResourceType type) const {
    return permalinks_[static_cast<std::size_t>(type)];
  }
  void add(std::size_t entry, std::string_view key);
  void addAddresses(std::size_t entry);
  void sortRows();
  std::span<const Row> rowsOf(std::uint32_t hash) const;
  bool answersAt(const Entry& entry, std::string_view key) const;
  void judgeDuty(std::size_t entry);
  bool isShadowed(std::size_t page) const;

  const std::vector<Entry>* entries_;
  Routes routes_;
  std::array<std::vector<std::string>, kTypes> permalinks_;  // by type
  Trust trust_;
  std::vector<Row> rows_;              // by hash
  std::vector<std::uint32_t> begins_;  // of the rows whose hashes share their first bits; one more
  int rest_ = 31;                      // of a hash: the other bits
  std::vector<Duty> duties_;
  std::array<bool, kTypes> fuzzy_{};
};

}  // namespace rollcall::checks::sitemap
