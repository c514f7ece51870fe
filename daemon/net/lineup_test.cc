#include "daemon/net/lineup.h"

#include <gmock/gmock.h>

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kRoom = 100;
constexpr MonoTime kStart{};

TEST(Lineup, aQueueKeepsItsOrderAndItsSlots) {
  Lineup lineup({.parallel = 2});
  for (Lineup::Id id : {1, 2, 3}) lineup.add(id, "a", false);
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(1, 2));
  EXPECT_THAT(lineup.begin(kStart, kRoom), IsEmpty());
  lineup.release("a");
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(3));
}

TEST(Lineup, aFullQueueDoesNotHoldUpAnother) {
  Lineup lineup({.parallel = 1});
  lineup.add(1, "hung", false);
  lineup.add(2, "hung", false);
  lineup.add(3, "well", false);
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(1, 3));
}

TEST(Lineup, queuesTakeTurnsWhenRoomIsShort) {
  Lineup lineup({.parallel = 4});
  for (Lineup::Id id : {1, 2, 3}) lineup.add(id, "a", false);
  for (Lineup::Id id : {4, 5, 6}) lineup.add(id, "b", false);
  EXPECT_THAT(lineup.begin(kStart, 1), ElementsAre(1));
  EXPECT_THAT(lineup.begin(kStart, 1), ElementsAre(4));
  EXPECT_THAT(lineup.begin(kStart, 2), ElementsAre(2, 5));
}

TEST(Lineup, pacedRequestsOfAQueueKeepTheirDistance) {
  Lineup lineup({.parallel = 4, .perSecond = 2});
  for (Lineup::Id id : {1, 2, 3}) lineup.add(id, "a", true);
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(1));
  EXPECT_EQ(lineup.nextPaced(), kStart + 500ms);
  EXPECT_THAT(lineup.begin(kStart + 499ms, kRoom), IsEmpty());
  EXPECT_THAT(lineup.begin(kStart + 500ms, kRoom), ElementsAre(2));
  EXPECT_EQ(lineup.nextPaced(), kStart + 1s);
}

TEST(Lineup, aPauseDoesNotSaveUpForABurst) {
  Lineup lineup({.parallel = 4, .perSecond = 2});
  lineup.add(1, "a", true);
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(1));
  for (Lineup::Id id : {2, 3, 4}) lineup.add(id, "a", true);
  EXPECT_THAT(lineup.begin(kStart + 1h, kRoom), ElementsAre(2));
}

TEST(Lineup, someMayBeginAtOnceBeforeThePaceCounts) {
  Lineup lineup({.parallel = 4, .perSecond = 2, .atOnce = 3});
  for (Lineup::Id id : {1, 2, 3, 4, 5}) lineup.add(id, "a", true);
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(1, 2, 3));
  EXPECT_EQ(lineup.nextPaced(), kStart + 500ms);
  lineup.release("a");
  EXPECT_THAT(lineup.begin(kStart + 499ms, kRoom), IsEmpty());
  EXPECT_THAT(lineup.begin(kStart + 500ms, kRoom), ElementsAre(4));
}

TEST(Lineup, whatMayBeginAtOnceIsSavedUpAgainByAPauseAndNoMore) {
  Lineup lineup({.parallel = 9, .perSecond = 2, .atOnce = 3});
  for (Lineup::Id id : {1, 2, 3}) lineup.add(id, "a", true);
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(1, 2, 3));
  for (Lineup::Id id : {4, 5, 6, 7, 8}) lineup.add(id, "a", true);
  EXPECT_THAT(lineup.begin(kStart + 1h, kRoom), ElementsAre(4, 5, 6));
}

TEST(Lineup, eachQueueHasItsOwnPace) {
  Lineup lineup({.parallel = 4, .perSecond = 1});
  lineup.add(1, "a", true);
  lineup.add(2, "b", true);
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(1, 2));
}

TEST(Lineup, unpacedRequestsPassOnesThatWaitForTheirPace) {
  Lineup lineup({.parallel = 4, .perSecond = 1});
  lineup.add(1, "a", true);
  lineup.add(2, "a", true);
  lineup.add(3, "a", false);
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(1, 3));
}

TEST(Lineup, withoutALimitPacedRequestsAreLikeAnyOther) {
  Lineup lineup({.parallel = 4, .perSecond = 0});
  lineup.add(1, "a", true);
  lineup.add(2, "a", true);
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(1, 2));
  EXPECT_EQ(lineup.nextPaced(), std::nullopt);
}

TEST(Lineup, aQueueWithoutAFreeSlotIsNotWaitingForItsPace) {
  Lineup lineup({.parallel = 1, .perSecond = 1});
  lineup.add(1, "a", true);
  lineup.add(2, "a", true);
  EXPECT_THAT(lineup.begin(kStart, kRoom), ElementsAre(1));
  EXPECT_EQ(lineup.nextPaced(), std::nullopt);
}

TEST(Lineup, drainTakesWhatStillWaitsInTheOrderAdded) {
  Lineup lineup({.parallel = 1, .perSecond = 1});
  lineup.add(1, "b", false);
  lineup.add(2, "b", true);
  lineup.add(3, "a", false);
  lineup.add(4, "b", false);
  lineup.begin(kStart, 1);
  EXPECT_THAT(lineup.drain(), ElementsAre(1, 2, 4));
  EXPECT_THAT(lineup.drain(), IsEmpty());
}

}  // namespace
}  // namespace rollcall
