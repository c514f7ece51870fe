#include "daemon/core/clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace rollcall {
namespace {
using namespace std::chrono_literals;

TEST(ManualClock, wakesASleeperWhoseTimeHasCome) {
  ManualClock clock;
  std::jthread sleeper(
      [&](std::stop_token stop) { EXPECT_TRUE(clock.sleepUntil(MonoTime(5s), stop)); });
  clock.advance(5s);
  sleeper.join();
  EXPECT_EQ(clock.mono(), MonoTime(5s));
}

TEST(ManualClock, aStopRequestEndsTheSleep) {
  ManualClock clock;
  bool reached = true;
  {
    std::jthread sleeper(
        [&](std::stop_token stop) { reached = clock.sleepUntil(MonoTime(5s), stop); });
    sleeper.request_stop();
  }
  EXPECT_FALSE(reached);
}

TEST(SystemClock, aStopRequestEndsTheSleep) {
  SystemClock clock;
  bool reached = true;
  {
    std::jthread sleeper(
        [&](std::stop_token stop) { reached = clock.sleepUntil(clock.mono() + 1h, stop); });
    sleeper.request_stop();
  }
  EXPECT_FALSE(reached);
}

TEST(Deadline, isNeverNegativeAndTakesTheEarlier) {
  ManualClock clock;
  const Deadline deadline = Deadline::after(clock, 10s);
  EXPECT_EQ(deadline.atMost(clock, 3s).when(), MonoTime(3s));
  EXPECT_EQ(deadline.atMost(clock, 30s).when(), MonoTime(10s));
  clock.advance(11s);
  EXPECT_TRUE(deadline.passed(clock));
  EXPECT_EQ(deadline.left(clock), Duration::zero());
}

TEST(Elapsed, countsBothWaysAndNoFurtherThanNanosecondsReach) {
  const WallTime now(1580513400000ms);
  const WallTime earliest(-62135596800s);  // 0001-01-01
  const WallTime latest(253402300799s);    // 9999-12-31
  EXPECT_EQ(elapsed(now, now + 1500ms), Duration(1500ms));
  EXPECT_EQ(elapsed(now, now - 1500ms), Duration(-1500ms));
  const Duration century = std::chrono::hours(24 * 36525);
  EXPECT_GT(elapsed(earliest, now), century);
  EXPECT_LT(elapsed(now, earliest), -century);
  EXPECT_GT(elapsed(earliest, latest) + 5s, century) << "there is room for a settle window";
  EXPECT_LT(elapsed(latest, earliest) - 5s, -century);
}

TEST(FormatTime, isUtcWithMilliseconds) {
  EXPECT_EQ(formatTime(WallTime(1580513400123ms)), "2020-01-31T23:30:00.123Z");
  EXPECT_EQ(formatTime(WallTime(-1ms)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(formatTime(WallTime(253402300799s)), "9999-12-31T23:59:59.000Z");
  EXPECT_EQ(formatTime(WallTime(-30610224000s)), "1000-01-01T00:00:00.000Z");
}

TEST(FormatDuration, usesTheUnitAPersonWould) {
  EXPECT_EQ(formatDuration(350ms), "350 ms");
  EXPECT_EQ(formatDuration(4200ms), "4.2 s");
  EXPECT_EQ(formatDuration(3min), "3 min");
  EXPECT_EQ(formatDuration(5h), "5 h");
  EXPECT_EQ(formatDuration(12 * 24h), "12 d");
}

}  // namespace
}  // namespace rollcall
