#include "checks/redirects/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace rollcall::checks::redirects {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

Expectations made(const std::vector<std::pair<std::string, std::string>>& rules) {
  Expectations all;
  for (const auto& [path, to] : rules)
    all.all.push_back({.path = path, .target = {"", to, {}, ""}, .to = to});
  all.answered = [rules](std::string_view path) {
    for (const auto& [known, to] : rules)
      if (known == path) return true;
    return false;
  };
  return all;
}

class MemoryTest : public testing::Test {
 protected:
  std::vector<Question> plan(const Expectations& expected, std::size_t sample = 1,
                             bool once = false) {
    return memory_.plan(
        {.expected = expected, .rules = true, .offers = true, .sample = sample, .once = once});
  }
  std::vector<std::string> paths(const std::vector<Question>& questions) {
    std::vector<std::string> all;
    for (const Question& one : questions) all.push_back(one.expected.path);
    return all;
  }
  Memory memory_;
};

TEST_F(MemoryTest, AsksAllInTurnNewestFirst) {
  const auto expected = made({{"/a", "/x"}, {"/b", "/x"}, {"/c", "/x"}});
  EXPECT_THAT(paths(plan(expected, 2)), ElementsAre("/c", "/b"));
  EXPECT_THAT(paths(plan(expected, 2)), ElementsAre("/a", "/c"));
  EXPECT_THAT(paths(plan(expected, 9)), testing::UnorderedElementsAre("/a", "/b", "/c"));
}

TEST_F(MemoryTest, HasNothingToAskWhereThereIsNothing) {
  EXPECT_THAT(plan(made({})), IsEmpty());
}

TEST_F(MemoryTest, AsksTheNewestAlwaysWhenThereIsNoNextRun) {
  const auto expected = made({{"/a", "/x"}, {"/b", "/x"}, {"/c", "/x"}, {"/d", "/x"}});
  EXPECT_THAT(paths(plan(expected, 2, true)), ElementsAre("/d", "/c"));
}

TEST_F(MemoryTest, AsksNoneTwiceInOneRunAndSoLeavesNoneOut) {
  const auto expected = made({{"/a", "/x"}, {"/b", "/x"}});
  for (std::size_t turn = 0; turn < 4; ++turn) {
    Memory memory;
    EXPECT_EQ(memory
                  .plan({.expected = expected,
                         .rules = true,
                         .offers = true,
                         .sample = 6,
                         .turn = turn,
                         .once = true})
                  .size(),
              2u);
  }
}

TEST_F(MemoryTest, AsksWhatChangedAtOnce) {
  plan(made({{"/a", "/x"}, {"/b", "/x"}, {"/c", "/x"}}));
  EXPECT_FALSE(memory_.wantsMore());
  EXPECT_THAT(paths(plan(made({{"/a", "/y"}, {"/b", "/x"}, {"/c", "/x"}, {"/d", "/x"}}), 0)),
              ElementsAre("/a", "/d"));
}

TEST_F(MemoryTest, AsksWhetherARuleThatIsGoneIsStillFollowedUntilNoPodDoes) {
  plan(made({{"/a", "/x"}, {"/b", "/x"}}), 0);
  const auto expected = made({{"/b", "/x"}});
  auto questions = plan(expected, 0);
  ASSERT_THAT(paths(questions), ElementsAre("/a"));
  EXPECT_TRUE(questions[0].removed);
  memory_.unclear(questions[0]);
  memory_.settleUp({"pod-1"});
  questions = plan(expected, 0);
  ASSERT_THAT(paths(questions), ElementsAre("/a")) << "a pod could not be asked";
  memory_.right(questions[0], "pod-1");
  memory_.settleUp({"pod-1"});
  EXPECT_THAT(plan(expected, 0), IsEmpty());
}

