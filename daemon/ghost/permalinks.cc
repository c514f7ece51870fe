
#include "daemon/core/percent.h"
#include "daemon/ghost/routes.h"

namespace rollcall::ghost {
namespace {

constexpr std::string_view kNobody = "all";  // what Ghost writes without a primary tag or author

std::string twoDigits(unsigned number) {
  return {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}

std::optional<std::string> dateValue(std::string_view token, std::optional<WallTime> at) {
  if (!at) return {};
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(*at)};
  if (token == "month") return twoDigits(static_cast<unsigned>(date.month()));
  if (token == "day") return twoDigits(static_cast<unsigned>(date.day()));
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999) return {};
  return twoDigits(static_cast<unsigned>(year) / 100) +
         twoDigits(static_cast<unsigned>(year) % 100);
}

std::optional<std::string> required(std::string_view value) {
  if (value.empty()) return {};
  return std::string(value);
}

std::optional<std::string> tokenValue(std::string_view token, const PermalinkFacts& facts) {
  if (token == "slug") return required(facts.slug);
  if (token == "id") return required(facts.id);
  if (token == "year" || token == "month" || token == "day")
    return dateValue(token, facts.publishedAt);
  if (token == "primary_tag")
    return std::string(facts.primaryTag.empty() ? kNobody : facts.primaryTag);
  if (token == "primary_author" || token == "author")
    return std::string(facts.primaryAuthor.empty() ? kNobody : facts.primaryAuthor);
  return {};
}

bool staysInPath(unsigned char c) {
  if (c >= 0x80) return false;
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("-._~!$&'()*+,;=:@/").find(static_cast<char>(c)) !=
         std::string_view::npos;
}

}  // namespace

std::optional<std::string> expandPermalink(std::string_view permalink,
                                           const PermalinkFacts& facts) {
  std::string path;
  while (!permalink.empty()) {
    const std::size_t open = permalink.find('{');
    path += permalink.substr(0, open);
    if (open == std::string_view::npos) return path;
    const std::size_t close = permalink.find('}', open);
    if (close == std::string_view::npos) return {};
    const auto value = tokenValue(permalink.substr(open + 1, close - open - 1), facts);
    if (!value) return {};
    path += *value;
    permalink.remove_prefix(close + 1);
  }
  return path;
}

std::string encodePath(std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto c = static_cast<unsigned char>(path[i]);
    if (staysInPath(c) || percentByte(path, i)) {
      encoded += path[i];
    } else {
      encoded += '%';
      encoded += kHex[c >> 4];
      encoded += kHex[c & 15];
    }
  }
  return encoded;
}

std::string decodePath(std::string_view path) {
  std::string decoded;
  decoded.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto byte = percentByte(path, i);
    decoded += byte.value_or(path[i]);
    if (byte) i += 2;
  }
  return decoded;
}

}  // namespace rollcall::ghost
