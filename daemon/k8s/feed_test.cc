#include "daemon/k8s/feed.h"

#include <gtest/gtest.h>

namespace rollcall::k8s {
namespace {

const WallTime kTime{std::chrono::seconds(1'767'261'600)};  // 2026-01-01T10:00:00Z
const Error kRefused{ErrorCode::kUnavailable, "connection refused"};

TEST(Feed, isFreshOnceItIsListed) {
  Feed feed;
  EXPECT_FALSE(feed.isListed());
  feed.listed();
  feed.heard(kTime);
  EXPECT_TRUE(feed.isListed());
  EXPECT_EQ(feed.stale(), "");
}

TEST(Feed, saysWhySinceWhenAndIsFreshAgain) {
  Feed feed;
  feed.listed();
  feed.heard(kTime);
  feed.failed(kRefused);
  feed.failed(kRefused);
  EXPECT_EQ(feed.stale(), "connection refused; the list is of 2026-01-01T10:00:00.000Z");
  feed.heard(kTime);
  EXPECT_EQ(feed.stale(), "");
}

TEST(Feed, saysWhyThereIsNoListYet) {
  Feed feed;
  feed.failed(kRefused);
  EXPECT_EQ(feed.stale(), "connection refused");
  EXPECT_FALSE(feed.isHopeless());
  feed.failed({ErrorCode::kPermissionDenied, "may not"});
  EXPECT_TRUE(feed.isHopeless());
}

}  // namespace
}  // namespace rollcall::k8s
