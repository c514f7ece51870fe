#include "tests/bench/mock_site_posts.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <string_view>

namespace rollcall::bench {
namespace {

constexpr std::array<std::string_view, 32> kWords = {
    "autumn", "bridge",  "candle",   "distant", "early",   "forest", "garden",  "harbour",
    "island", "journey", "kitchen",  "letters", "morning", "night",  "orchard", "paper",
    "quiet",  "river",   "summer",   "thunder", "under",   "valley", "winter",  "yellow",
    "about",  "beyond",  "crossing", "daily",   "evening", "fields", "ghosts",  "houses"};

// splitmix64's last step: every bit of the input moves every bit of the output.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

std::string_view wordOf(Type type) {
  switch (type) {
    case Type::kPost:
      return "";
    case Type::kPage:
      return "page-";
    case Type::kTag:
      return "tag-";
    case Type::kAuthor:
      return "author-";
    case Type::kDraft:
      return "draft-";
  }
  return "";
}

struct Date {
  std::chrono::year_month_day day;
  std::chrono::hh_mm_ss<std::chrono::seconds> time;
};

Date dateOf(std::int64_t seconds) {
  const std::chrono::sys_seconds at{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  return {day, std::chrono::hh_mm_ss(at - day)};
}

std::string written(std::int64_t seconds, char between, std::string_view tail) {
  const auto [day, time] = dateOf(seconds);
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}{}", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()), between,
                     time.hours().count(), time.minutes().count(), time.seconds().count(), tail);
}

}  // namespace

Resource resourceOf(const Shape& shape, Type type, std::uint32_t number) {
  const std::uint64_t hash =
      mixed(mixed(shape.seed) ^ (static_cast<std::uint64_t>(type) << 56) ^ number);
  const std::int64_t published = kFirstSecond + 60 * static_cast<std::int64_t>(number);
  const auto word = [&](int nth) { return kWords[(hash >> (5 * nth)) % kWords.size()]; };
  Resource made;
  made.id = fmt::format("{:08x}{:01x}{:015x}", published, static_cast<int>(type), hash >> 4);
  made.slug = fmt::format("{}{}-{}-{}-{}", wordOf(type), word(0), word(1), word(2), number);
  made.title = fmt::format("The {} {} of the {}, no. {}", word(0), word(1), word(2), number);
  made.published = published;
  return made;
}

std::uint32_t numberOf(const Shape& shape, Type type, std::string_view slug) {
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  const std::size_t dash = slug.rfind('-');
  if (dash == std::string_view::npos) return kNone;
  std::uint32_t number = 0;
  const char* const end = slug.data() + slug.size();
  const auto [stopped, error] = std::from_chars(slug.data() + dash + 1, end, number);
  const bool known = error == std::errc() && stopped == end;
  return known && resourceOf(shape, type, number).slug == slug ? number : kNone;
}

std::string isoOf(std::int64_t seconds) {
  return written(seconds, 'T', ".000Z");
}
std::string sqlTimeOf(std::int64_t seconds) {
  return written(seconds, ' ', "");
}

}  // namespace rollcall::bench
