#include "daemon/core/text_hash.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/support/colliding_texts.h"

namespace rollcall {
namespace {

// OpenSSL's SipHash-1-3.
std::uint64_t referenceHash(std::string_view text, const HashKey& key) {
  const std::unique_ptr<EVP_MAC, void (*)(EVP_MAC*)> mac(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr),
                                                         EVP_MAC_free);
  const std::unique_ptr<EVP_MAC_CTX, void (*)(EVP_MAC_CTX*)> context(EVP_MAC_CTX_new(mac.get()),
                                                                     EVP_MAC_CTX_free);
  unsigned int rounds = 1, lastRounds = 3;
  std::size_t size = sizeof(std::uint64_t), written = 0;
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                               OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &rounds),
                               OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &lastRounds),
                               OSSL_PARAM_construct_end()};
  unsigned char keyBytes[sizeof key], out[sizeof(std::uint64_t)];
  std::memcpy(keyBytes, &key, sizeof key);
  EXPECT_EQ(EVP_MAC_init(context.get(), keyBytes, sizeof keyBytes, params), 1);
  EXPECT_EQ(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()),
                           text.size()),
            1);
  EXPECT_EQ(EVP_MAC_final(context.get(), out, &written, sizeof out), 1);
  std::uint64_t hash;
  std::memcpy(&hash, out, sizeof hash);
  return hash;
}

TEST(KeyedHash, isSipHash13) {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    for (const HashKey key : {HashKey{0x0706'0504'0302'0100, 0x0f0e'0d0c'0b0a'0908}, HashKey{7, 9}})
      EXPECT_EQ(keyedHash(text, key), referenceHash(text, key)) << i;
    text += static_cast<char>(i * 7);
  }
}

TEST(TextHash, whatCollidesInTheStandardLibraryIsSpreadHere) {
  constexpr std::size_t kSlots = 4'096;
  const std::vector<std::string> texts = testing_support::collidingTexts(kSlots);
  std::set<std::size_t> standard, ours;
  std::map<std::size_t, int> slots;
  for (const std::string& text : texts) {
    standard.insert(std::hash<std::string_view>{}(text));
    ours.insert(TextHash{}(text));
    ++slots[TextHash{}(text) % kSlots];
  }
  EXPECT_EQ(standard.size(), 1u);
  EXPECT_EQ(ours.size(), texts.size());
  for (const auto& [slot, count] : slots) EXPECT_LT(count, 20) << slot;
}

TEST(TextHash, isTheSameThroughoutTheProcess) {
  EXPECT_EQ(TextHash{}("/welcome/"), TextHash{}(std::string("/welcome/")));
  EXPECT_NE(TextHash{}("/welcome/"), TextHash{}("/goodbye/"));
}

}  // namespace
}  // namespace rollcall
