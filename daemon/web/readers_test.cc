// A thousand readers of the largest page at once, and what that does to a scrape and to the rhythm
// of a check. `./dev bench readers` has the figures of a release build.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/run/engine.h"
#include "daemon/run/test_checks.h"
#include "daemon/web/report_pages.h"
#include "daemon/web/test_client.h"
#include "tests/support/sample_board.h"

namespace rollcall {
namespace {

using namespace testing_support;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kReaders = 1000;
constexpr milliseconds kInterval{100};  // of the check
constexpr seconds kLong{3};             // that each of the two phases takes at least

double inMs(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// That a scrape and a check may be late: on a machine at rest 100 ms, as `./dev bench` demands; a
// build for tests beside other tests gets a second.
Clock::duration mostDelay() {
  const char* set = std::getenv("ROLLCALL_MOST_DELAY_MS");
  return milliseconds(set ? std::atoi(set) : 1'000);
}

// When the check began to run.
class Rhythm {
 public:
  void beat() {
    std::lock_guard lock(mutex_);
    beats_.push_back(Clock::now());
  }
  std::size_t count() const {
    std::lock_guard lock(mutex_);
    return beats_.size();
  }
  // How much longer than the interval the longest pause from run number `from` on was.
  Clock::duration latest(std::size_t from) const {
    std::lock_guard lock(mutex_);
    Clock::duration latest{};
    for (std::size_t i = from + 1; i < beats_.size(); ++i)
      latest = std::max(latest, beats_[i] - beats_[i - 1] - kInterval);
    return latest;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Clock::time_point> beats_;
};

// The page changes each second: every tenth report goes to it.
class TenthOf final : public Sink {
 public:
  explicit TenthOf(Sink& next) : next_(next) {}
  void publish(const std::shared_ptr<const Report>& report,
               const CheckRun* latest) noexcept override {
    if (count_++ % 10 == 0) next_.publish(report, latest);
  }

 private:
  Sink& next_;
  int count_ = 0;
};

class Readers : public testing::Test {
 protected:
  Readers() {
    services_.clock = &clock_;
    services_.podSource = std::make_unique<FakePodSource>(sampleTopology(50));
    services_.pods = std::make_unique<FakePodClient>();
    scripts()["pulse"] = [this](const CheckContext&) -> Result<Outcome> {
      rhythm_.beat();
      return sample_.checks[1].outcome;
    };
    config_ = configFor({&spec_});
    config_.checks.find("pulse")->second.interval = kInterval;
    engine_ = std::make_unique<Engine>(registry_, config_, services_, std::vector<Sink*>{&tenth_});
    thread_ = std::jthread([this](std::stop_token stop) { engine_->run(stop); });
    auto server =
        startWebServer("127.0.0.1:0", makeReportPages({.board = [this] { return board_.board(); },
                                                       .metrics = [] { return "x 1\n"; },
                                                       .live = [] { return true; },
                                                       .ready = [] { return true; }}));
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    while (rhythm_.count() < 2) std::this_thread::yield();
  }
  ~Readers() override { server_->stop(); }

  struct Delays {
    Clock::duration scrape{};
    Clock::duration check{};
  };
  // Goes on with `step` for kLong, and scrapes after each.
  template <class Step>
  Delays during(const Step& step) {
    Delays delays;
    const std::size_t from = rhythm_.count() - 1;
    for (const Clock::time_point start = Clock::now(); Clock::now() < start + kLong;) {
      step();
      const Clock::time_point asked = Clock::now();
      EXPECT_NE(get(server_->port(), "/metrics").find("x 1\n"), std::string::npos);
      delays.scrape = std::max(delays.scrape, Clock::now() - asked);
    }
    // The pause that is under way counts.
    const std::size_t known = rhythm_.count();
    while (rhythm_.count() == known) std::this_thread::yield();
    delays.check = rhythm_.latest(from);
    return delays;
  }

  const Report sample_ = sampleMany();
  const SystemClock clock_;
  Rhythm rhythm_;
  CheckSpec spec_ = specFor("pulse");
  CheckRegistry registry_{{&spec_}};
  Config config_;
  Services services_;
  StatusBoard board_;
  TenthOf tenth_{board_};
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<WebServer> server_;
  std::jthread thread_;  // last: the engine ends before what it uses
};

TEST_F(Readers, AThousandOfThemDoNotDelayACheckOrAScrape) {
  const Delays quiet = during([] { std::this_thread::sleep_for(milliseconds(20)); });
  std::vector<std::unique_ptr<TestClient>> readers;
  int served = 0;
  std::size_t next = kReaders;  // whose answer is awaited
  const Delays busy = during([&] {
    if (next == kReaders) {
      readers.clear();
      for (int i = 0; i < kReaders; ++i) {
        readers.push_back(std::make_unique<TestClient>(server_->port()));
        EXPECT_TRUE(
            readers.back()->say("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"));
      }
      next = 0;
    }
    for (int i = 0; i < 50; ++i) {
      const std::string answer = readers[next++]->hearResponse();
      EXPECT_NE(answer.find("Content-Encoding: gzip\r\n"), std::string::npos);
      ++served;
    }
  });
  double load = 0;
  ::getloadavg(&load, 1);
  std::cout << "load " << load << "; " << served << " readers, " << kReaders
            << " at once; latest check " << inMs(busy.check) << " ms (quiet " << inMs(quiet.check)
            << " ms, ratio " << inMs(busy.check) / inMs(quiet.check) << "), slowest scrape "
            << inMs(busy.scrape) << " ms (quiet " << inMs(quiet.scrape) << " ms, ratio "
            << inMs(busy.scrape) / inMs(quiet.scrape) << ")\n";
  EXPECT_GE(served, kReaders);
  EXPECT_LT(inMs(busy.check), inMs(mostDelay()));
  EXPECT_LT(inMs(busy.scrape), inMs(mostDelay()));
}

}  // namespace
}  // namespace rollcall
