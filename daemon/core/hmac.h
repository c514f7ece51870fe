// Signatures with a secret that both sides know. Pure.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

// HMAC-SHA256 of `text`: 32 bytes.
std::string hmacSha256(std::string_view secret, std::string_view text);
// "0a1b..."
std::string hexOf(std::string_view bytes);

}  // namespace rollcall
