#include "daemon/web/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "daemon/web/report_pages.h"
#include "daemon/web/test_client.h"
#include "tests/support/sample_board.h"

namespace rollcall {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

std::string bodyOf(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

class WebServerTest : public ::testing::Test {
 protected:
  WebServerTest() {
    WebContent content;
    content.board = [this]() -> std::shared_ptr<const Board> { return std::atomic_load(&board_); };
    content.metrics = [this]() -> std::string {
      if (broken_) throw std::runtime_error("secret detail");
      return "rollcall_database_up 1\n";
    };
    content.live = [this] { return live_.load(); };
    content.ready = [this] { return ready_.load(); };
    auto started = startWebServer("127.0.0.1:0", makeReportPages(content));
    EXPECT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
  }
  std::uint16_t port() const { return server_->port(); }

  std::shared_ptr<const Board> board_;
  std::atomic<bool> broken_ = false;
  std::atomic<bool> live_ = true;
  std::atomic<bool> ready_ = true;
  std::unique_ptr<WebServer> server_;
};

TEST_F(WebServerTest, ServesMetricsAsPrometheusText) {
  const std::string response = get(port(), "/metrics");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_EQ(bodyOf(response), "rollcall_database_up 1\n");
}

TEST_F(WebServerTest, TellsLifeAndReadinessWithTheirReasons) {
  EXPECT_THAT(get(port(), "/livez"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(port(), "/readyz"), StartsWith("HTTP/1.1 200"));
  live_ = ready_ = false;
  EXPECT_THAT(get(port(), "/livez"), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(bodyOf(get(port(), "/livez")), "the engine has not turned lately\n");
  EXPECT_THAT(get(port(), "/readyz"), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(bodyOf(get(port(), "/readyz")), "the first round of checks is not complete\n");
}

TEST(WebServerReport, ListsAsManyFindingsAsItWasTold) {
  WebContent content{.board = [] { return std::make_shared<const Board>(boardOf(sampleFail())); },
                     .metrics = [] { return std::string(); },
                     .live = [] { return true; },
                     .ready = [] { return true; },
                     .maxFindings = 2};
  auto server = startWebServer("127.0.0.1:0", makeReportPages(std::move(content)));
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_THAT(bodyOf(get((*server)->port(), "/api/v1/report")),
              HasSubstr("\"findings_omitted\": 5"));
  (*server)->stop();
}

TEST_F(WebServerTest, ServesTheNewestReportAndPage) {
  EXPECT_THAT(get(port(), "/api/v1/report"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(get(port(), "/api/v1/report"), HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(get(port(), "/"), HasSubstr("no check has completed yet"));
  std::atomic_store(&board_, std::make_shared<const Board>(boardOf(samplePass())));
  EXPECT_THAT(get(port(), "/api/v1/report"), HasSubstr("\"verdict\": \"pass\""));
  EXPECT_THAT(get(port(), "/"), HasSubstr("PASS: 3 pods"));
  std::atomic_store(&board_, std::make_shared<const Board>(boardOf(sampleFail())));
  EXPECT_THAT(get(port(), "/api/v1/report"), HasSubstr("\"verdict\": \"fail\""));
  EXPECT_THAT(get(port(), "/"), HasSubstr("FAIL: 5 posts"));
  EXPECT_THAT(get(port(), "/?x=1"), StartsWith("HTTP/1.1 200"));
}

TEST(WebServerVerdict, AnswersForTheChecksThatAreAskedFor) {
  WebContent content{.board = [] { return std::make_shared<const Board>(boardOf(sampleFail())); },
                     .metrics = [] { return std::string(); },
                     .live = [] { return true; },
                     .ready = [] { return true; },
                     .plan = {{"posts", {true, std::chrono::hours(1), std::chrono::hours(1)}}},
                     .now = [] { return sampleTime(5); }};
  auto server = startWebServer("127.0.0.1:0", makeReportPages(std::move(content)));
  ASSERT_TRUE(server) << server.error().message;
  const auto ask = [&](const std::string& query) {
    return get((*server)->port(), "/api/v1/verdict" + query);
  };
  const std::string answer = ask("?check=posts&pod=pod-2&after=2026-01-01T10:00:00.000Z");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(answer, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(answer, HasSubstr("\"verdict\": \"fail\""));
  EXPECT_THAT(ask("?check=posts&max_age=4s"), HasSubstr("\"verdict\": \"inconclusive\""));
  EXPECT_THAT(ask("?check=%22%0a%3Cb%3E"), StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(bodyOf(ask("?check=p%22%0asts")),
            "{\"error\":\"there is no check \\\"p\\\" sts\\\"; known are: posts\"}\n");
}

TEST_F(WebServerTest, SendsHeadersThatKeepBrowsersFromDoingMore) {
  for (const char* path : {"/", "/metrics", "/nothing", "/api/v1/report", "/api/v1/verdict"}) {
    const std::string response = get(port(), path);
    for (const char* header :
         {"Cache-Control: no-store\r\n", "X-Content-Type-Options: nosniff\r\n",
          "Referrer-Policy: no-referrer\r\n", "Content-Security-Policy: default-src 'none';",
          "frame-ancestors 'none'"})
      EXPECT_THAT(response, HasSubstr(header)) << path;
  }
}

TEST_F(WebServerTest, PacksThePageForThoseWhoTakeThat) {
  const auto asked = [this](const std::string& accepted) {
    TestClient client(port());
    client.say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: " + accepted +
               "\r\n\r\n");
    return client.hearAll();
  };
  for (const char* accepted : {"gzip", "gzip, deflate, br, zstd", "br, gzip"})
    EXPECT_THAT(asked(accepted), HasSubstr("Content-Encoding: gzip\r\n")) << accepted;
  for (const char* accepted : {"identity", "br", "gzip;q=0", "x-gzip"})
    EXPECT_THAT(asked(accepted), HasSubstr("<!DOCTYPE html>")) << accepted;
}

TEST_F(WebServerTest, AnswersHeadWithoutABody) {
  const std::string response = get(port(), "/metrics", "HEAD");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Length: 23\r\n"));
  EXPECT_EQ(bodyOf(response), "");
}

TEST_F(WebServerTest, RefusesOtherMethodsAndUnknownPaths) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const std::string response = get(port(), "/metrics", method);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 405")) << method;
    EXPECT_THAT(response, HasSubstr("Allow: GET, HEAD\r\n")) << method;
  }
  EXPECT_THAT(get(port(), "/admin"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(get(port(), "//"), StartsWith("HTTP/1.1 404"));
}

TEST_F(WebServerTest, HidesWhatWentWrongInside) {
  broken_ = true;
  const std::string response = get(port(), "/metrics");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(response, Not(HasSubstr("secret detail")));
}

TEST_F(WebServerTest, KeepsConnectionsAlive) {
  TestClient client(port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.say("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(bodyOf(client.hearResponse()), "live\n");
  }
}

TEST_F(WebServerTest, AnswersAPeerThatHasFinishedSending) {
  TestClient client(port());
  client.say("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
  client.sayNoMore();
  EXPECT_EQ(bodyOf(client.hearAll()), "live\n");
}

TEST_F(WebServerTest, TakesARequestInPieces) {
  TestClient client(port());
  for (const char* piece : {"GET /li", "vez HTTP/1.1\r", "\nHost: x\r\n\r", "\n"}) {
    ASSERT_TRUE(client.say(piece));
    EXPECT_EQ(client.hear(std::chrono::milliseconds(20)).empty(), std::string_view(piece) != "\n");
  }
}

struct BadRequest {
  const char* name;
  std::string text;
  const char* answer;
};

TEST_F(WebServerTest, RefusesWhatIsTooLongOrNoHttp) {
  std::string manyHeaders = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 100'000; ++i) manyHeaders += "a: b\r\n";
  const BadRequest rows[] = {
      {"100,000 headers", manyHeaders + "\r\n", "HTTP/1.1 431"},
      {"a request line of 10 kB", "GET /" + std::string(10'000, 'x') + " HTTP/1.1\r\n\r\n",
       "HTTP/1.1 414"},
      {"an endless request line", "GET /" + std::string(1'000'000, 'x'), "HTTP/1.1 431"},
      {"a header of 1 MB", "GET / HTTP/1.1\r\na: " + std::string(1'000'000, 'x'), "HTTP/1.1 431"},
      {"nonsense", "\x16\x03\x01 hello\r\n\r\n", "HTTP/1.1 400"},
      {"no version", "GET /\r\n\r\n", "HTTP/1.1 400"},
      {"a body", "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 413"},
      {"a chunked body", "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 413"},
      {"a post", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 405"},
      {"an odd range", "GET /livez HTTP/1.1\r\nRange: bytes=99999999999999999999-\r\n\r\n",
       "HTTP/1.1 416"}};
  for (const BadRequest& row : rows) {
    TestClient client(port());
    client.say(row.text);
    client.sayNoMore();
    EXPECT_THAT(client.hearAll(), StartsWith(row.answer)) << row.name;
  }
  EXPECT_THAT(get(port(), "/livez"), StartsWith("HTTP/1.1 200"));
}

TEST_F(WebServerTest, EndsConnectionsThatNeverFinishARequest) {
  TestClient client(port());
  client.say("GET /livez HTTP/1.1\r\n");
  EXPECT_EQ(client.hearAll(), "");
}

TEST_F(WebServerTest, StopsWithinASecondThoughConnectionsAreOpen) {
  TestClient idle(port());
  TestClient half(port());
  half.say("GET / HTT");
  EXPECT_THAT(get(port(), "/livez"), StartsWith("HTTP/1.1 200"));
  const auto before = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
  EXPECT_EQ(idle.hearAll(), "");
  EXPECT_FALSE(TestClient(port()).connected());
  server_->stop();
}

std::unique_ptr<WebPages> nothing() {
  return makeReportPages({[] { return std::shared_ptr<const Board>(); },
                          [] { return std::string(); }, [] { return true; }, [] { return true; }});
}

TEST(WebServerAddress, ListensOnIpv4Ipv6AndEverywhere) {
  for (const char* listen : {"127.0.0.1:0", ":0", "0.0.0.0:0", "localhost:0"}) {
    auto server = startWebServer(listen, nothing());
    ASSERT_TRUE(server) << listen << ": " << server.error().message;
    EXPECT_THAT(get((*server)->port(), "/livez"), StartsWith("HTTP/1.1 200")) << listen;
  }
}

TEST(WebServerAddress, AnIpv6WildcardServesIpv4Too) {
  auto server = startWebServer("[::]:0", nothing());
  if (!server) GTEST_SKIP() << "this machine has no IPv6: " << server.error().message;
  EXPECT_THAT(get((*server)->port(), "/livez"), StartsWith("HTTP/1.1 200"));
}

TEST(WebServerAddress, NamesWhatToMend) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "has no port"},
      {"9868", "has no port"},
      {"127.0.0.1:", "has no port between 0 and 65535"},
      {"127.0.0.1:http", "has no port between 0 and 65535"},
      {"127.0.0.1:65536", "has no port between 0 and 65535"},
      {"127.0.0.1:-1", "has no port between 0 and 65535"},
      {"::1:9868", "has an IPv6 address without [brackets]"},
      {"[]:9868", "has an IPv6 address without [brackets]"},
      {"192.0.2.1:0", "is not an address of this machine"},
      {"256.1.1.1:0", "names no address"}};
  for (const auto& [listen, why] : rows) {
    const auto server = startWebServer(listen, nothing());
    ASSERT_FALSE(server) << listen;
    EXPECT_EQ(server.error().code, ErrorCode::kInvalidArgument) << listen;
    EXPECT_THAT(server.error().message, HasSubstr(why)) << listen;
    EXPECT_THAT(server.error().message, HasSubstr("write ADDR:PORT")) << listen;
  }
}

TEST(WebServerAddress, SaysWhenAnotherProgramListensThere) {
  auto first = startWebServer("127.0.0.1:0", nothing());
  ASSERT_TRUE(first);
  const auto second = startWebServer("127.0.0.1:" + std::to_string((*first)->port()), nothing());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr("another program listens there"));
}

}  // namespace
}  // namespace rollcall
