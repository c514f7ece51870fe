#include "daemon/roll/path_table.h"

#include <algorithm>
#include <bit>

#include "daemon/core/text_hash.h"

namespace rollcall::roll {
namespace {

constexpr std::size_t kFewestSlots = 64;

std::string_view cut(std::string_view path) {
  return path.substr(0, PackedText::kMaxBytes);
}

}  // namespace

void PathTable::reserve(std::size_t paths) {
  texts_.reserve(paths);
  grow(std::bit_ceil(std::max(kFewestSlots, paths * 2)));
}

PathTable::Number PathTable::put(std::string_view path) {
  path = cut(path);
  if ((texts_.size() + 1) * 2 > slots_.size()) grow(std::max(kFewestSlots, slots_.size() * 2));
  Number& slot = slots_[slotOf(path)];
  if (slot == 0) {
    texts_.push_back(arena_.keep(path));
    slot = static_cast<Number>(texts_.size());
  }
  return slot - 1;
}

PathTable::Number PathTable::next(Number before, std::string_view path) const {
  const Number guess = before + 1;  // kNone + 1 is 0, the first
  return guess < texts_.size() && texts_[guess] == path ? guess : kNone;
}

PathTable::Number PathTable::find(std::string_view path) const {
  if (slots_.empty()) return kNone;
  return slots_[slotOf(cut(path))] - 1;  // 0 - 1 is kNone
}

// Where `path` is, or the free slot where it would be put.
std::size_t PathTable::slotOf(std::string_view path) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = TextHash{}(path)&mask;
  while (slots_[at] != 0 && texts_[slots_[at] - 1] != path) at = (at + 1) & mask;
  return at;
}

void PathTable::grow(std::size_t slots) {
  if (slots <= slots_.size()) return;
  slots_ = {};
  slots_.resize(slots);
  for (std::size_t i = 0; i < texts_.size(); ++i)
    slots_[slotOf(texts_[i])] = static_cast<Number>(i + 1);
}

}  // namespace rollcall::roll
