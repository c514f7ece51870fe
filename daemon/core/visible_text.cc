#include "daemon/core/visible_text.h"

#include <array>

namespace rollcall {

char32_t takeCodePoint(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  std::size_t length = 1;
  char32_t point = first;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
    point = first & 0x1F;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    point = first & 0x0F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    point = first & 0x07;
  } else if (first >= 0x80) {
    point = kReplacement;
  }
  bool valid = length <= text.size();
  for (std::size_t i = 1; valid && i < length; ++i) {
    valid = (byte(i) & 0xC0) == 0x80;
    point = point << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  valid =
      valid && point >= kLeast[length] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
  text.remove_prefix(valid ? length : 1);
  return valid ? point : kReplacement;
}

void appendCodePoint(std::string& text, char32_t point) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xC0 | point >> 6);
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xE0 | point >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0 | point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

bool isHarmful(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0)  // terminal controls, 7 and 8 bit
         || point == 0x061C || point == 0x200B || point == 0x200E || point == 0x200F  // direction
         || (point >= 0x2028 && point <= 0x202E)  // line ends, direction
         || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
         (point & 0xFFFE) == 0xFFFE                  // no characters
         || (point >= 0xE0000 && point <= 0xE0FFF);  // invisible tags
}

namespace {

std::string cleaned(std::string_view text, bool keepLines) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    if (text.substr(0, 2) == "\r\n") text.remove_prefix(1);
    const char32_t point = takeCodePoint(text);
    if (point == '\n' && keepLines)
      clean += '\n';
    else if (point == '\n' || point == '\r' || point == '\t')
      clean += ' ';
    else
      appendCodePoint(clean, isHarmful(point) ? kReplacement : point);
  }
  return clean;
}

}  // namespace

std::string visible(std::string_view text) {
  return cleaned(text, false);
}

std::string visibleLines(std::string_view text) {
  return cleaned(text, true);
}

}  // namespace rollcall
