#include "daemon/roll/path_table.h"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace rollcall::roll
