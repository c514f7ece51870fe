#include "daemon/roll/path_table.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

#include "tests/support/colliding_texts.h"

namespace rollcall::roll {
namespace {

TEST(PathTable, aPathHasOneNumberWhoeverPutsIt) {
  PathTable paths;
  EXPECT_EQ(paths.put("/a/"), 0u);
  EXPECT_EQ(paths.put("/b/"), 1u);
  EXPECT_EQ(paths.put("/a/"), 0u);
  EXPECT_EQ(paths.at(1), "/b/");
  EXPECT_EQ(paths.size(), 2u);
}

TEST(PathTable, findsWhatWasPutAndNothingElse) {
  PathTable paths;
  EXPECT_EQ(paths.find("/a/"), PathTable::kNone);
  paths.put("/a/");
  EXPECT_EQ(paths.find("/a/"), 0u);
  EXPECT_EQ(paths.find("/b/"), PathTable::kNone);
}

TEST(PathTable, isReadAlongInTheOrderOfItsNumbers) {
  PathTable paths;
  for (const char* path : {"/a/", "/b/", "/c/"}) paths.put(path);
  EXPECT_EQ(paths.next(PathTable::kNone, "/a/"), 0u);
  EXPECT_EQ(paths.next(0, "/b/"), 1u);
  EXPECT_EQ(paths.next(0, "/c/"), PathTable::kNone);
  EXPECT_EQ(paths.next(2, "/a/"), PathTable::kNone);
}

TEST(PathTable, growsWithAllItsNumbers) {
  for (const std::size_t reserved : {0, 5, 5'000}) {
    PathTable paths;
    paths.reserve(reserved);
    for (int i = 0; i < 2'000; ++i) paths.put("/" + std::to_string(i) + "/");
    for (int i = 0; i < 2'000; ++i)
      ASSERT_EQ(paths.find("/" + std::to_string(i) + "/"), static_cast<unsigned>(i));
    EXPECT_EQ(paths.find("/2000/"), PathTable::kNone);
  }
}

TEST(PathTable, whatIsTooLongIsCutAndNoneThatIsExpected) {
  PathTable paths;
  const std::string longest(70'000, 'a');
  const PathTable::Number number = paths.put(longest);
  EXPECT_EQ(paths.put(longest), number);
  EXPECT_EQ(paths.find(longest), number);
  EXPECT_EQ(paths.at(number), longest.substr(0, 65'535));
}

// Seconds of CPU that putting all of them takes.
double costOf(const std::vector<std::string>& paths) {
  PathTable table;
  const std::clock_t began = std::clock();
  for (const std::string& path : paths) table.put(path);
  EXPECT_EQ(table.size(), paths.size());
  return static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
}

// Twenty thousand that fall into one slot are compared two hundred million times.
TEST(PathTable, addressesMadeToCollideCostNoMoreThanOthers) {
  constexpr std::size_t kPaths = 20'000;
  std::vector<std::string> others;
  for (std::size_t i = 0; i < kPaths; ++i)
    others.push_back("/" + std::to_string(100'000 + i) + "/");
  const double usual = costOf(others);
  EXPECT_LT(costOf(testing_support::collidingTexts(kPaths)), 20 * usual + 0.05);
}

}  // namespace
}  // namespace rollcall::roll
