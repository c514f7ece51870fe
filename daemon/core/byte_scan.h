// Looks at every byte of a text, eight in a step: million-fold text is mostly looked at to see that
// nothing in it needs care. Pure.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace rollcall {

// Eight bytes of a text. Each question answers with a mask: the high bit of a byte is set where it
// is so, the other bits are clear.
class EightBytes {
 public:
  explicit EightBytes(std::uint64_t bytes) : bytes_(bytes) {}
  std::uint64_t below(unsigned char least) const {  // least: 1 to 0x80
    return ~(low() + (0x80u - least) * kOnes) & ~bytes_ & kHigh;
  }
  std::uint64_t equal(unsigned char one) const {
    const std::uint64_t differs = bytes_ ^ one * kOnes;
    return ~((differs & ~kHigh) + ~kHigh) & ~differs & kHigh;
  }
  std::uint64_t beyondAscii() const { return bytes_ & kHigh; }

 private:
  static constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  static constexpr std::uint64_t kHigh = 0x80 * kOnes;
  // A sum of two of these never carries into the next byte.
  std::uint64_t low() const { return bytes_ & ~kHigh; }

  std::uint64_t bytes_;
};

// Whether `care`, a question to EightBytes, is answered 0 for all of `text`.
template <class Care>
bool noByte(std::string_view text, Care care) {
  constexpr std::size_t kStep = sizeof(std::uint64_t);
  const auto load = [](const char* from) {
    std::uint64_t bytes;
    std::memcpy(&bytes, from, kStep);
    return EightBytes(bytes);
  };
  if (text.size() < kStep) {
    if (text.empty()) return true;
    char filled[kStep];
    std::memset(filled, text.front(), kStep);
    std::memcpy(filled, text.data(), text.size());
    return care(load(filled)) == 0;
  }
  std::uint64_t found = care(load(text.data() + text.size() - kStep));
  for (std::size_t at = 0; at + kStep < text.size(); at += kStep)
    found |= care(load(text.data() + at));
  return found == 0;
}

}  // namespace rollcall
