// Finds entries by id: a table of 4-byte slots, so that a million rows cost 8 MB and no allocation
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

 private:
  std::size_t slotOf(std::string_view id) const;

  std::span<const Entry> entries_;
  std::vector<std::uint32_t> slots_;  // entry number + 1; 0 = free
};

}  // namespace rollcall
