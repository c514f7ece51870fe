#include "daemon/core/letter_case.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(LetterCase, ChangesLettersOfAsciiOnly) {
  EXPECT_EQ(lowerCase("Content-Type: @[`{ZA"), "content-type: @[`{za");
  EXPECT_EQ(lowerCase("\xc3\x9c\xff\x80"), "\xc3\x9c\xff\x80");
  EXPECT_EQ(lowerCase(""), "");
}

}  // namespace
}  // namespace rollcall
