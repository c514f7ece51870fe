#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "daemon/db/content_source.h"

namespace rollcall {
namespace {

TEST(Arena, KeepsEveryTextAsItWas) {
  Arena arena;
  std::vector<std::string_view> kept;
  for (int i = 0; i < 20000; ++i) kept.push_back(arena.keep("slug-" + std::to_string(i)));
  for (int i = 0; i < 20000; ++i)
    ASSERT_EQ(kept[static_cast<std::size_t>(i)], "slug-" + std::to_string(i));
}

TEST(Arena, KeepsTextLargerThanABlock) {
  Arena arena;
  const std::string_view before = arena.keep("before");
  const std::string large(300'000, 'x');
  const std::string_view kept = arena.keep(large);
  const std::string_view after = arena.keep("after");
  EXPECT_EQ(kept, large);
  EXPECT_EQ(before, "before");
  EXPECT_EQ(after, "after");
}

TEST(Arena, TakesNothingForEmptyText) {
  Arena arena;
  EXPECT_TRUE(arena.keep("").empty());
  EXPECT_EQ(arena.bytes(), 0U);
}

TEST(Arena, CountsWhatItHoldsAndWastesLittle) {
  Arena arena;
  for (int i = 0; i < 10'000; ++i) arena.keep("0123456789012345678901234");
  EXPECT_GE(arena.bytes(), 250'000U);
  EXPECT_LE(arena.bytes(), 330'000U);
}

TEST(Arena, MovesWithoutMovingItsText) {
  Arena arena;
  const std::string_view kept = arena.keep("stays");
  const Arena moved = std::move(arena);
  EXPECT_EQ(kept, "stays");
  EXPECT_GT(moved.bytes(), 0U);
}

}  // namespace
}  // namespace rollcall
