#include "daemon/db/id_index.h"

#include <bit>

#include "daemon/core/text_hash.h"

namespace rollcall {
namespace {

std::size_t hashOf(std::string_view id) {
  return TextHash{}(id);
}
std::uint32_t tagOf(std::size_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

IdIndex::IdIndex(std::span<const Entry> entries)
    : entries_(entries), slots_(std::bit_ceil(entries.size() * 2 + 1)) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t hash = hashOf(entries[i].id);
    Slot& slot = slots_[slotOf(entries[i].id, hash)];
    if (slot.number == 0) slot = {static_cast<std::uint32_t>(i + 1), tagOf(hash)};
  }
}

std::optional<std::size_t> IdIndex::find(std::string_view id) const {
  const std::uint32_t number = slots_[slotOf(id, hashOf(id))].number;
  if (number == 0) return std::nullopt;
  return number - 1;
}

std::optional<std::size_t> IdIndex::findFrom(std::size_t last, std::string_view id) const {
  for (const std::size_t beside : {last - 1, last + 1})  // 0 - 1 is beyond the end
    if (beside < entries_.size() && entries_[beside].id == id) return beside;
  return find(id);
}

// Where `id` is, or the free slot where it would be put. Never more than half full, so it ends.
std::size_t IdIndex::slotOf(std::string_view id, std::size_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  const std::uint32_t tag = tagOf(hash);
  std::size_t at = hash & mask;
  while (slots_[at].number != 0 &&
         (slots_[at].tag != tag || entries_[slots_[at].number - 1].id != id))
    at = (at + 1) & mask;
  return at;
}

}  // namespace rollcall
