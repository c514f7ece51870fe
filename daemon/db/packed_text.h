// A string_view in eight bytes, for tables of a million rows.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace rollcall {

// Borrows its text, of at most kMaxBytes. An address of user space has no more than 48 bits that
// matter on the machines we build for; the length takes the other sixteen.
class PackedText {
 public:
  static constexpr std::size_t kMaxBytes = 0xFFFF;

  PackedText() = default;
  template <std::convertible_to<std::string_view> Text>
  PackedText(const Text& text) : PackedText(std::string_view(text), 0) {}

  operator std::string_view() const { return view(); }
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bits_ & kAddress), static_cast<std::size_t>(bits_ >> 48)};
  }
  bool empty() const { return bits_ >> 48 == 0; }
  std::size_t size() const { return static_cast<std::size_t>(bits_ >> 48); }

  friend bool operator==(PackedText a, PackedText b) { return a.view() == b.view(); }
  template <std::convertible_to<std::string_view> Text>
  friend bool operator==(PackedText a, const Text& b) {
    return a.view() == std::string_view(b);
  }

 private:
  static constexpr std::uint64_t kAddress = (std::uint64_t{1} << 48) - 1;

  PackedText(std::string_view text, int) {
    if (text.empty()) return;
    const auto address = reinterpret_cast<std::uintptr_t>(text.data());
    if (text.size() > kMaxBytes || (address & ~kAddress) != 0) std::abort();
    bits_ = address | static_cast<std::uint64_t>(text.size()) << 48;
  }

  std::uint64_t bits_ = 0;
};
static_assert(sizeof(std::uintptr_t) == 8 && sizeof(PackedText) == 8);

}  // namespace rollcall
