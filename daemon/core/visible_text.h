// Text from outside made safe to show. Pure.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

// One line of valid UTF-8: line breaks and tabs become a space; bytes that are no UTF-8, other
// control characters and characters that turn the writing direction become U+FFFD. What it
// returns can neither drive a terminal nor be anything XML forbids.
std::string visible(std::string_view text);
// As visible(), for multi-line text: '\n' stays.
std::string visibleLines(std::string_view text);

constexpr char32_t kReplacement = 0xFFFD;

// One code point off the front of `text`; kReplacement for a byte that starts no valid sequence.
char32_t takeCodePoint(std::string_view& text);
void appendCodePoint(std::string& text, char32_t point);
// What visible() replaces: it drives terminals, hides or turns text, or is no character.
bool isHarmful(char32_t point);

}  // namespace rollcall
