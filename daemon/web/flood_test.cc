// The web server under peers that mean harm: it must go on answering scrapes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
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
    const std::set<std::string> before = threads();
    auto started = startWebServer(
        "127.0.0.1:0",
        makeReportPages({[] { return std::shared_ptr<const Board>(); },
                         [] { return "# " + std::string(kMetricsBytes, 'x') + "\n"; },
                         [] { return true; }, [] { return true; }}));
    EXPECT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
    for (const std::string& each : threads())
      if (!before.contains(each)) serverThread_ = each;
  }
  std::uint16_t port() const { return server_->port(); }

  // Scrapes once and on until `until`; how long the slowest took.
  milliseconds slowestScrape(steady_clock::time_point until) {
    milliseconds slowest{0};
    do {
      slowest = std::max(slowest, scrape());
    } while (steady_clock::now() < until);
    return slowest;
  }

  std::unique_ptr<WebServer> server_;

 private:
  // Without the time in which the server or whoever scrapes could have worked and had no core: what
  // else this machine does is no fault of the server's.
  milliseconds scrape() {
    const auto before = steady_clock::now();
    const auto coreless = withoutCore(serverThread_) + withoutCore("self");
    const std::string response = get(port(), "/metrics");
    const auto kept = withoutCore(serverThread_) + withoutCore("self") - coreless;
    const auto took = std::chrono::ceil<milliseconds>(steady_clock::now() - before);
    EXPECT_THAT(response.substr(0, 20), StartsWith("HTTP/1.1 200"));
    EXPECT_GT(response.size(), kMetricsBytes);
    return std::max(took - std::chrono::floor<milliseconds>(kept), milliseconds{0});
  }
  static std::set<std::string> threads() {
    std::set<std::string> all;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/task"))
      all.insert(each.path().filename());
    return all;
  }
  // How long the thread has waited for a core so far.
  static std::chrono::nanoseconds withoutCore(const std::string& thread) {
    std::ifstream file(thread == "self" ? "/proc/thread-self/schedstat"
                                        : "/proc/self/task/" + thread + "/schedstat");
    long ran = 0;
    long waited = 0;
    file >> ran >> waited;
    return std::chrono::nanoseconds(waited);
  }

  std::string serverThread_;
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

// What one peer does on a connection of its own, until the server ends that.
using Attack = std::function<void(TestClient&)>;

std::size_t answersIn(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find("HTTP/1.1 "); at != std::string_view::npos;
       at = text.find("HTTP/1.1 ", at + 1))
    ++count;
  return count;
}

