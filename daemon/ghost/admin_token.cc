#include "daemon/ghost/admin_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "daemon/core/base64_url.h"
#include "daemon/core/hmac.h"

namespace rollcall::ghost {
namespace {

constexpr std::chrono::seconds kGoodFor = std::chrono::minutes(5);  // the most that Ghost takes

// The bytes of hexadecimal digits; empty when `hex` is something else.
std::string bytesOf(std::string_view hex) {
  std::string bytes;
  if (hex.size() % 2 != 0) return bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned char byte = 0;
    const auto [rest, code] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (code != std::errc() || rest != hex.data() + i + 2) return "";
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

}  // namespace

std::string adminAuthorization(std::string_view key, WallTime now, std::optional<Version> version) {
  const std::size_t colon = key.find(':');
  if (colon == std::string_view::npos) return "";
  const std::string secret = bytesOf(key.substr(colon + 1));
  if (secret.empty()) return "";
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::string_view audience = version && version->major < 5 ? "/v4/admin/" : "/admin/";
  const std::string header =
      fmt::format(R"({{"alg":"HS256","typ":"JWT","kid":"{}"}})", key.substr(0, colon));
  const std::string claims = fmt::format(R"({{"iat":{},"exp":{},"aud":"{}"}})", seconds,
                                         seconds + kGoodFor.count(), audience);
  const std::string text = base64Url(header) + "." + base64Url(claims);
  return "Ghost " + text + "." + base64Url(hmacSha256(secret, text));
}

}  // namespace rollcall::ghost
