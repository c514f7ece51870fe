#include "daemon/core/percent.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Percent, DecodesEveryEscape) {
  EXPECT_EQ(percentDecoded(""), "");
  EXPECT_EQ(percentDecoded("plain/text+"), "plain/text+");
  EXPECT_EQ(percentDecoded("%C3%bc%2f%25"), "\xc3\xbc/%");
  EXPECT_EQ(percentDecoded("a%00b"), std::string("a\0b", 3));
}

TEST(Percent, RefusesWhatIsNoEscape) {
  for (const char* text : {"%", "%4", "100%", "%zz", "%4g", "% 41", "%%41"})
    EXPECT_EQ(percentDecoded(text), std::nullopt) << text;
}

TEST(Percent, ReadsTheByteAtAPlace) {
  EXPECT_EQ(percentByte("a%41", 1), 'A');
  EXPECT_EQ(percentByte("a%41", 0), std::nullopt);
  EXPECT_EQ(percentByte("a%4", 1), std::nullopt);
  EXPECT_EQ(percentByte("a", 7), std::nullopt);
}

}  // namespace
}  // namespace rollcall
