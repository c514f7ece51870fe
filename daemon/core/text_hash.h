// Hashes of texts that come from outside, for tables. With a hash that everybody knows, as that of
// the standard library, a pod could send thousands of addresses that all fall into one slot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rollcall {

struct HashKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// SipHash-1-3. Pure.
std::uint64_t keyedHash(std::string_view text, const HashKey& key);

// With a key that this process drew when it first needed one: no two processes agree on a value.
struct TextHash {
  std::size_t operator()(std::string_view text) const;
};

}  // namespace rollcall
