#include "daemon/roll/judge.h"

#include <gtest/gtest.h>

namespace rollcall::roll {
namespace {

Observation seen(const char* pod, State state, bool confirmed = true) {
  Observation one;
  one.pod = pod;
  one.answer.state = state;
  one.confirmed = confirmed;
  return one;
}

TEST(JudgeResource, wrongOnSomeIsAClaimForEachPod) {
  const auto claims = judgeResource(
      {seen("a", State::kOk), seen("b", State::kMissing), seen("c", State::kMoved)}, 3);
  ASSERT_EQ(claims.size(), 2u);
  EXPECT_EQ(claims[0].pod, "b");
  EXPECT_EQ(claims[0].answer.state, State::kMissing);
  EXPECT_EQ(claims[1].pod, "c");
  EXPECT_EQ(claims[0].others, "a ok, b missing, c moved");
}

TEST(JudgeResource, wrongOnAllIsOneClaimOfTheWorst) {
  const auto claims = judgeResource({seen("a", State::kMoved), seen("b", State::kMissing)}, 2);
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].pod, "");
  EXPECT_EQ(claims[0].answer.state, State::kMissing);
}

TEST(JudgeResource, aPodThatCouldNotBeAskedKeepsItFromBeingAll) {
  const auto claims = judgeResource({seen("a", State::kMissing), seen("b", State::kTimeout)}, 2);
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].pod, "a");
}

TEST(JudgeResource, aRedirectOnAllThatCouldBeAskedIsOfAllPods) {
  const std::vector<Observation> moved = {seen("a", State::kMoved), seen("b", State::kMoved)};
  ASSERT_EQ(judgeResource(moved, 3, 1).size(), 1u);
  EXPECT_EQ(judgeResource(moved, 3, 1)[0].pod, "");
  EXPECT_EQ(judgeResource(moved, 3, 0).size(), 2u);  // c was not asked: nothing is wrong there
}

// As an eager pod does that knows the old slug only.
TEST(JudgeResource, aRedirectOfPodsThatKnowTheOldAddressOnlyIsOfThosePods) {
  std::vector<Observation> moved = {seen("a", State::kMoved), seen("b", State::kMoved)};
  for (Observation& one : moved) one.answer.disowned = true;
  const auto claims = judgeResource(moved, 3, 1);
  ASSERT_EQ(claims.size(), 2u);
  EXPECT_EQ(claims[0].pod, "a");
  EXPECT_EQ(judgeResource(moved, 2, 0).size(), 1u);
}

TEST(JudgeResource, whatAPodDidBeforeItWasLostCountsTowardsAllButNotAlone) {
  Observation lost = seen("b", State::kMissing);
  lost.remembered = true;
  const auto claims = judgeResource({seen("a", State::kMissing), lost}, 2);
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].pod, "");
  EXPECT_TRUE(judgeResource({seen("a", State::kOk), lost}, 2).empty());
}

TEST(JudgeResource, unknownIsNeverAClaim) {
  EXPECT_TRUE(
      judgeResource({seen("a", State::kUnknown), seen("b", State::kTimeout), seen("c", State::kOk)},
                    3)
          .empty());
  EXPECT_TRUE(judgeResource({}, 3).empty());
}

TEST(MayListUnconfirmed, onlyWhileEveryAskedSuspectWasConfirmed) {
  EXPECT_TRUE(mayListUnconfirmed(5, 5));
  EXPECT_FALSE(mayListUnconfirmed(5, 4));
  EXPECT_FALSE(mayListUnconfirmed(0, 0));
}

}  // namespace
}  // namespace rollcall::roll
