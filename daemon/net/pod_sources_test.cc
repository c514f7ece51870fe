#include "daemon/net/pod_sources.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <future>

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

using Addresses = Result<std::vector<std::string>>;

std::vector<std::string> addressesOf(const Topology& topology) {
  std::vector<std::string> addresses;
  for (const Pod& pod : topology.pods) addresses.push_back(pod.address());
  return addresses;
}

TEST(ParsePodFlag, readsNameSchemeHostAndPort) {
  const auto pod = parsePodFlag("pod-1=https://[fd00::7]:2369");
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->name, "pod-1");
  EXPECT_EQ(pod->scheme, "https");
  EXPECT_EQ(pod->host, "fd00::7");
  EXPECT_EQ(pod->port, 2369);
}

TEST(ParsePodFlag, saysWhatToMend) {
  struct Row {
    std::string text;
    std::string message;
  };
  const Row rows[] = {
      {"http://10.0.0.7:2368", "write NAME=http://ADDRESS:PORT"},
      {"=http://10.0.0.7:2368", "is not a pod's name"},
      {"a b=http://10.0.0.7:2368", "is not a pod's name"},
      {"a\nb=http://10.0.0.7:2368", "is not a pod's name"},
      {"a=10.0.0.7:2368", "pod a: \"10.0.0.7:2368\" is not a usable URL"},
      {"a=http://10.0.0.7:99999", "the port must be a number"},
      {"a=http://10.0.0.7:2368/blog", "leave out the path \"/blog\""},
  };
  for (const Row& row : rows) {
    const auto pod = parsePodFlag(row.text);
    ASSERT_FALSE(pod) << row.text;
    EXPECT_EQ(pod.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(pod.error().message, HasSubstr(row.message));
  }
}

TEST(StaticPods, areTheSameAtEachCall) {
  ManualClock clock;
  const auto source = makeStaticPods({*parsePodFlag("a=http://10.0.0.7:2368")});
  for (int call = 0; call < 2; ++call) {
    const auto topology = source->pods(Deadline::after(clock, 1s));
    ASSERT_TRUE(topology);
    EXPECT_THAT(addressesOf(*topology), ElementsAre("10.0.0.7:2368"));
    EXPECT_EQ(topology->stale, "");
  }
}

TEST(DnsPods, refuseWhatIsNotAHostAndAPort) {
  ManualClock clock;
  for (const char* text : {"", "ghost", "ghost:", "ghost:0", "ghost:http", "http://ghost:1",
                           "[::1]", "::1:2368", ":2368", "ghost:1/x", "gh ost:1"}) {
    const auto source = makeDnsPods(clock, text, false);
    ASSERT_FALSE(source) << text;
    EXPECT_EQ(source.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(source.error().message, HasSubstr("is not a Service's HOST:PORT"));
  }
}

class DnsPodsTest : public testing::Test {
 protected:
  std::unique_ptr<PodSource> source(Resolver resolver, bool tls = false) {
    auto made = makeDnsPods(clock_, "ghost.blog:2368", tls, std::move(resolver));
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  Deadline soon() const { return Deadline::after(clock_, 5s); }

  ManualClock clock_{WallTime(0ms)};
};

TEST_F(DnsPodsTest, areNamedByTheirAddressSortedAndUnique) {
  const auto pods = source(
      [](const std::string& host) -> Addresses {
        EXPECT_EQ(host, "ghost.blog");
        return std::vector<std::string>{"10.0.0.9", "10.0.0.7", "10.0.0.9"};
      },
      true);
  const auto topology = pods->pods(soon());
  ASSERT_TRUE(topology);
  EXPECT_THAT(addressesOf(*topology), ElementsAre("10.0.0.7:2368", "10.0.0.9:2368"));
  EXPECT_EQ(topology->pods[0].name, "10.0.0.7");
  EXPECT_EQ(topology->pods[0].scheme, "https");
}

TEST_F(DnsPodsTest, areResolvedAnewAtEachCall) {
  auto calls = std::make_shared<std::atomic<int>>(0);
  const auto pods = source([calls](const std::string&) -> Addresses {
    return std::vector<std::string>{fmt::format("10.0.0.{}", ++*calls)};
  });
  EXPECT_THAT(addressesOf(*pods->pods(soon())), ElementsAre("10.0.0.1:2368"));
  EXPECT_THAT(addressesOf(*pods->pods(soon())), ElementsAre("10.0.0.2:2368"));
}

TEST_F(DnsPodsTest, keepTheLastListAndSayThatItIsOld) {
  auto fails = std::make_shared<std::atomic<bool>>(false);
  const auto pods = source([fails](const std::string&) -> Addresses {
    if (*fails) return Error{ErrorCode::kNotFound, "the name ghost.blog does not resolve"};
    return std::vector<std::string>{"10.0.0.7"};
  });
  ASSERT_TRUE(pods->pods(soon()));
  *fails = true;
  clock_.advance(60s);
  const auto topology = pods->pods(soon());
  ASSERT_TRUE(topology);
  EXPECT_THAT(addressesOf(*topology), ElementsAre("10.0.0.7:2368"));
  EXPECT_EQ(topology->stale,
            "the name ghost.blog does not resolve; the list is of 1970-01-01T00:00:00.000Z");
}

TEST_F(DnsPodsTest, anEmptyAnswerIsNoList) {
  const auto pods =
      source([](const std::string&) -> Addresses { return std::vector<std::string>{}; });
  const auto topology = pods->pods(soon());
  ASSERT_FALSE(topology);
  EXPECT_EQ(topology.error().code, ErrorCode::kNotFound);
}

// A name server that never answers until the test says so.
struct Hang {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::atomic<int> lookups = 0;
};

TEST_F(DnsPodsTest, aLookupThatHangsEndsAtTheDeadlineAndIsNotStartedTwice) {
  auto hang = std::make_shared<Hang>();
  const auto pods = source([hang](const std::string&) -> Addresses {
    ++hang->lookups;
    hang->released.wait();
    return std::vector<std::string>{"10.0.0.7"};
  });
  for (int call = 0; call < 2; ++call) {
    const auto topology = pods->pods(Deadline::after(clock_, 0s));
    ASSERT_FALSE(topology);
    EXPECT_EQ(topology.error().code, ErrorCode::kDeadlineExceeded);
    EXPECT_EQ(topology.error().message, "looking up ghost.blog took too long");
  }
  EXPECT_LE(hang->lookups, 1);
  hang->release.set_value();
  EXPECT_TRUE(pods->pods(soon()));
}

TEST_F(DnsPodsTest, doNotWaitForAHangingLookupWhenTheyEnd) {
  auto hang = std::make_shared<Hang>();
  {
    const auto pods = source([hang](const std::string&) -> Addresses {
      hang->released.wait();
      return std::vector<std::string>{};
    });
    ASSERT_FALSE(pods->pods(Deadline::after(clock_, 0s)));
  }
  hang->release.set_value();
}

TEST(SystemResolver, knowsLiteralsAndLocalhost) {
  const Resolver resolve = systemResolver();
  EXPECT_THAT(*resolve("127.0.0.1"), ElementsAre("127.0.0.1"));
  EXPECT_THAT(*resolve("::1"), ElementsAre("::1"));
  EXPECT_THAT(*resolve("localhost"), ElementsAre("127.0.0.1"));
}

TEST(SystemResolver, aNameThatDoesNotExistIsAnErrorThatNamesIt) {
  const auto answer = systemResolver()("no..such..host");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("no..such..host"));
}

}  // namespace
}  // namespace rollcall
