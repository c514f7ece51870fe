#include "daemon/run/round_content.h"

#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <thread>
#include <vector>

#include "tests/support/fake_content_source.h"

namespace rollcall {
namespace {

using testing_support::FakeContentSource;

const Deadline kLater(MonoTime(std::chrono::hours(1)));

struct Shared {
  FakeContentSource* inner;
  std::unique_ptr<ContentSource> source;
};
Shared sourceOf(RoundContent& round) {
  auto inner = std::make_unique<FakeContentSource>();
  FakeContentSource* const borrowed = inner.get();
  return {borrowed, shareContent(std::move(inner), round)};
}

TEST(RoundContent, theSecondCheckGetsWhatTheFirstRead) {
  RoundContent round;
  const Shared one = sourceOf(round), two = sourceOf(round);
  const auto first = one.source->roundContent(kLater, {});
  const auto second = two.source->roundContent(kLater, {});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->get(), second->get());
  EXPECT_EQ(one.inner->loads + two.inner->loads, 1);
}

TEST(RoundContent, aSecondLookIsALoadOfItsOwn) {
  RoundContent round;
  const Shared one = sourceOf(round);
  const auto first = one.source->roundContent(kLater, {});
  const auto second = one.source->load(kLater, {});
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->get(), second->get());
}

TEST(RoundContent, anErrorIsNotShared) {
  RoundContent round;
  const Shared one = sourceOf(round), two = sourceOf(round);
  one.inner->error = Error{ErrorCode::kUnavailable, "gone"};
  EXPECT_FALSE(one.source->roundContent(kLater, {}));
  EXPECT_TRUE(two.source->roundContent(kLater, {}));
}

TEST(RoundContent, aLoadThatThrowsKeepsNobodyWaiting) {
  RoundContent round;
  const auto thrown = [&] {
    return round.get({}, []() -> Result<SharedContent> { throw std::bad_alloc(); });
  };
  EXPECT_THROW((void)thrown(), std::bad_alloc);
  EXPECT_TRUE(
      round.get({}, []() -> Result<SharedContent> { return SharedContent(new Content()); }));
}

TEST(RoundContent, whoComesWhileAnotherLoadsWaitsForIt) {
  RoundContent round;
  std::atomic<int> loads = 0;
  std::atomic<bool> go = false;
  std::vector<SharedContent> got(4);
  {
    std::vector<std::jthread> threads;
    for (SharedContent& mine : got)
      threads.emplace_back([&] {
        mine = *round.get({}, [&]() -> Result<SharedContent> {
          ++loads;
          go.wait(false);
          return std::make_shared<const Content>();
        });
      });
    go = true;
    go.notify_all();
  }
  EXPECT_EQ(loads, 1);
  for (const SharedContent& mine : got) EXPECT_EQ(mine, got.front());
}

TEST(RoundContent, whoIsToStopDoesNotWait) {
  RoundContent round;
  std::stop_source stop;
  std::atomic<bool> loading = false, go = false;
  std::jthread slow([&] {
    (void)round.get({}, [&]() -> Result<SharedContent> {
      loading = true;
      loading.notify_all();
      go.wait(false);
      return std::make_shared<const Content>();
    });
  });
  loading.wait(false);
  stop.request_stop();
  const auto answer = round.get(stop.get_token(), []() -> Result<SharedContent> {
    return Error{ErrorCode::kCancelled, "stopped"};
  });
  EXPECT_FALSE(answer);
  go = true;
  go.notify_all();
}

}  // namespace
}  // namespace rollcall
