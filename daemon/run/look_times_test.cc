#include "daemon/run/look_times.h"

#include <gtest/gtest.h>

#include <vector>

namespace rollcall {
namespace {

using std::chrono::milliseconds;

MonoTime at(int ms) {
  return MonoTime(milliseconds(ms));
}

// A look that takes no time, at `ms`.
void look(LookTimes& times, int ms, bool answered = true) {
  times.looked(at(ms), at(ms), answered);
}

TEST(LookTimes, GoOnEverySecondAfterALookThatAnswered) {
  LookTimes times(at(500));
  EXPECT_EQ(times.next(), at(500));
  times.looked(at(500), at(600), true);
  EXPECT_EQ(times.next(), at(1600));
  times.looked(at(1600), at(1700), false);
  EXPECT_EQ(times.next(), at(3700));
  look(times, 3700);
  EXPECT_EQ(times.next(), at(4700));
}

TEST(LookTimes, ATouchAsksForOneAtOnceAndForTwoMore) {
  LookTimes times(at(0));
  look(times, 0);
  times.touched(at(300));
  std::vector<MonoTime> looks;
  while (times.next() < at(1000)) {
    looks.push_back(times.next());
    times.looked(times.next(), times.next(), true);
  }
  EXPECT_EQ(looks, (std::vector{at(300), at(320), at(400)}));
  EXPECT_EQ(times.next(), at(1400));
}

TEST(LookTimes, ALateLookDoesTheWorkOfThoseItIsTooLateFor) {
  LookTimes times(at(0));
  look(times, 0);
  times.touched(at(300));
  look(times, 350);
  EXPECT_EQ(times.next(), at(400));
  look(times, 450);
  EXPECT_EQ(times.next(), at(1450));
}

TEST(LookTimes, ATouchDuringALookIsNotTakenForDone) {
  LookTimes times(at(0));
  times.looked(at(0), at(10), true);
  times.touched(at(10));
  EXPECT_EQ(times.next(), at(100));
}

TEST(LookTimes, TouchesTakeATenthOfTheTimeAtMost) {
  LookTimes times(at(0));
  int looks = 0;
  for (int now = 0; now < 10'000; ++now) {
    times.touched(at(now));
    if (times.next() > at(now)) continue;
    times.looked(at(now), at(now + 5), true);
    now += 5;
    ++looks;
  }
  EXPECT_GE(looks, 180);
  EXPECT_LE(looks, 200);
}

TEST(LookTimes, TouchesDoNotPutTheRegularLookOff) {
  LookTimes times(at(0));
  times.looked(at(0), at(500), true);  // so slow that a touch waits longer than the rhythm
  times.touched(at(600));
  EXPECT_EQ(times.next(), at(1500));
}

TEST(LookTimes, ADatabaseThatDoesNotAnswerIsNotAskedMoreOftenForATouch) {
  LookTimes times(at(0));
  look(times, 0);
  times.touched(at(300));
  look(times, 300, false);
  EXPECT_EQ(times.next(), at(2300));
}

}  // namespace
}  // namespace rollcall
