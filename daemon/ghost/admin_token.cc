#include "daemon/ghost/admin_token.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "daemon/core/base64_url.h"

namespace rollcall::ghost {
namespace {

constexpr std::chrono::seconds kGoodFor = std::chrono::minutes(5);  // the most that Ghost takes

// The bytes of hexadecimal digits; empty when `hex` is something else.
std::vector<unsigned char> bytesOf(std::string_view hex) {
  std::vector<unsigned char> bytes;
  if (hex.size() % 2 != 0) return bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned char byte = 0;
    const auto [rest, code] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (code != std::errc() || rest != hex.data() + i + 2) return {};
    bytes.push_back(byte);
  }
  return bytes;
}

}  // namespace

std::string adminAuthorization(std::string_view key, WallTime now, std::optional<Version> version) {
  const std::size_t colon = key.find(':');
  if (colon == std::string_view::npos) return "";
  const std::vector<unsigned char> secret = bytesOf(key.substr(colon + 1));
  if (secret.empty()) return "";
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::string_view audience = version && version->major < 5 ? "/v4/admin/" : "/admin/";
  const std::string header =
      fmt::format(R"({{"alg":"HS256","typ":"JWT","kid":"{}"}})", key.substr(0, colon));
  const std::string claims = fmt::format(R"({{"iat":{},"exp":{},"aud":"{}"}})", seconds,
                                         seconds + kGoodFor.count(), audience);
  const std::string text = base64Url(header) + "." + base64Url(claims);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &length);
  return "Ghost " + text + "." + base64Url({reinterpret_cast<const char*>(mac.data()), length});
}

}  // namespace rollcall::ghost
