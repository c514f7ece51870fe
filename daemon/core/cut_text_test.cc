#include "daemon/core/cut_text.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(CutText, LeavesCharactersWhole) {
  struct Row {
    std::string_view text;
    std::size_t most;
    std::string_view expected;
  };
  for (const Row& row :
       {Row{"", 0, ""}, Row{"abc", 3, "abc"}, Row{"abc", 2, "ab"}, Row{"a\u00e9", 2, "a"},
        Row{"a\u00e9", 3, "a\u00e9"}, Row{"\U0001F600b", 3, ""}, Row{"\x80\x80\x80", 2, ""}})
    EXPECT_EQ(cutText(row.text, row.most), row.expected) << row.text << " " << row.most;
}

}  // namespace
}  // namespace rollcall
