#include "checks/sitemap/settled.h"

#include <gtest/gtest.h>

namespace rollcall::checks::sitemap {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

// A post (entry 0), a tag (entry 1) and a stray, suspected on one of two pods.
class PatienceTest : public testing::Test {
 protected:
  PatienceTest() : entries_(2), stray_(*strays_.idOf(ResourceType::kPost, "/gone/")) {
    entries_[0].id = entries_[0].slug = "post";
    entries_[0].updatedAt = kNow - 1h;
    entries_[1].type = ResourceType::kTag;
    entries_[1].id = entries_[1].slug = "tag";
    entries_[1].updatedAt = kNow - 1h;
  }

  Sifted sift(const std::vector<Suspect>& suspects, Duration later = 0s, bool daemon = true) {
    expected_.emplace(entries_, ghost::defaultRoutes(), Trust::kKnown);
    const auto wall = std::chrono::duration_cast<WallTime::duration>(later);
    return patience_.sift(*expected_, strays_, pods_, suspects,
                          {kNow + wall, MonoTime(later), 5s, daemon});
  }
  void remember(const std::vector<Suspect>& claims, std::vector<bool> whole = {true, true}) {
    patience_.remember(*expected_, strays_, pods_, whole, claims);
  }

  const Suspect post_{.fault = Fault::kMissing, .id = 0, .pod = 1};
  const Suspect tag_{.fault = Fault::kMissing, .id = 1, .pod = 1};
  std::vector<Entry> entries_;
  Strays strays_;
  std::uint32_t stray_;
  const std::vector<std::string> pods_{"a", "b"};
  std::optional<Expected> expected_;
  Patience patience_;
};

TEST_F(PatienceTest, AnOldChangeIsDueAtOnce) {
  const Sifted sifted = sift({post_});
  EXPECT_EQ(sifted.due.size(), 1u);
  EXPECT_EQ(sifted.settling, 0u);
  EXPECT_FALSE(sifted.again);
}

TEST_F(PatienceTest, AYoungChangeSettlesAndIsAskedForAgain) {
  entries_[0].updatedAt = kNow - 2s;
  const Sifted early = sift({post_});
  EXPECT_TRUE(early.due.empty());
  EXPECT_EQ(early.settling, 1u);
  EXPECT_EQ(early.again, Duration(3s));
  EXPECT_EQ(sift({post_}, 3s).due.size(), 1u);
}

TEST_F(PatienceTest, AChangeOfAnotherCenturyIsDue) {
  for (const int year : {1600, 2600}) {
    entries_[0].updatedAt = WallTime(std::chrono::sys_days(std::chrono::year(year) / 1 / 1));
    EXPECT_EQ(sift({post_}).due.size(), 1u) << year;
  }
}

TEST_F(PatienceTest, AClockThatIsSlightlyAheadIsYoungAndOneFarAheadIsNot) {
  entries_[0].updatedAt = kNow + 2s;
  EXPECT_TRUE(sift({post_}).due.empty());
  entries_[0].updatedAt = kNow + 1h;
  EXPECT_EQ(sift({post_}).due.size(), 1u);
}

TEST_F(PatienceTest, WhatWasClaimedStaysWhileALaterEditSettles) {
  remember(sift({post_}).due);
  entries_[0].updatedAt = kNow;
  EXPECT_EQ(sift({post_}).due.size(), 1u);
  Suspect other = post_;
  other.pod = 0;
  EXPECT_TRUE(sift({other}).due.empty());
  Suspect old = post_;
  old.fault = Fault::kOld;
  EXPECT_TRUE(sift({old}).due.empty());
}

TEST_F(PatienceTest, WhatWasNotClaimedAgainIsForgottenUnlessItsPodWasNotRead) {
  remember(sift({post_}).due);
  remember({}, {true, false});
  EXPECT_TRUE(patience_.wasClaimed(*expected_, strays_, "b", post_));
  remember({});
  EXPECT_FALSE(patience_.wasClaimed(*expected_, strays_, "b", post_));
}

TEST_F(PatienceTest, WhatHasNoTimeOfItsOwnWaitsFromWhenItWasFirstSeen) {
  const Suspect stray{.fault = Fault::kLeftOver, .stray = true, .id = stray_, .pod = 0};
  const Sifted first = sift({tag_, stray});
  EXPECT_TRUE(first.due.empty());
  EXPECT_EQ(first.again, Duration(5s));
  remember({});
  EXPECT_TRUE(sift({tag_, stray}, 4s).due.empty());
  remember({});
  EXPECT_EQ(sift({tag_, stray}, 5s).due.size(), 2u);
}

TEST_F(PatienceTest, AOneShotRunWaitsOnlyForWhatJustChanged) {
  const Suspect stray{.fault = Fault::kLeftOver, .stray = true, .id = stray_, .pod = 0};
  EXPECT_EQ(sift({tag_, stray}, 0s, false).due.size(), 2u);
  entries_[0].updatedAt = kNow - 1s;
  EXPECT_TRUE(sift({tag_, stray}, 0s, false).due.empty());
}

TEST_F(PatienceTest, ADraftThatIsBeingWrittenHoldsNothingUp) {
  entries_[0].updatedAt = kNow;
  entries_[0].isPublic = false;
  EXPECT_EQ(sift({tag_}, 0s, false).due.size(), 1u);
  entries_[0].publishedAt = kNow - 1h;  // unpublished just now
  EXPECT_TRUE(sift({tag_}, 0s, false).due.empty());
}

}  // namespace
}  // namespace rollcall::checks::sitemap
