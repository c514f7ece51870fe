#include "daemon/core/byte_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace rollcall {
namespace {

// What noByte() says of `text`, and what a loop over its bytes says.
template <class Care, class Rule>
bool agree(std::string_view text, Care care, Rule rule) {
  return noByte(text, care) ==
         std::ranges::none_of(text, [&](char c) { return rule(static_cast<unsigned char>(c)); });
}

bool allAgree(std::string_view text) {
  using Byte = unsigned char;
  return agree(
             text, [](EightBytes eight) { return eight.below(0x20); },
             [](Byte c) { return c < 0x20; }) &&
         agree(
             text, [](EightBytes eight) { return eight.below(0x80); },
             [](Byte c) { return c < 0x80; }) &&
         agree(
             text, [](EightBytes eight) { return eight.equal('\\'); },
             [](Byte c) { return c == '\\'; }) &&
         agree(
             text, [](EightBytes eight) { return eight.beyondAscii(); },
             [](Byte c) { return c >= 0x80; });
}

TEST(ByteScan, everyByteIsFoundWhereverItStands) {
  for (const std::size_t size : {1, 7, 8, 9, 17}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        for (const char around : {'a', '\0', '\xff'}) {
          std::string text(size, around);
          text[at] = static_cast<char>(byte);
          ASSERT_TRUE(allAgree(text)) << byte << " at " << at << " of " << size;
        }
      }
    }
  }
}

TEST(ByteScan, nothingNeedsNoCare) {
  EXPECT_TRUE(noByte("", [](EightBytes eight) { return eight.below(0x80); }));
}

TEST(ByteScan, aMaskShowsTheByteItself) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, "a\x1f\\\x7f\x80\xdc~ ", 8);
  EXPECT_EQ(EightBytes(bytes).below(0x20), 0x8000u);
  EXPECT_EQ(EightBytes(bytes).equal('\\'), 0x80'0000u);
  EXPECT_EQ(EightBytes(bytes).equal(0x7f), 0x8000'0000u);
  EXPECT_EQ(EightBytes(bytes).beyondAscii(), 0x8080'0000'0000u);
}

}  // namespace
}  // namespace rollcall
