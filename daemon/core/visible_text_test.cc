#include "daemon/core/visible_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace rollcall {
namespace {

TEST(VisibleText, whatIsHarmlessStaysAsItIs) {
  for (const std::string text :
       {"", "plain", "Håkan's 📰", "日本語", "a\u00A0b", "\xF4\x8F\xBF\xBD"})
    EXPECT_EQ(visible(text), text);
}

TEST(VisibleText, linesBecomeSpacesOrStay) {
  EXPECT_EQ(visible("a\nb\tc\rd\r\ne"), "a b c d e");
  EXPECT_EQ(visibleLines("a\nb\tc\rd\r\ne"), "a\nb c d\ne");
}

TEST(VisibleText, whatDrivesTerminalsOrTurnsTextIsReplaced) {
  const std::vector<std::string> harmful = {"\x1b",   "\x07",   "\x7f",   "\u0085",    "\u061C",
                                            "\u200B", "\u200F", "\u2028", "\u202E",    "\u2066",
                                            "\uFEFF", "\uFFFE", "\uFFFF", "\U000E0041"};
  for (const std::string& text : harmful) EXPECT_EQ(visible("a" + text + "b"), "a\uFFFDb") << text;
  EXPECT_EQ(visible(std::string_view("a\0b", 3)), "a\uFFFDb");
}

TEST(VisibleText, eachByteThatIsNoUtf8IsReplaced) {
  struct Case {
    std::string_view what, text;
    std::size_t replaced;
  };
  for (const Case& one : {Case{"a tail alone", "\x80", 1},
                          {"overlong", "\xC0\xAF", 2},
                          {"overlong of three", "\xE0\x80\xAF", 3},
                          {"cut", "\xE2\x82", 2},
                          {"a surrogate", "\xED\xA0\x80", 3},
                          {"too high", "\xF4\x90\x80\x80", 4},
                          {"no start at all", "\xFF", 1}}) {
    std::string wanted;
    for (std::size_t i = 0; i < one.replaced; ++i) wanted += "\uFFFD";
    EXPECT_EQ(visible(std::string(one.text) + "z"), wanted + "z") << one.what;
  }
}

TEST(VisibleText, aCodePointIsTakenAndAppendedAlike) {
  for (const char32_t point : {U'a', U'\u00E9', U'\u20AC', U'\U0001F4F0'}) {
    std::string text;
    appendCodePoint(text, point);
    std::string_view rest = text;
    EXPECT_EQ(takeCodePoint(rest), point);
    EXPECT_TRUE(rest.empty());
  }
}

}  // namespace
}  // namespace rollcall
