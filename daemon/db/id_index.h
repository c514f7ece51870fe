// Finds entries by id: a table of 8-byte slots, so that a million rows cost 16 MB and no allocation
// per row.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/db/content_source.h"

namespace rollcall {

// Borrows `entries`; of entries with the same id it finds the first. At most 2^31 entries.
class IdIndex {
 public:
  explicit IdIndex(std::span<const Entry> entries);
  std::optional<std::size_t> find(std::string_view id) const;
  // Likewise; looks beside the entry `last` first. Lists in the order of the entries, or the
  // reverse, are read along by this, without a search.
  std::optional<std::size_t> findFrom(std::size_t last, std::string_view id) const;

 private:
  struct Slot {
    std::uint32_t number = 0;  // entry + 1; 0 = free
    std::uint32_t tag = 0;     // of the hash: spares most looks at entries far away in memory
  };
  std::size_t slotOf(std::string_view id, std::size_t hash) const;

  std::span<const Entry> entries_;
  std::vector<Slot> slots_;
};

}  // namespace rollcall
