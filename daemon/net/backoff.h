// How long to rest before asking again: from 0.8 to 30 s, longer each time, at random, so that many
// clients of an API that comes back do not all come at once. Pure, but for the random numbers.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "daemon/core/clock.h"

namespace rollcall {

inline constexpr std::chrono::seconds kLongestRestAskedFor = std::chrono::minutes(5);
// What a Retry-After header asks for, at most that long. Zero unless it is a number of seconds: a
// date, which proxies send, is not worth a calendar.
Duration restAskedFor(std::string_view retryAfter);

// Each call gives a number in [0, 1).
using Random = std::function<double()>;
// Others in each process.
Random randomNumbers();

class Backoff {
 public:
  explicit Backoff(Random random) : random_(std::move(random)) {}
  // The next rest. `atLeast` is what the other side asked for and always holds; `atMost` bounds
  // what is beyond it.
  Duration next(Duration atLeast, Duration atMost);
  // What was asked for succeeded: the next rest is a short one again.
  void reset() { failures_ = 0; }

 private:
  const Random random_;
  unsigned failures_ = 0;
};

}  // namespace rollcall
