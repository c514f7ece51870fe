// Character references of HTML, as far as Ghost and its themes write them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::ghost {

// The character as UTF-8; nothing for what is no character.
void appendUtf8(std::string& to, std::uint32_t code);

// References that are not understood stay as they are.
std::string decodeEntities(std::string_view text);
// Nothing when there is one that is not understood; an & by itself is none.
std::optional<std::string> decodeEveryEntity(std::string_view text);

}  // namespace rollcall::ghost
