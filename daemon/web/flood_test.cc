// The web server under peers that mean harm: it must go on answering scrapes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <deque>
#include <fstream>
#include <thread>

#include "daemon/web/report_pages.h"
#include "daemon/web/test_client.h"

namespace rollcall {
namespace {

using namespace testing_support;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t kMetricsBytes = 256 * 1024;  // some 2,000 series
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr seconds kPatience{5};  // sanitizers make every copy slow and hold on to freed memory
constexpr long kMemoryMiB = 400;
#else
constexpr seconds kPatience{1};
constexpr long kMemoryMiB = 64;
#endif

std::size_t residentMiB() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) >> 20;
}

class FloodTest : public ::testing::Test {
 protected:
  FloodTest() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
    ::setrlimit(RLIMIT_NOFILE, &files);
    auto started = startWebServer(
        "127.0.0.1:0",
        makeReportPages({[] { return std::shared_ptr<const Board>(); },
                         [] { return "# " + std::string(kMetricsBytes, 'x') + "\n"; },
                         [] { return true; }, [] { return true; }}));
    EXPECT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
  }
  std::uint16_t port() const { return server_->port(); }

  // Scrapes until `until`; how long the slowest took.
  milliseconds slowestScrape(steady_clock::time_point until) {
    milliseconds slowest{0};
    while (steady_clock::now() < until) {
      const auto before = steady_clock::now();
      const std::string response = get(port(), "/metrics");
      const auto took = std::chrono::ceil<milliseconds>(steady_clock::now() - before);
      EXPECT_THAT(response.substr(0, 20), StartsWith("HTTP/1.1 200"));
      EXPECT_GT(response.size(), kMetricsBytes);
      slowest = std::max(slowest, took);
    }
    return slowest;
  }

  std::unique_ptr<WebServer> server_;
};

// Keeps `count` connections open, each saying a byte every 0.3 s; opens a new one for each that
// the server ends.
class Drippers {
 public:
  Drippers(std::uint16_t port, std::size_t count)
      : thread_([=, this](std::stop_token stop) { drip(port, count, stop); }) {}
  std::size_t opened() const { return opened_; }

 private:
  void drip(std::uint16_t port, std::size_t count, std::stop_token stop) {
    std::deque<TestClient> clients;
    while (!stop.stop_requested()) {
      const auto next = steady_clock::now() + milliseconds(300);
      std::erase_if(clients, [](TestClient& client) { return !client.say("x"); });
      for (; clients.size() < count && !stop.stop_requested(); ++opened_)
        clients.emplace_back(port);
      std::this_thread::sleep_until(next);
    }
  }

  std::atomic<std::size_t> opened_ = 0;
  std::jthread thread_;
};

TEST_F(FloodTest, AScrapeIsAnsweredWithinASecondWhile512ConnectionsDrip) {
  const Drippers drippers(port(), 512);
  while (drippers.opened() < 512) std::this_thread::yield();
  const milliseconds slowest = slowestScrape(steady_clock::now() + seconds(4));
  std::printf("slowest scrape %d ms, %zu connections opened\n", static_cast<int>(slowest.count()),
              drippers.opened());
  EXPECT_GE(drippers.opened(), 1024u) << "the server should have ended the first ones by now";
  EXPECT_LT(slowest, kPatience);
}

TEST_F(FloodTest, AScrapeIsAnsweredThoughFarMoreDripThanTheServerHolds) {
  const Drippers drippers(port(), 2000);
  while (drippers.opened() < 2000) std::this_thread::yield();
  const milliseconds slowest = slowestScrape(steady_clock::now() + seconds(3));
  std::printf("slowest scrape %d ms, %zu connections opened\n", static_cast<int>(slowest.count()),
              drippers.opened());
  EXPECT_LT(slowest, kPatience);
}

TEST_F(FloodTest, SlowReadersCostBoundedMemoryAndDelayNobody) {
  EXPECT_THAT(get(port(), "/metrics").substr(0, 20), StartsWith("HTTP/1.1 200"));
  const std::size_t before = residentMiB();
  std::deque<TestClient> readers;
  for (int i = 0; i < 400; ++i) {
    readers.emplace_back(port(), 4096).say("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  const milliseconds slowest = slowestScrape(steady_clock::now() + seconds(1));
  const auto grown = static_cast<long>(residentMiB()) - static_cast<long>(before);
  std::printf("slowest scrape %d ms, %ld MiB more\n", static_cast<int>(slowest.count()), grown);
  EXPECT_LT(slowest, kPatience);
  EXPECT_LT(grown, kMemoryMiB);  // of 100 MiB of answers, 32 are kept
}

TEST_F(FloodTest, HugeHeadsAreRefusedWithoutBeingKept) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 100'000; ++i) head += "header: " + std::to_string(i) + "\r\n";
  const std::size_t before = residentMiB();
  std::atomic<bool> done = false;
  std::jthread attacker([&] {
    for (int i = 0; i < 50; ++i) {
      TestClient client(port());
      client.say(head);
      EXPECT_THAT(client.hearAll().substr(0, 20), StartsWith("HTTP/1.1 431"));
    }
    done = true;
  });
  milliseconds slowest{0};
  while (!done) slowest = std::max(slowest, slowestScrape(steady_clock::now()));
  EXPECT_LT(slowest, kPatience);
  EXPECT_LT(residentMiB(), before + std::size_t{kMemoryMiB});
}

TEST_F(FloodTest, StopReturnsWithinASecondWithEveryKindOfConnectionOpen) {
  auto drippers = std::make_unique<Drippers>(port(), 300);
  while (drippers->opened() < 300) std::this_thread::yield();
  std::deque<TestClient> readers;
  for (int i = 0; i < 20; ++i)
    readers.emplace_back(port(), 4096).say("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto before = steady_clock::now();
  server_->stop();
  EXPECT_LT(steady_clock::now() - before, seconds(1));
}

}  // namespace
}  // namespace rollcall
