// A clock whose time passes by itself when somebody waits for it: waiting takes a test no time.
#pragma once

#include <algorithm>
#include <functional>

#include "daemon/core/clock.h"

namespace rollcall::testing_support {

// The wall clock stands still: dates in a test are meant as of that moment. Not thread-safe.
class PatientClock final : public Clock {
 public:
  explicit PatientClock(WallTime wall = WallTime{}) : wall_(wall) {}
  MonoTime mono() const override { return mono_; }
  WallTime wall() const override { return wall_; }
  bool sleepUntil(MonoTime when, std::stop_token stop) const override {
    if (stop.stop_requested()) return false;
    const Duration wait = std::max(when - mono_, Duration::zero());
    mono_ += wait;
    slept += wait;
    if (asleep) asleep();
    return true;
  }
  // Without anybody's waiting.
  void advance(Duration by) { mono_ += by; }

  std::function<void()> asleep;  // what happens while somebody waits
  mutable Duration slept{};

 private:
  mutable MonoTime mono_{};
  const WallTime wall_;
};

}  // namespace rollcall::testing_support
