#include "daemon/run/watched_source.h"

#include <gtest/gtest.h>

#include "tests/support/fake_content_source.h"

namespace rollcall {
namespace {

using testing_support::FakeContentSource;

class WatchedSourceTest : public testing::Test {
 protected:
  WatchedSourceTest() {
    auto fake = std::make_unique<FakeContentSource>();
    fake_ = fake.get();
    source_ = watchSource(clock_, std::move(fake), sight_);
  }
  void ask() { (void)source_->rows("SELECT 1 FROM emails", Deadline(MonoTime::max()), {}); }

  ManualClock clock_;
  DatabaseSight sight_;
  FakeContentSource* fake_ = nullptr;
  std::unique_ptr<ContentSource> source_;
};

TEST_F(WatchedSourceTest, aRightThatAChecksOwnQuestionLacksIsNoDeadDatabase) {
  fake_->reply("FROM emails", {{"1"}});
  ask();
  for (const ErrorCode code : {ErrorCode::kPermissionDenied, ErrorCode::kNotFound}) {
    fake_->refuse("FROM emails", code);
    ask();
    EXPECT_EQ(sight_.up(), true) << name(code);
  }
}

TEST_F(WatchedSourceTest, aDatabaseThatDoesNotAnswerIsDown) {
  fake_->error = Error{ErrorCode::kUnavailable, "refused"};
  ask();
  EXPECT_EQ(sight_.up(), false);
}

TEST_F(WatchedSourceTest, aRefusedLoginIsSeenByTheOtherQuestions) {
  fake_->error = Error{ErrorCode::kPermissionDenied, "wrong password"};
  (void)source_->mark(Deadline(MonoTime::max()), {});
  EXPECT_EQ(sight_.up(), false);
}

}  // namespace
}  // namespace rollcall
