#include "checks/images/sample.h"

#include <gmock/gmock.h>

namespace rollcall::checks::images {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::UnorderedElementsAre;

Referenced post(const std::string& id, std::vector<std::string> paths, bool settling = false,
                const std::string& updated = "then") {
  return {.owner = {"post", id, "slug-" + id, updated},
          .settling = settling,
          .paths = std::move(paths)};
}

std::vector<std::string> pathsOf(const std::vector<Wanted>& wanted) {
  std::vector<std::string> paths;
  for (const Wanted& one : wanted) paths.push_back(one.path);
  return paths;
}

TEST(Sample, HoldsEachFileOnceForItsFirstOwner) {
  Sample sample;
  EXPECT_TRUE(sample.add({"a", {"post", "1", "", ""}}, Reason::kNewest));
  EXPECT_FALSE(sample.add({"a", {"post", "2", "", ""}}, Reason::kSweep));
  ASSERT_EQ(sample.size(), 1u);
  EXPECT_EQ(sample.questions()[0].reason, Reason::kNewest);
  EXPECT_EQ(sample.ownerOf("a").id, "1");
}

TEST(InTurn, TakesTheFirstFileOfEachBeforeTheOthers) {
  const References references{
      .of = {post("1", {"a", "b", "c"}), post("2", {}), post("3", {"d", "e"})}, .last = {}};
  EXPECT_THAT(pathsOf(inTurn(references)), ElementsAre("a", "d", "b", "c", "e"));
}

TEST(InTurn, LeavesOutWhatIsStillSettling) {
  const References references{.of = {post("1", {"a"}, true), post("2", {"b"})}, .last = {}};
  EXPECT_THAT(pathsOf(inTurn(references)), ElementsAre("b"));
}

TEST(Refresh, DropsWhatIsNotReferencedAnyMoreAndKeepsWhatIs) {
  std::map<std::string, Standing> standing;
  for (const char* path : {"a", "b", "c", "d"})
    standing[path] = {.owner = {"post", path, "", "then"}, .missing = true};
  const References now{
      .of = {post("a", {"a"}, false, "later"), post("b", {"other"}), post("d", {"d"}, true)},
      .last = {}};
  const auto judgeable = refresh(standing, now);
  EXPECT_THAT(standing, UnorderedElementsAre(Key("a"), Key("d")));
  EXPECT_EQ(standing.at("a").owner.updated, "later");
  EXPECT_THAT(pathsOf(judgeable), ElementsAre("a"));
}

class NextStanding : public testing::Test {
 protected:
  NextStanding() {
    for (int i = 0; i < 30; ++i)
      sample_.add({"f" + std::to_string(i), {"post", std::to_string(i), "", ""}}, Reason::kSweep);
  }
  static std::vector<Claim> claims(Code code, int count, std::optional<std::size_t> pod = {}) {
    std::vector<Claim> claims;
    for (int i = 0; i < count; ++i) claims.push_back({code, pod, "f" + std::to_string(i)});
    return claims;
  }
  Sample sample_;
};

TEST_F(NextStanding, RemembersMissingFilesUpToABound) {
  EXPECT_EQ(nextStanding({}, {claims(Code::kMissing, 30), {}}, sample_, 20).size(), 20u);
  EXPECT_TRUE(nextStanding({}, {claims(Code::kMissing, 1), {}}, sample_, 20).at("f0").missing);
}

TEST_F(NextStanding, RemembersAFewFilesOfEachPod) {
  const auto next = nextStanding({}, {claims(Code::kNotServed, 30, 1), {}}, sample_, 20);
  EXPECT_EQ(next.size(), 5u);
  EXPECT_EQ(nextStanding(next, {claims(Code::kNotServed, 30, 1), {}}, sample_, 20), next);
}

TEST_F(NextStanding, ForgetsWhatIsRightAndKeepsWhatCouldNotBeJudged) {
  const std::map<std::string, Standing> before = {{"f1", {}}, {"f2", {}}};
  EXPECT_THAT(nextStanding(before, {{}, {"f1"}}, sample_, 20), ElementsAre(Key("f2")));
  EXPECT_THAT(nextStanding(before, {{}, {"f1", "f2"}}, sample_, 20), IsEmpty());
}

TEST_F(NextStanding, AFileThatAPodServesAgainIsNoLongerMissingEverywhere) {
  const std::map<std::string, Standing> before = {{"f0", {.owner = {}, .missing = true}}};
  const auto next = nextStanding(before, {claims(Code::kNotServed, 1, 1), {}}, sample_, 20);
  EXPECT_FALSE(next.at("f0").missing);
}

}  // namespace
}  // namespace rollcall::checks::images
