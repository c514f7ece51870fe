// Paths by number: ten pods that list the same million paths hold the million once.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/db/content_source.h"
#include "daemon/db/packed_text.h"

namespace rollcall::roll {

// Numbers count from 0 in the order in which the paths first came. A path of more than 65,535 bytes
// is cut there, and so is none that anybody expects. At most 2^32 - 2 paths.
class PathTable {
 public:
  using Number = std::uint32_t;
  static constexpr Number kNone = 0xFFFF'FFFF;

  // Room for so many, so that the table does not grow while it is filled.
  void reserve(std::size_t paths);
  Number put(std::string_view path);
  // The number of a path that is known and came right after `before` when it first came; else
  // kNone. Lists that agree are read along by this, without a search.
  Number next(Number before, std::string_view path) const;
  Number find(std::string_view path) const;  // kNone: there is none
  std::string_view at(Number number) const { return texts_[number]; }
  std::size_t size() const { return texts_.size(); }

 private:
  std::size_t slotOf(std::string_view path) const;
  void grow(std::size_t slots);

  Arena arena_;
  std::vector<PackedText> texts_;
  std::vector<Number> slots_;  // number + 1; 0 = free; at most half of them are taken
};

}  // namespace rollcall::roll
