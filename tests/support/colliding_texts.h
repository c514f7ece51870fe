// Texts that std::hash of libstdc++ cannot tell apart, as somebody would send who knows it: it is
// MurmurHash64A with a fixed seed, of which each block of eight bytes can be undone.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace rollcall::testing_support {

// `count` different texts of sixteen bytes.
inline std::vector<std::string> collidingTexts(std::size_t count) {
  constexpr std::uint64_t kFactor = 0xc6a4'a793'5bd1'e995;
  constexpr std::uint64_t kSeed = 0xc70f'6907;
  std::uint64_t inverse = kFactor;  // modulo 2^64, by Newton: each step doubles the right bits
  for (int i = 0; i < 6; ++i) inverse *= 2 - kFactor * inverse;
  const auto mix = [](std::uint64_t block) {
    block *= kFactor;
    return (block ^ block >> 47) * kFactor;
  };
  const auto unmix = [inverse](std::uint64_t mixed) {
    mixed *= inverse;
    return (mixed ^ mixed >> 47) * inverse;
  };
  std::vector<std::string> texts;
  for (std::uint64_t first = 1; texts.size() < count; ++first) {
    const std::uint64_t between = ((kSeed ^ 16 * kFactor) ^ mix(first)) * kFactor;
    const std::uint64_t blocks[] = {first, unmix(between)};  // to a hash of 0 after both
    texts.emplace_back(reinterpret_cast<const char*>(blocks), sizeof blocks);
  }
  return texts;
}

}  // namespace rollcall::testing_support
