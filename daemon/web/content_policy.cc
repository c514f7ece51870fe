#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "daemon/web/assets.h"

namespace rollcall {
namespace {

// As a policy names what may stand inline: 'sha256-...'.
std::string hashOf(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE * 2> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return fmt::format("'sha256-{}'", std::string_view(reinterpret_cast<const char*>(encoded.data()),
                                                     static_cast<std::size_t>(length)));
}

}  // namespace

std::string contentPolicy() {
  return fmt::format(
      "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; img-src data:; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      hashOf(kPageStyle), hashOf(kPageScript));
}

}  // namespace rollcall
