#include "daemon/db/id_index.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace rollcall {
namespace {

// Views into `ids`.
std::vector<Entry> entriesOf(const std::deque<std::string>& ids) {
  std::vector<Entry> entries(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) entries[i].id = ids[i];
  return entries;
}

TEST(IdIndex, FindsEveryEntryAndNoOther) {
  std::deque<std::string> ids;
  for (int i = 0; i < 5000; ++i) ids.push_back("id" + std::to_string(i));
  const std::vector<Entry> entries = entriesOf(ids);
  const IdIndex index(entries);
  for (std::size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(index.find(ids[i]), i);
  EXPECT_FALSE(index.find("id5000"));
  EXPECT_FALSE(index.find(""));
}

TEST(IdIndex, FindsTheFirstOfEqualIds) {
  const std::deque<std::string> ids = {"a", "b", "b"};
  const std::vector<Entry> entries = entriesOf(ids);
  EXPECT_EQ(IdIndex(entries).find("b"), 1U);
}

TEST(IdIndex, FindsTheSameFromWhereverItLooks) {
  const std::deque<std::string> ids = {"a", "b", "c", "d"};
  const std::vector<Entry> entries = entriesOf(ids);
  const IdIndex index(entries);
  for (std::size_t last = 0; last < 6; ++last)
    for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(index.findFrom(last, ids[i]), i) << last;
  EXPECT_FALSE(index.findFrom(0, "e"));
  EXPECT_FALSE(IdIndex({}).findFrom(0, "a"));
}

TEST(IdIndex, IsEmptyForNoEntries) {
  EXPECT_FALSE(IdIndex({}).find("a"));
}

}  // namespace
}  // namespace rollcall
