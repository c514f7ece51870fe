#include "daemon/net/response_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "daemon/core/letter_case.h"

namespace rollcall {
namespace {

// Longer ones would not fit the 64 bits they are counted with.
constexpr std::size_t kMaxLengthDigits = 18;
constexpr std::size_t kUsualLines = 16;
constexpr std::string_view kLength = "content-length";

bool isBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  return text;
}

// Such as the escape sequences of a terminal.
bool isControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

bool hasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), isControl);
}

bool isLength(std::string_view value) {
  return !value.empty() && value.size() <= kMaxLengthDigits &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> ResponseHead::take(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > kMaxHeaderBytes)
    return fmt::format("the answer has more than {} KiB of headers", kMaxHeaderBytes >> 10);
  if (++lines_ > kMaxHeaderLines)
    return fmt::format("the answer has more than {} header lines", kMaxHeaderLines);
  if (ended_) return std::nullopt;  // a trailer
  if (line.starts_with("HTTP/")) return takeStatus(line);
  if (trim(line).empty()) {
    ended_ = status_ != 0;
    return std::nullopt;
  }
  return takeField(line);
}

std::optional<std::string> ResponseHead::takeStatus(std::string_view line) {
  constexpr std::string_view kVersion = "HTTP/1.";
  constexpr std::size_t kCodeAt = kVersion.size() + 2;
  const std::string_view code = line.substr(std::min(kCodeAt, line.size())).substr(0, 3);
  int status = 0;
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), status);
  if (!line.starts_with(kVersion) || error != std::errc() || end != code.data() + 3 ||
      status < 100 || status > 599)
    return "the answer has a malformed status line";
  const bool interim = status < 200;
  status_ = interim ? 0 : status;
  headers_.clear();
  if (keepFine_ || !isFine(status_)) headers_.reserve(kUsualLines);
  contentLength_.clear();
  return std::nullopt;
}

std::optional<std::string> ResponseHead::takeField(std::string_view line) {
  const auto colon = line.find(':');
  const std::string_view key = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  const auto strange = [](char c) { return c == ' ' || c == '\t' || isControl(c); };
  if (colon == std::string_view::npos || key.empty() ||
      std::any_of(key.begin(), key.end(), strange) || hasControl(value))
    return "the answer has a malformed header line";
  if (key.size() == kLength.size() && lowerCase(key) == kLength) {
    if (!isLength(value)) return "the answer's Content-Length is not a number";
    if (!contentLength_.empty() && contentLength_ != value)
      return "the answer has two different Content-Length headers";
    contentLength_ = value;
  }
  if (keepFine_ || !isFine(status_)) headers_.emplace_back(lowerCase(key), value);
  return std::nullopt;
}

}  // namespace rollcall
