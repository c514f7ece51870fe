// Percent-escapes of URLs (RFC 3986, 2.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

// The byte that "%xy" at `at` stands for; nothing when there is no whole escape.
std::optional<char> percentByte(std::string_view text, std::size_t at);
// With every escape replaced by its byte; nothing when one is malformed.
std::optional<std::string> percentDecoded(std::string_view text);

}  // namespace rollcall