TEST_F(MemoryTest, DoesNotTakeARuleForGoneWhenTheFileIsNotKnown) {
  plan(made({{"/a", "/x"}}), 0);
  const auto none = made({});
  EXPECT_THAT(memory_.plan({.expected = none, .rules = false, .offers = true}), IsEmpty());
  EXPECT_THAT(plan(made({{"/a", "/x"}}), 0), IsEmpty());
}

TEST_F(MemoryTest, KeepsAClaimUntilItIsRightAndThenDoubtsTheOthersOfThatPod) {
  const auto expected =
      made({{"/a", "/x"}, {"/b", "/x"}, {"/c", "/x"}, {"/d", "/x"}, {"/e", "/x"}});
  for (const Question& one : plan(expected, 5)) memory_.wrong(one, "pod-2", {Seen::kMissing, 404});
  memory_.settleUp({"pod-1", "pod-2"});
  EXPECT_EQ(memory_.claims().size(), 5u);
  auto questions = plan(expected, 0);
  ASSERT_THAT(paths(questions), ElementsAre("/a", "/b", "/c"));
  memory_.right(questions[0], "pod-2");
  memory_.wrong(questions[1], "pod-2", {Seen::kMissing, 404});
  memory_.settleUp({"pod-1", "pod-2"});
  EXPECT_EQ(memory_.claims().size(), 2u) << "/b was asked again, /c not told";
  EXPECT_TRUE(memory_.wantsMore());
  EXPECT_THAT(paths(plan(expected, 0)), testing::IsSupersetOf({"/d", "/e"}));
}

TEST_F(MemoryTest, AsksAgainForAClaimOfEveryAccusedPodAndForAllInTurn) {
  const auto expected =
      made({{"/a", "/x"}, {"/b", "/x"}, {"/c", "/x"}, {"/d", "/x"}, {"/e", "/x"}});
  for (const Question& one : plan(expected, 5))
    memory_.wrong(one, one.expected.path == "/e" ? "pod-3" : "pod-2", {Seen::kMissing, 404});
  std::set<std::string> asked;
  for (int run = 0; run < 5; ++run) {
    memory_.settleUp({"pod-1", "pod-2", "pod-3"});
    const auto questions = paths(plan(expected, 0));
    EXPECT_THAT(questions, Contains("/e")) << "pod-3's only one, run " << run;
    asked.insert(questions.begin(), questions.end());
  }
  EXPECT_EQ(asked.size(), 5u);
}

TEST_F(MemoryTest, ForgetsPodsThatAreGoneAndClaimsThatHoldNoMore) {
  const auto expected = made({{"/a", "/x"}, {"/b", "/x"}});
  for (const Question& one : plan(expected, 2)) memory_.wrong(one, "pod-2", {Seen::kMissing, 404});
  plan(made({{"/a", "/other"}, {"/b", "/x"}}), 0);
  EXPECT_FALSE(memory_.isClaimed("/a", "pod-2")) << "another target is expected by now";
  EXPECT_TRUE(memory_.isClaimed("/b", "pod-2"));
  memory_.settleUp({"pod-1"});
  EXPECT_THAT(memory_.claims(), IsEmpty());
}

TEST_F(MemoryTest, IsPatientFromTheFirstSightOfADifferenceUnlessItIsKnownToBeOld) {
  Question question{.expected = {.path = "/a"}};
  const MonoTime start{};
  EXPECT_EQ(memory_.patience(question, "pod-1", start, 5s), 5s);
  EXPECT_EQ(memory_.patience(question, "pod-1", start + 3s, 5s), 2s);
  EXPECT_EQ(memory_.patience(question, "pod-2", start + 3s, 5s), 5s);
  EXPECT_EQ(memory_.patience(question, "pod-1", start + 6s, 5s), 0s);
  question.expected.settled = true;
  EXPECT_EQ(memory_.patience(question, "pod-3", start, 5s), 0s);
}

}  // namespace
}  // namespace rollcall::checks::redirects
