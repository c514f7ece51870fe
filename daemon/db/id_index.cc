#include "daemon/db/id_index.h"

#include <bit>
#include <functional>

namespace rollcall {

IdIndex::IdIndex(std::span<const Entry> entries)
    : entries_(entries), slots_(std::bit_ceil(entries.size() * 2 + 1)) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    std::uint32_t& slot = slots_[slotOf(entries[i].id)];
    if (slot == 0) slot = static_cast<std::uint32_t>(i + 1);
  }
}

std::optional<std::size_t> IdIndex::find(std::string_view id) const {
  const std::uint32_t slot = slots_[slotOf(id)];
  if (slot == 0) return std::nullopt;
  return slot - 1;
}

// Where `id` is, or the free slot where it would be put. Never more than half full, so it ends.
std::size_t IdIndex::slotOf(std::string_view id) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = std::hash<std::string_view>{}(id)&mask;
  while (slots_[at] != 0 && entries_[slots_[at] - 1].id != id) at = (at + 1) & mask;
  return at;
}

}  // namespace rollcall
