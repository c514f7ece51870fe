#include "daemon/net/backoff.h"

#include <algorithm>
#include <charconv>
#include <random>

namespace rollcall {
namespace {

constexpr Duration kShortest = std::chrono::milliseconds(800);
constexpr unsigned kDoublings = 5;  // 25.6 s, and up to 30 s with the random part
constexpr Duration kLongest = std::chrono::seconds(30);

}  // namespace

Duration restAskedFor(std::string_view retryAfter) {
  std::chrono::seconds::rep seconds = 0;
  const char* const end = retryAfter.data() + retryAfter.size();
  const auto [rest, code] = std::from_chars(retryAfter.data(), end, seconds);
  if (code != std::errc() || rest != end || retryAfter.empty() || seconds < 0) return Duration(0);
  return std::min(std::chrono::seconds(seconds), kLongestRestAskedFor);
}

Random randomNumbers() {
  return
      [engine = std::mt19937(std::random_device()()),
       spread = std::uniform_real_distribution<double>(0, 1)]() mutable { return spread(engine); };
}

Duration Backoff::next(Duration atLeast, Duration atMost) {
  const Duration least = kShortest * (1u << std::min(failures_, kDoublings));
  const Duration most = std::min(least * 2, kLongest);
  ++failures_;
  const auto rest =
      least +
      Duration(static_cast<Duration::rep>(random_() * static_cast<double>((most - least).count())));
  return std::max(std::min(rest, atMost), atLeast);
}

}  // namespace rollcall
