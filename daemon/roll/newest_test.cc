#include "daemon/roll/newest.h"

#include <gmock/gmock.h>

namespace rollcall::roll {
namespace {

constexpr RollCell kOk{"ok", WallTime{std::chrono::seconds(100)}, true};

RollRow post(const std::string& id, const std::string& slug) {
  return {{"post", id, slug, "http://e.org/" + slug + "/"}, std::nullopt, {}};
}

// Two posts, known to be fine on two pods; then a test changes what there is.
class NewestRowsTest : public testing::Test {
 protected:
  NewestRowsTest() {
    for (const char* name : {"a", "b"}) pods_.push_back({.name = name, .uid = "first"});
    turnTo({post("1", "one"), post("2", "two")});
    for (const std::size_t row : {0, 1})
      for (const char* pod : {"a", "b"}) rows_.learn(row, pod, kOk);
  }
  void turnTo(std::vector<RollRow> rows) {
    std::vector<const Pod*> pods;
    for (const Pod& pod : pods_) pods.push_back(&pod);
    rows_.turnTo(std::move(rows), pods);
  }
  // "2:ab 1:b": which pods are known of each row.
  std::string known() const {
    std::string text;
    for (const RollRow& row : rows_.rows()) {
      text += (text.empty() ? "" : " ") + row.resource.id + ":";
      for (const auto& [pod, cell] : row.cells) text += pod;
    }
    return text;
  }

  std::vector<Pod> pods_;
  NewestRows rows_;
};

TEST_F(NewestRowsTest, WhatWasLearnedStaysUntilItIsLearnedAnew) {
  turnTo({post("1", "one"), post("2", "two")});
  EXPECT_EQ(known(), "1:ab 2:ab");
  rows_.learn(0, "a", {"missing", WallTime{std::chrono::seconds(200)}, true});
  EXPECT_EQ(rows_.rows()[0].cells.at("a").state, "missing");
  EXPECT_EQ(rows_.rows()[0].cells.at("b").asOf, kOk.asOf);
}

TEST_F(NewestRowsTest, ANewPostPushesAnotherOutForGood) {
  turnTo({post("3", "three"), post("1", "one")});
  EXPECT_EQ(known(), "3: 1:ab");
  turnTo({post("1", "one"), post("2", "two")});
  EXPECT_EQ(known(), "1:ab 2:");
}

TEST_F(NewestRowsTest, APostAtAnotherAddressIsUnknownThere) {
  turnTo({post("1", "renamed"), post("2", "two")});
  EXPECT_EQ(known(), "1: 2:ab");
}

TEST_F(NewestRowsTest, APodThatIsGoneIsForgottenEvenWhenItsNameReturns) {
  const Pod b = pods_.back();
  pods_.pop_back();
  turnTo({post("1", "one"), post("2", "two")});
  EXPECT_EQ(known(), "1:a 2:a");
  pods_.push_back(b);
  turnTo({post("1", "one"), post("2", "two")});
  EXPECT_EQ(known(), "1:a 2:a");
}

TEST_F(NewestRowsTest, APodReplacedUnderItsNameIsForgotten) {
  pods_[1].uid = "second";
  turnTo({post("1", "one"), post("2", "two")});
  EXPECT_EQ(known(), "1:a 2:a");
}

TEST_F(NewestRowsTest, AProcessThatStartedAnewIsForgotten) {
  pods_[0].startedAt = WallTime{std::chrono::seconds(150)};
  turnTo({post("1", "one"), post("2", "two")});
  EXPECT_EQ(known(), "1:b 2:b");
}

}  // namespace
}  // namespace rollcall::roll
