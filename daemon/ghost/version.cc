#include "daemon/ghost/version.h"

#include <charconv>

namespace rollcall::ghost {
namespace {

constexpr Version kFirstOnDatabase{6, 57};
constexpr int kMostDigits = 5;

// Takes a whole number off the front of `text`.
std::optional<int> takeNumber(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = end - text.data();
  if (error != std::errc() || number < 0 || digits > kMostDigits || text[0] == '-') return {};
  text.remove_prefix(static_cast<std::size_t>(digits));
  return number;
}

bool isSuffixByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '-' || c == '+';
}

// What may follow "6.65": nothing, ".0", ".0-rc.1", "-rc.1", "+build".
bool isSuffix(std::string_view rest) {
  if (rest.empty()) return true;
  if (rest[0] == '.') {
    rest.remove_prefix(1);
    if (!takeNumber(rest)) return false;
    if (rest.empty()) return true;
  }
  if (rest[0] != '-' && rest[0] != '+') return false;
  for (const char c : rest)
    if (!isSuffixByte(c)) return false;
  return rest.size() > 1;
}

std::string apiPath(std::optional<Version> version, std::string_view api) {
  const bool versioned = version && version->major < 5;
  return std::string(versioned ? "/ghost/api/v4/" : "/ghost/api/") + std::string(api) + "/";
}

}  // namespace

std::string Version::text() const {
  return std::to_string(major) + "." + std::to_string(minor);
}

std::optional<Version> parseVersion(std::string_view text) {
  if (!text.empty() && text[0] == 'v') text.remove_prefix(1);
  const std::optional<int> major = takeNumber(text);
  if (!major || text.empty() || text[0] != '.') return {};
  text.remove_prefix(1);
  const std::optional<int> minor = takeNumber(text);
  if (!minor || !isSuffix(text)) return {};
  return Version{*major, *minor};
}

bool routesFromMemory(Version version) {
  return version < kFirstOnDatabase;
}

std::string contentApiPath(std::optional<Version> version) {
  return apiPath(version, "content");
}

std::string adminApiPath(std::optional<Version> version) {
  return apiPath(version, "admin");
}

}  // namespace rollcall::ghost
