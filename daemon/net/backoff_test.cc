#include "daemon/net/backoff.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {
using namespace std::chrono_literals;

constexpr Duration kNoLimit = 1h;

TEST(Backoff, growsFrom800MillisecondsTo30Seconds) {
  Backoff low([] { return 0.0; });
  Backoff high([] { return 0.999999; });
  const Duration least[] = {800ms, 1600ms, 3200ms, 6400ms, 12800ms, 25600ms, 25600ms, 25600ms};
  for (const Duration expected : least) {
    EXPECT_EQ(low.next(0s, kNoLimit), expected);
    const Duration most = high.next(0s, kNoLimit);
    EXPECT_GT(most, std::min<Duration>(expected * 2, 30s) - 1ms);
    EXPECT_LE(most, 30s);
  }
}

TEST(Backoff, isShortAgainAfterSuccess) {
  Backoff backoff([] { return 0.0; });
  backoff.next(0s, kNoLimit);
  backoff.next(0s, kNoLimit);
  backoff.reset();
  EXPECT_EQ(backoff.next(0s, kNoLimit), 800ms);
}

TEST(Backoff, neverAsksSoonerThanItWasTold) {
  Backoff backoff([] { return 0.5; });
  EXPECT_EQ(backoff.next(60s, kNoLimit), 60s);
  EXPECT_EQ(backoff.next(60s, 2s), 60s);
}

TEST(Backoff, keepsToTheBoundItIsGiven) {
  Backoff backoff([] { return 0.5; });
  for (int i = 0; i < 20; ++i) EXPECT_LE(backoff.next(0s, 2s), 2s);
}

TEST(RestAskedFor, isASmallNumberOfSeconds) {
  EXPECT_EQ(restAskedFor("7"), 7s);
  for (const char* text :
       {"", "-1", "7 s", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999999999"})
    EXPECT_EQ(restAskedFor(text), 0s) << text;
  EXPECT_EQ(restAskedFor("999999999"), 5min);
}

}  // namespace
}  // namespace rollcall
