#include "daemon/run/look_times.h"

#include <algorithm>

namespace rollcall {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kRhythm = seconds(1);
constexpr Duration kRhythmOfFailure = seconds(2);  // the source has a backoff of its own
constexpr Duration kAfterTouch[] = {milliseconds(0), milliseconds(20), milliseconds(100)};
constexpr int kShare = 10;

}  // namespace

void LookTimes::touched(MonoTime now) {
  touch_ = now;
  looks_ = 0;
}

void LookTimes::looked(MonoTime began, MonoTime ended, bool answered) {
  regular_ = ended + (answered ? kRhythm : kRhythmOfFailure);
  soonest_ = ended + (ended - began) * (kShare - 1);
  // Those that this look has done or has come too late for.
  while (looks_ < kLooks && touch_ + kAfterTouch[looks_] <= began) ++looks_;
  // A database that does not answer is not asked more often for its changes.
  if (!answered) looks_ = kLooks;
}

MonoTime LookTimes::next() const {
  if (looks_ == kLooks) return regular_;
  return std::min(regular_, std::max(soonest_, touch_ + kAfterTouch[looks_]));
}

}  // namespace rollcall
