// A thousand readers of the largest page at once, and what that does to a scrape.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <vector>

#include "daemon/web/report_pages.h"
#include "daemon/web/test_client.h"
#include "tests/support/sample_board.h"

namespace rollcall {
namespace {

using namespace testing_support;
using Clock = std::chrono::steady_clock;

constexpr int kReaders = 1000;
constexpr auto kMostDelay = std::chrono::milliseconds(1000);  // 100 on a machine at rest

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

TEST(Readers, AThousandOfThemDoNotDelayAScrape) {
  const auto board = std::make_shared<const Board>(boardOf(sampleMany()));
  auto server =
      startWebServer("127.0.0.1:0", makeReportPages({.board = [&] { return board; },
                                                     .metrics = [] { return std::string("x 1\n"); },
                                                     .live = [] { return true; },
                                                     .ready = [] { return true; }}));
  ASSERT_TRUE(server) << server.error().message;
  const std::uint16_t port = (*server)->port();

  std::vector<std::unique_ptr<TestClient>> readers;
  for (int i = 0; i < kReaders; ++i) readers.push_back(std::make_unique<TestClient>(port));
  const Clock::time_point start = Clock::now();
  for (auto& reader : readers)
    ASSERT_TRUE(reader->say("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip, br\r\n\r\n"));
  Clock::duration slowest{};
  int served = 0;
  for (int i = 0; i < kReaders; ++i) {
    if (i % 50 == 0) {
      const Clock::time_point asked = Clock::now();
      EXPECT_NE(get(port, "/metrics").find("x 1\n"), std::string::npos);
      slowest = std::max(slowest, Clock::now() - asked);
    }
    const std::string answer = readers[static_cast<std::size_t>(i)]->hearResponse();
    served += answer.find("Content-Encoding: gzip\r\n") != std::string::npos;
  }
  std::cout << served << " readers in " << milliseconds(Clock::now() - start)
            << " ms, the slowest scrape took " << milliseconds(slowest) << " ms\n";
  EXPECT_EQ(served, kReaders);
  EXPECT_LT(milliseconds(slowest), milliseconds(kMostDelay));
  (*server)->stop();
}

}  // namespace
}  // namespace rollcall
