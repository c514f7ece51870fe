#include "daemon/db/host_lookup.h"

#include <gtest/gtest.h>
#include <netdb.h>

#include <atomic>
#include <future>

namespace rollcall {
namespace {

class HostLookupTest : public ::testing::Test {
 protected:
  std::optional<Error> check(HostLookup& lookup, const std::string& host,
                             Duration in = std::chrono::seconds(10)) {
    return lookup.check(clock_, host, Deadline::after(clock_, in), stop_.get_token());
  }

  SystemClock clock_;
  std::stop_source stop_;
};

TEST_F(HostLookupTest, DoesNotAskForNumericAddresses) {
  std::atomic<int> asked{0};
  HostLookup lookup([&](const std::string&) { return ++asked; });
  EXPECT_FALSE(check(lookup, "127.0.0.1"));
  EXPECT_FALSE(check(lookup, "::1"));
  EXPECT_EQ(asked, 0);
}

TEST_F(HostLookupTest, SaysNothingOfAHostThatHasAnAddress) {
  HostLookup lookup;
  EXPECT_FALSE(check(lookup, "localhost"));
}

TEST_F(HostLookupTest, SaysWhenThereIsNoSuchHost) {
  HostLookup lookup([](const std::string&) { return EAI_NONAME; });
  const auto error = check(lookup, "db.example");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kNotFound);
  EXPECT_EQ(error->message, "the database host \"db.example\" is unknown");
}

TEST_F(HostLookupTest, TellsAFailingResolverFromAnUnknownHost) {
  HostLookup lookup([](const std::string&) { return EAI_AGAIN; });
  const auto error = check(lookup, "db.example");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kUnavailable);
}

TEST_F(HostLookupTest, EndsByTheDeadlineAndAsksOnceWhileTheResolverHangs) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  auto asked = std::make_shared<std::atomic<int>>(0);
  HostLookup lookup([released, asked](const std::string&) {
    ++*asked;
    released.wait();
    return 0;
  });
  for (int i = 0; i < 2; ++i) {
    const auto error = check(lookup, "db.example", std::chrono::milliseconds(50));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::kDeadlineExceeded);
  }
  release.set_value();
  EXPECT_FALSE(check(lookup, "db.example"));
  EXPECT_EQ(*asked, 1);
}

TEST_F(HostLookupTest, EndsWhenAskedToStop) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  HostLookup lookup([released](const std::string&) {
    released.wait();
    return 0;
  });
  stop_.request_stop();
  const auto error = check(lookup, "db.example");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kCancelled);
  release.set_value();
}

}  // namespace
}  // namespace rollcall
