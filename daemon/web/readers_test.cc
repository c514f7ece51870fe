// A thousand readers of the largest page at once, or five hundred scrapes a second, and what that
// does to a scrape and to the rhythm of a check. `./dev bench readers` and `./dev bench metrics`
// have the figures of a release build.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/run/engine.h"
#include "daemon/run/test_checks.h"
#include "daemon/sinks/metrics.h"
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
constexpr int kPods = 50;
constexpr milliseconds kScrapePause{2};  // 500 a second
constexpr milliseconds kInterval{100};   // of the check
constexpr seconds kLong{3};              // that each of the two phases takes at least

double inMs(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// That a scrape and a check may be late: on a machine at rest 100 ms, as `./dev bench` demands; a
// build for tests beside other tests gets a second.
Clock::duration mostDelay() {
  const char* set = std::getenv("ROLLCALL_MOST_DELAY_MS");
  return milliseconds(set ? std::atoi(set) : 1'000);
}

// What half of the scrapes may take: 10 ms in `./dev bench`; a build for tests gets more.
Clock::duration mostScrape() {
  const char* set = std::getenv("ROLLCALL_MOST_SCRAPE_MS");
  return milliseconds(set ? std::atoi(set) : 1'000);
}

// All that a pod can have in /metrics.
Outcome outcomeOfMany(const Report& sample) {
  Outcome outcome = sample.checks[1].outcome;
  for (const PodReport& one : sample.pods) {
    const std::string& pod = one.pod.name;
    outcome.tally.pods[pod] = {true, false, "5.130", sampleTime(-120)};
    outcome.tally.volumeUp[pod] = true;
    outcome.tally.volumes[pod] = {
        .writeSeconds = 0.004, .sizeBytes = 1000, .freeBytes = 400, .freeInodes = 30};
    for (const char* type : {"post", "page", "tag", "author"})
      for (const char* state : {"ok", "missing"})
        outcome.tally.podResources[{pod, type, state}] = 1024;
  }
  return outcome;
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
    services_.podSource = std::make_unique<FakePodSource>(sampleTopology(kPods));
    services_.pods = std::make_unique<FakePodClient>();
    for (const Pod& pod : sampleTopology(kPods).pods)
      for (const Reason reason :
           {Reason::kHealth, Reason::kView, Reason::kNewest, Reason::kSuspect, Reason::kSweep})
        asked_.asked.push_back({pod.name, "/", Door::kFront, reason});
    scripts()["pulse"] = [this](const CheckContext&) -> Result<Outcome> {
      rhythm_.beat();
      return outcome_;
    };
    config_ = configFor({&spec_});
    config_.checks.find("pulse")->second.interval = kInterval;
    engine_ = std::make_unique<Engine>(registry_, config_, services_,
                                       std::vector<Sink*>{&tenth_, &metrics_});
    thread_ = std::jthread([this](std::stop_token stop) { engine_->run(stop); });
    auto server = startWebServer("127.0.0.1:0",
                                 makeReportPages({.board = [this] { return board_.board(); },
                                                  .metrics = [this] { return metrics_.text(); },
                                                  .live = [] { return true; },
                                                  .ready = [] { return true; }}));
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    while (rhythm_.count() < 2) std::this_thread::yield();
  }
  ~Readers() override { server_->stop(); }

  struct Delays {
    std::vector<Clock::duration> scrapes;  // the quickest first
    Clock::duration check{};
    std::size_t bytes = 0;  // of a scrape
    double perSecond = 0;   // scrapes

    Clock::duration scrape(double share = 1) const {
      return scrapes[static_cast<std::size_t>(share * static_cast<double>(scrapes.size() - 1))];
    }
  };
  // Goes on with `step` for kLong, and scrapes after each.
  template <class Step>
  Delays during(const Step& step) {
    Delays delays;
    const std::size_t from = rhythm_.count() - 1;
    const Clock::time_point start = Clock::now();
    while (Clock::now() < start + kLong) {
      step();
      const Clock::time_point asked = Clock::now();
      const std::string answer = get(server_->port(), "/metrics");
      delays.scrapes.push_back(Clock::now() - asked);
      delays.bytes = answer.size();
      EXPECT_NE(answer.find("rollcall_pod_up{pod=\"pod-50\"} 1\n"), std::string::npos);
    }
    delays.perSecond =
        1000 * static_cast<double>(delays.scrapes.size()) / inMs(Clock::now() - start);
    std::ranges::sort(delays.scrapes);
    // The pause that is under way counts.
    const std::size_t known = rhythm_.count();
    while (rhythm_.count() == known) std::this_thread::yield();
    delays.check = rhythm_.latest(from);
    return delays;
  }

  const Report sample_ = sampleMany(kPods);
  const Outcome outcome_ = outcomeOfMany(sample_);
  const SystemClock clock_;
  Rhythm rhythm_;
  CheckSpec spec_ = specFor("pulse");
  CheckRegistry registry_{{&spec_}};
  Config config_;
  Services services_;
  StatusBoard board_;
  TenthOf tenth_{board_};
  FakePodClient asked_;
  Metrics metrics_{&asked_, &registry_};
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<WebServer> server_;
  std::jthread thread_;  // last: the engine ends before what it uses
};

double load() {
  double last = 0;
  ::getloadavg(&last, 1);
  return last;
}

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
  std::cout << "load " << load() << "; " << served << " readers, " << kReaders
            << " at once; latest check " << inMs(busy.check) << " ms (quiet " << inMs(quiet.check)
            << " ms, ratio " << inMs(busy.check) / inMs(quiet.check) << "), slowest scrape "
            << inMs(busy.scrape()) << " ms (quiet " << inMs(quiet.scrape()) << " ms, ratio "
            << inMs(busy.scrape()) / inMs(quiet.scrape()) << ")\n";
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "with this sanitizer a page takes ten times as long: only races were looked for";
#endif
  EXPECT_GE(served, kReaders);
  EXPECT_LT(inMs(busy.check), inMs(mostDelay()));
  EXPECT_LT(inMs(busy.scrape()), inMs(mostDelay()));
}

// The CPU time of this process is the daemon's and that of the scrapers together.
TEST_F(Readers, FiveHundredScrapesASecondDoNotDelayACheck) {
  const Delays quiet = during([] { std::this_thread::sleep_for(milliseconds(20)); });
  const std::clock_t cpu = std::clock();
  Clock::time_point next = Clock::now();
  const Delays busy = during([&] { std::this_thread::sleep_until(next += kScrapePause); });
  const auto count = static_cast<double>(busy.scrapes.size());
  std::cout << "load " << load() << "; " << busy.perSecond << " scrapes/s of " << busy.bytes
            << " bytes, " << kPods << " pods: p50 " << inMs(busy.scrape(0.5)) << " ms, p99 "
            << inMs(busy.scrape(0.99)) << " ms, slowest " << inMs(busy.scrape())
            << " ms, CPU a scrape, both sides "
            << 1000.0 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC / count
            << " ms; latest check " << inMs(busy.check) << " ms (quiet " << inMs(quiet.check)
            << " ms, ratio " << inMs(busy.check) / inMs(quiet.check) << ")\n";
  EXPECT_LT(inMs(busy.scrape(0.5)), inMs(mostScrape()));
  EXPECT_LT(inMs(busy.check), inMs(mostDelay()));
}

}  // namespace
}  // namespace rollcall
