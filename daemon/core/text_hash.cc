#include "daemon/core/text_hash.h"

#include <bit>
#include <cstring>
#include <random>

namespace rollcall {
namespace {

static_assert(std::endian::native == std::endian::little);

class Sip {
 public:
  explicit Sip(const HashKey& key)
      : a_(key.first ^ 0x736f'6d65'7073'6575),
        b_(key.second ^ 0x646f'7261'6e64'6f6d),
        c_(key.first ^ 0x6c79'6765'6e65'7261),
        d_(key.second ^ 0x7465'6462'7974'6573) {}

  void take(std::uint64_t bytes) {
    d_ ^= bytes;
    round();
    a_ ^= bytes;
  }
  std::uint64_t finish() {
    c_ ^= 0xff;
    for (int i = 0; i < 3; ++i) round();
    return a_ ^ b_ ^ c_ ^ d_;
  }

 private:
  void round() {
    a_ += b_;
    c_ += d_;
    b_ = std::rotl(b_, 13) ^ a_;
    d_ = std::rotl(d_, 16) ^ c_;
    a_ = std::rotl(a_, 32) + d_;
    c_ += b_;
    d_ = std::rotl(d_, 21) ^ a_;
    b_ = std::rotl(b_, 17) ^ c_;
    c_ = std::rotl(c_, 32);
  }

  std::uint64_t a_, b_, c_, d_;
};

HashKey drawn() {
  std::random_device device;
  const auto draw = [&device] {
    const std::uint64_t high = device();
    return high << 32 | device();
  };
  return {draw(), draw()};
}

}  // namespace

std::uint64_t keyedHash(std::string_view text, const HashKey& key) {
  constexpr std::size_t kStep = sizeof(std::uint64_t);
  Sip sip(key);
  const std::uint64_t size = text.size();
  for (; text.size() >= kStep; text.remove_prefix(kStep)) {
    std::uint64_t bytes;
    std::memcpy(&bytes, text.data(), kStep);
    sip.take(bytes);
  }
  std::uint64_t last = size << 56;
  for (std::size_t i = 0; i < text.size(); ++i)
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  sip.take(last);
  return sip.finish();
}

std::size_t TextHash::operator()(std::string_view text) const {
  static const HashKey key = drawn();
  return keyedHash(text, key);
}

}  // namespace rollcall
