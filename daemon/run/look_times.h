// When the daemon asks the database whether something changed. Pure: time is an argument.
#pragma once

#include <cstddef>

#include "daemon/core/clock.h"

namespace rollcall {

// - A look is due a second after the one before ended; two seconds after one that failed.
// - A touch, a hint that something may have changed, makes one due at once and two more a little
//   later: a server tells its followers of a transaction a moment before others can read it.
// - However many touches there are, their looks take a tenth of the time at most.
class LookTimes {
 public:
  // The first look is due at `now`.
  explicit LookTimes(MonoTime now) : regular_(now), soonest_(now) {}

  void touched(MonoTime now);
  void looked(MonoTime began, MonoTime ended, bool answered);
  MonoTime next() const;

 private:
  static constexpr std::size_t kLooks = 3;

  MonoTime regular_;
  MonoTime soonest_;  // for looks that touches ask for
  MonoTime touch_{};
  std::size_t looks_ = kLooks;  // how many there were since `touch_`
};

}  // namespace rollcall
