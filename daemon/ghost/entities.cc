#include "daemon/ghost/entities.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace rollcall::ghost {
namespace {

constexpr std::size_t kLongest = 34;  // with its semicolon

std::optional<std::uint32_t> entityValue(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::uint32_t>, 8> kNamed = {
      {{"amp", '&'},
       {"lt", '<'},
       {"gt", '>'},
       {"quot", '"'},
       {"apos", '\''},
       {"nbsp", ' '},
       {"mdash", 0x2014},
       {"ndash", 0x2013}}};
  for (const auto& [known, value] : kNamed)
    if (name == known) return value;
  if (name.size() < 2 || name[0] != '#') return {};
  const bool hex = (name[1] == 'x' || name[1] == 'X');
  name.remove_prefix(hex ? 2 : 1);
  std::uint32_t value = 0;
  const char* const last = name.data() + name.size();
  const auto [end, error] = std::from_chars(name.data(), last, value, hex ? 16 : 10);
  if (error != std::errc() || end != last || name.empty()) return {};
  return value;
}

// What could be the name between & and ; of a reference.
bool looksLikeOne(std::string_view name) {
  if (name.starts_with('#')) name.remove_prefix(1);
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

std::string decode(std::string_view text, bool& all) {
  std::string decoded;
  while (!text.empty()) {
    const std::size_t open = text.find('&');
    decoded += text.substr(0, open);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open + 1);
    const std::size_t close = text.substr(0, kLongest).find(';');
    const std::string_view name =
        close == std::string_view::npos ? std::string_view() : text.substr(0, close);
    if (const auto value = entityValue(name)) {
      appendUtf8(decoded, *value);
      text.remove_prefix(close + 1);
    } else {
      all = all && !looksLikeOne(name);
      decoded += '&';
    }
  }
  return decoded;
}

}  // namespace

void appendUtf8(std::string& to, std::uint32_t code) {
  const auto tail = [&](int shift) { to += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    to += static_cast<char>(code);
  } else if (code < 0x800) {
    to += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    to += static_cast<char>(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else if (code <= 0x10FFFF) {
    to += static_cast<char>(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string decodeEntities(std::string_view text) {
  bool all = true;
  return decode(text, all);
}

std::optional<std::string> decodeEveryEntity(std::string_view text) {
  bool all = true;
  std::string decoded = decode(text, all);
  if (!all) return std::nullopt;
  return decoded;
}

}  // namespace rollcall::ghost
