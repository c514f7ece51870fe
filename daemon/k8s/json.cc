#include "daemon/k8s/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

namespace rollcall::k8s {
namespace {

using nlohmann::json;

// A pod's own fields are a dozen deep.
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxPlain = 512;

// Counted before anything is built.
bool isTooDeep(std::string_view text) {
  std::size_t depth = 0;
  bool inText = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inText) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        inText = false;
    } else if (c == '"') {
      inText = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

std::optional<unsigned> digits(std::string_view text) {
  unsigned number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Of ".123456": the first three digits.
std::optional<unsigned> millisOf(std::string_view fraction) {
  if (fraction.empty()) return 0;
  if (fraction[0] != '.' || fraction.size() < 2) return std::nullopt;
  std::string padded(fraction.substr(1));
  if (!std::ranges::all_of(padded, [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  padded.resize(3, '0');
  return digits(padded);
}

}  // namespace

Result<json> readJson(std::string_view text) {
  if (isTooDeep(text)) return Error{ErrorCode::kProtocol, "the API's answer is nested too deeply"};
  const auto keep = [](int, json::parse_event_t event, json& parsed) {
    return event != json::parse_event_t::key || parsed != "managedFields";
  };
  json document = json::parse(text, keep, false);
  if (document.is_discarded()) return Error{ErrorCode::kProtocol, "the API's answer is not JSON"};
  return document;
}

const json* find(const json& object, std::initializer_list<const char*> keys) {
  const json* at = &object;
  for (const char* key : keys) {
    if (!at->is_object()) return nullptr;
    const auto next = at->find(key);
    if (next == at->end()) return nullptr;
    at = &*next;
  }
  return at;
}

std::string textAt(const json& object, std::initializer_list<const char*> keys) {
  const json* at = find(object, keys);
  return at && at->is_string() ? at->get<std::string>() : "";
}

std::optional<bool> flagAt(const json& object, std::initializer_list<const char*> keys) {
  const json* at = find(object, keys);
  if (!at || !at->is_boolean()) return std::nullopt;
  return at->get<bool>();
}

const json* listAt(const json& object, std::initializer_list<const char*> keys) {
  const json* at = find(object, keys);
  return at && at->is_array() ? at : nullptr;
}

std::optional<long> numberAt(const json& object, std::initializer_list<const char*> keys,
                             long least, long most) {
  const json* at = find(object, keys);
  if (!at || !at->is_number_integer()) return std::nullopt;
  if (at->is_number_unsigned() && at->get<std::uint64_t>() > static_cast<std::uint64_t>(most))
    return std::nullopt;
  const auto number = at->get<std::int64_t>();
  if (number < least || number > most) return std::nullopt;
  return static_cast<long>(number);
}

std::optional<WallTime> readTime(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < kShape.size() + 1 || text.size() > 40 || text.back() != 'Z')
    return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return std::nullopt;
  }
  const auto part = [&](std::size_t at, std::size_t size) {
    return *digits(text.substr(at, size));
  };
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(part(0, 4))),
                                         std::chrono::month(part(5, 2)),
                                         std::chrono::day(part(8, 2))};
  const std::optional<unsigned> millis =
      millisOf(text.substr(kShape.size(), text.size() - kShape.size() - 1));
  if (!date.ok() || !millis || part(11, 2) > 23 || part(14, 2) > 59 || part(17, 2) > 60)
    return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(part(11, 2)) +
         std::chrono::minutes(part(14, 2)) + std::chrono::seconds(part(17, 2)) +
         std::chrono::milliseconds(*millis);
}

std::string microTime(WallTime time) {
  std::string text = formatTime(time);
  text.insert(text.size() - 1, "000");
  return text;
}

bool isName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

std::string plainText(std::string text) {
  const bool plain = text.size() <= kMaxPlain &&
                     std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  return plain ? std::move(text) : std::string();
}

}  // namespace rollcall::k8s