void pipeline(TestClient& client) {
  static const std::string kRequests = [] {
    std::string all;
    for (int i = 0; i < 1'000; ++i) all += "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    return all;
  }();
  client.say(kRequests);
  const std::string heard = client.hearAll();
  EXPECT_EQ(answersIn(heard), 1u);
  EXPECT_THAT(heard.substr(0, 2'000), HasSubstr("Connection: close"));
}

void sendHugeHead(TestClient& client) {
  static const std::string kHead = [] {
    std::string head = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 100'000; ++i) head += "header: " + std::to_string(i) + "\r\n";
    return head;
  }();
  client.say(kHead);
  EXPECT_THAT(client.hearAll().substr(0, 20), StartsWith("HTTP/1.1 431"));
}

// Its answer may be lost: it goes on sending, and does not listen.
void sendEndlessBody(TestClient& client) {
  static const std::string kPiece(64 * 1024, 'x');
  if (!client.say("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n"))
    return;
  while (client.say(kPiece)) {
  }
}

// Attacks again and again, each time on a new connection.
class Attacker {
 public:
  Attacker(std::uint16_t port, Attack attack)
      : thread_([this, port, attack = std::move(attack)](std::stop_token stop) {
          for (; !stop.stop_requested(); ++attacks_) {
            TestClient client(port);
            attack(client);
          }
        }) {}
  std::size_t attacks() const { return attacks_; }

 private:
  std::atomic<std::size_t> attacks_ = 0;
  std::jthread thread_;
};

TEST_F(FloodTest, HugeHeadsAreRefusedWithoutBeingKept) {
  sendHugeHead(*std::make_unique<TestClient>(port()));
  const std::size_t before = residentMiB();
  const Attacker attacker(port(), sendHugeHead);
  milliseconds slowest{0};
  while (attacker.attacks() < 50) slowest = std::max(slowest, slowestScrape(steady_clock::now()));
  EXPECT_LT(slowest, kPatience);
  EXPECT_LT(residentMiB(), before + std::size_t{kMemoryMiB});
}

TEST_F(FloodTest, WhoPipelinesGetsOneAnswerAndDelaysNobody) {
  std::array<Attacker, 4> attackers{Attacker(port(), pipeline), Attacker(port(), pipeline),
                                    Attacker(port(), pipeline), Attacker(port(), pipeline)};
  milliseconds slowest{0};
  while (attackers[0].attacks() < 25)
    slowest = std::max(slowest, slowestScrape(steady_clock::now()));
  EXPECT_LT(slowest, kPatience);
}

TEST_F(FloodTest, ABodyThatNeverEndsIsCutOffAndNotKept) {
  const std::size_t before = residentMiB();
  std::array<Attacker, 2> attackers{Attacker(port(), sendEndlessBody),
                                    Attacker(port(), sendEndlessBody)};
  milliseconds slowest{0};
  while (attackers[0].attacks() < 2 || attackers[1].attacks() < 2)
    slowest = std::max(slowest, slowestScrape(steady_clock::now()));
  EXPECT_LT(slowest, kPatience);
  EXPECT_LT(residentMiB(), before + std::size_t{kMemoryMiB});
}

TEST_F(FloodTest, HalfOpenConnectionsAreEndedByTheServer) {
  std::deque<TestClient> clients;
  for (int i = 0; i < 512; ++i) {
    clients.emplace_back(port());
    if (i % 2 == 0) clients.back().say("GET /metrics HTTP/1.1\r\nHost:");
  }
  const milliseconds slowest = slowestScrape(steady_clock::now() + milliseconds(200));
  EXPECT_LT(slowest, kPatience);
  for (TestClient& client : clients) EXPECT_EQ(client.hearAll(), "");
}

std::size_t openFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST_F(FloodTest, EverythingAtOnceDelaysNoScrapeCostsBoundedMemoryAndComesToAnEnd) {
  sendHugeHead(*std::make_unique<TestClient>(port()));
  pipeline(*std::make_unique<TestClient>(port()));
  const std::size_t files = openFiles();
  const std::size_t before = residentMiB();
  std::size_t most = before;
  milliseconds slowest{0};
  {
    const Drippers drippers(port(), 512);
    while (drippers.opened() < 512) std::this_thread::yield();
    std::deque<TestClient> readers;
    for (int i = 0; i < 200; ++i)
      readers.emplace_back(port(), 4096).say("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    const Attacker pipelining(port(), pipeline);
    const Attacker heads(port(), sendHugeHead);
    const Attacker bodies(port(), sendEndlessBody);
    const auto until = steady_clock::now() + seconds(3);
    while (steady_clock::now() < until || bodies.attacks() < 1 || pipelining.attacks() < 5) {
      slowest = std::max(slowest, slowestScrape(steady_clock::now() + milliseconds(100)));
      most = std::max(most, residentMiB());
    }
    std::printf("slowest scrape %d ms, %zu MiB more, %zu dripped, %zu pipelined, %zu heads\n",
                static_cast<int>(slowest.count()), most - before, drippers.opened(),
                pipelining.attacks(), heads.attacks());
  }
  EXPECT_LT(slowest, kPatience);
  // Answers (32 MiB) and heads of 1,024 connections (20 MiB), and what the attackers hold
  // themselves.
  EXPECT_LT(most, before + std::size_t{kMemoryMiB} + 32);
  const auto patience = steady_clock::now() + seconds(20);
  while (openFiles() > files && steady_clock::now() < patience)
    std::this_thread::sleep_for(milliseconds(20));
  EXPECT_LE(openFiles(), files);
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
