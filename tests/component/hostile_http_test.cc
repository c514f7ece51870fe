// What the outbound HTTP client does when the other side is broken or wicked.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <zlib.h>

#include <atomic>
#include <deque>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>

#include "daemon/net/http_client.h"
#include "tests/support/hostile_server.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using namespace testing_support;
using testing::HasSubstr;

constexpr Duration kTimeout = 1500ms;
constexpr Duration kAmple = 15s;  // where no clock is to decide
constexpr std::size_t kGood = 10;
constexpr std::size_t kChunk = 64 * 1024;
const std::string kOk = "HTTP/1.1 200 OK\r\n";

// Sends `head`, then `piece` again and again until the client has had enough.
HostileServer::Behaviour endless(std::string head, std::string piece,
                                 std::chrono::milliseconds pause = 0ms) {
  return [=](Connection& peer) {
    if (!peer.readRequest() || !peer.send(head)) return;
    while (peer.send(piece) && (pause == 0ms || peer.pause(pause))) {
    }
  };
}

HostileServer::Behaviour dripping(std::string text) {
  return [=](Connection& peer) {
    if (!peer.readRequest()) return;
    for (const char byte : text)
      if (!peer.send({&byte, 1}) || !peer.pause(100ms)) return;
  };
}

HostileServer::Behaviour silent() {
  return [](Connection& peer) {
    peer.readRequest();
    peer.pause(1h);
  };
}

HostileServer::Behaviour resetting(std::string text) {
  return [=](Connection& peer) {
    if (!peer.readRequest()) return;
    peer.send(text);
    peer.reset();
  };
}

HostileServer::Behaviour manyHeaders(int lines) {
  return [=](Connection& peer) {
    if (!peer.readRequest() || !peer.send(kOk)) return;
    for (int line = 0; line < lines; ++line)
      if (!peer.send(fmt::format("X-{}: y\r\n", line))) return;
    peer.send("Content-Length: 0\r\n\r\n");
  };
}

// Sends `head`, then a `piece` now and then for as long as `goOn` says so, and closes.
HostileServer::Behaviour slowWhile(std::function<bool()> goOn, std::string head,
                                   std::string piece) {
  return [=](Connection& peer) {
    if (!peer.readRequest() || !peer.send(head)) return;
    while (goOn() && peer.send(piece) && peer.pause(10ms)) {
    }
  };
}

// A gzip stream of `megabytes` MiB of zeros, packed while it is sent.
HostileServer::Behaviour gzipBomb(int megabytes) {
  return [=](Connection& peer) {
    if (!peer.readRequest() || !peer.send(kOk + "Content-Encoding: gzip\r\n\r\n")) return;
    constexpr int kGzip = 16;
    z_stream packer{};
    ::deflateInit2(&packer, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzip, 8, Z_DEFAULT_STRATEGY);
    std::string zeros(kChunk, '\0');
    std::string packed(kChunk, '\0');
    bool heard = true;
    for (int piece = 0; heard && piece < megabytes * 16; ++piece) {
      packer.next_in = reinterpret_cast<Bytef*>(zeros.data());
      packer.avail_in = kChunk;
      packer.next_out = reinterpret_cast<Bytef*>(packed.data());
      packer.avail_out = kChunk;
      ::deflate(&packer, Z_SYNC_FLUSH);
      heard = peer.send({packed.data(), kChunk - packer.avail_out});
    }
    ::deflateEnd(&packer);
  };
}

std::string numbers(std::size_t count, std::string_view text) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

struct Row {
  std::string name;
  HostileServer::Behaviour behaviour;
  ErrorCode code;
  std::string message;  // a part of it
};

std::vector<Row> hostilePeers() {
  constexpr auto kProtocol = ErrorCode::kProtocol;
  constexpr auto kUnavailable = ErrorCode::kUnavailable;
  constexpr auto kLate = ErrorCode::kDeadlineExceeded;
  const std::string late = "no answer within 1.5 s (connected, ";
  const std::string chunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";
  return {
      {"neverAnswers", silent(), kLate, late + "0 bytes received)"},
      {"dripsItsAnswer", dripping(answer(200, "hello")), kLate, late},
      {"dripsItsFirstLine", endless("HTTP/1.1 200 ", "y", 100ms), kLate, late},
      {"dripsAHeader", endless(kOk + "X: ", "y", 100ms), kLate, late},
      {"dripsHeaderLines", endless(kOk, "X: y\r\n", 100ms), kLate, late},
      {"dripsItsBody", endless(kOk + "Content-Length: 1000\r\n\r\n", "y", 100ms), kLate, late},
      {"promisesMoreThanItSends", endless(kOk + "Content-Length: 1000\r\n\r\nx", "", 100ms), kLate,
       late + "42 bytes received)"},
      {"sendsAnEndlessFirstLine", endless("HTTP/1.1 200 ", std::string(kChunk, 'y')), kProtocol,
       "a header line that does not end"},
      {"sendsAnEndlessHeader", endless(kOk + "X: ", std::string(kChunk, 'y')), kProtocol,
       "a header line that does not end"},
      {"sendsEndlessHeaders", endless(kOk, numbers(64, "X: " + std::string(1000, 'y') + "\r\n")),
       kProtocol, "more than 64 KiB of headers"},
      {"sends200000HeaderLines", manyHeaders(200'000), kProtocol, "more than 256 header lines"},
      {"sendsEndlessInterimAnswers", endless("", "HTTP/1.1 100 Continue\r\n\r\n"), kProtocol,
       "more than 256 header lines"},
      {"sends300MegabytesWithTheirLength",
       endless(kOk + "Content-Length: 314572800\r\n\r\n", std::string(kChunk, 'y')), kProtocol,
       "larger than 2 MiB"},
      {"sendsWithoutAnEnd", endless(kOk + "\r\n", std::string(kChunk, 'y')), kProtocol,
       "larger than 2 MiB"},
      {"sendsEndlessChunks", endless(chunked, "10000\r\n" + std::string(kChunk, 'y') + "\r\n"),
       kProtocol, "larger than 2 MiB"},
      {"sendsAGzipBomb", gzipBomb(300), kProtocol, "larger than 2 MiB"},
      {"sendsEndlessTrailers", endless(chunked + "0\r\n", numbers(100, "X: y\r\n")), kProtocol,
       "more than 256 header lines"},
      {"sendsAnEndlessChunkExtension", endless(chunked + "5;", std::string(kChunk, 'y')), kLate,
       late},
      {"namesALengthThatIsNoNumber", answering(kOk + "Content-Length: abc\r\n\r\n"), kProtocol,
       "Content-Length"},
      {"namesALengthThatIsNotOnlyANumber", answering(kOk + "Content-Length: 5abc\r\n\r\nhello"),
       kProtocol, "Content-Length is not a number"},
      {"namesANegativeLength", answering(kOk + "Content-Length: -5\r\n\r\nhello"), kProtocol,
       "Content-Length"},
      {"namesTwoLengths", answering(kOk + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
       kProtocol, "two different Content-Length"},
      {"namesALengthBeyondAllNumbers",
       answering(kOk + "Content-Length: 99999999999999999999999\r\n\r\n"), kProtocol,
       "Content-Length"},
      {"sendsNonsenseAsAChunk", answering(chunked + "zz\r\nhello\r\n0\r\n\r\n"), kProtocol,
       "chunked framing is malformed"},
      {"sendsAChunkBeyondAllNumbers", answering(chunked + "fffffffffffffffffffff\r\nhello"),
       kProtocol, "chunked framing is malformed"},
      {"sendsAChunkLongerThanItSays", answering(chunked + "2\r\nhello\r\n0\r\n\r\n"), kProtocol,
       "chunked framing is malformed"},
      {"answersLikeHttp09", sayingAndClosing("<html>welcome</html>"), kProtocol, "HTTP/0.9"},
      {"answersBinary", sayingAndClosing(std::string("\x16\x03\x01\x00\x02\x02\x46\r\n\r\n", 11)),
       kProtocol, ""},
      {"answersAnotherVersion", sayingAndClosing("HTTP/7.3 200 OK\r\n\r\nhello"), kProtocol, ""},
      {"answersWithoutAStatus", sayingAndClosing("HTTP/1.1 OK\r\n\r\nhello"), kProtocol, ""},
      {"answersAnOddStatus", answering("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"), kProtocol,
       ""},
      {"sendsAHeaderWithoutAColon", answering(kOk + "nonsense\r\nContent-Length: 0\r\n\r\n"),
       kProtocol, ""},
      {"sendsANulInAHeader",
       answering(kOk + std::string("X: a\0b\r\n", 8) + "Content-Length: 0\r\n\r\n"), kProtocol, ""},
      {"sendsBrokenGzip", answering(answer(200, "this is not gzip", "Content-Encoding: gzip\r\n")),
       kProtocol, ""},
      {"sendsAnUnknownEncoding", answering(answer(200, "hello", "Content-Encoding: sevenzip\r\n")),
       kProtocol, ""},
      {"acceptsAndCloses", [](Connection&) {}, kUnavailable, "the connection was"},
      {"readsAndCloses", sayingAndClosing(""), kUnavailable,
       "the connection was closed without an answer"},
      {"readsAndResets", resetting(""), kUnavailable, "the connection was reset"},
      {"closesInItsHeaders", sayingAndClosing(kOk + "X: y\r\n"), kUnavailable,
       "the connection was"},
      {"closesInItsBody", sayingAndClosing(kOk + "Content-Length: 1000\r\n\r\nhello"), kUnavailable,
       "closed in the middle of the answer (46 bytes received)"},
      {"closesInAChunk", sayingAndClosing(chunked + "10\r\nhello"), kUnavailable,
       "closed in the middle of the answer"},
      {"closesBeforeTheLastChunk", sayingAndClosing(chunked + "5\r\nhello\r\n"), kUnavailable,
       "closed in the middle of the answer"},
      {"resetsInItsBody", resetting(kOk + "Content-Length: 1000\r\n\r\nhello"), kUnavailable,
       "the connection was"},
  };
}

// Peak resident memory in bytes since the last resetPeak().
std::size_t peakMemory() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "VmHWM:") {
      std::size_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

void resetPeak() {
  std::ofstream("/proc/self/clear_refs") << 5;
}

HttpRequest requestTo(std::uint16_t port, const std::string& queue) {
  HttpRequest request;
  request.url = "http://example.org/";
  request.connectHost = "127.0.0.1";
  request.connectPort = port;
  request.queue = queue;
  request.timeout = kTimeout;
  return request;
}

class HostilePeers : public testing::Test {
 protected:
  SystemClock clock_;
  std::unique_ptr<HttpClient> client_ = makeCurlClient(clock_, "rollcall/test");
};

TEST_F(HostilePeers, eachFailsAloneInTimeAndWithItsOwnSentence) {
  const std::vector<Row> rows = hostilePeers();
  std::deque<HostileServer> servers;
  for (const Row& row : rows) servers.emplace_back(row.behaviour);
  HostileServer good(answering(answer(200, "hello")));
  // Whoever waited for one of these would wait until its time is up.
  std::atomic<std::size_t> well = 0;
  const auto unheard = [&] { return well < kGood; };
  HostileServer saysNothing(slowWhile(unheard, "", ""));
  HostileServer drips(slowWhile(unheard, kOk + "Content-Length: 1000000\r\n\r\n", "y"));

  const auto batch = client_->batch({.parallel = 2});
  std::size_t answered = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    HttpRequest request = requestTo(servers[i].port(), rows[i].name);
    if (rows[i].code != ErrorCode::kDeadlineExceeded) request.timeout = kAmple;
    batch->add(std::move(request), [&, i](Result<HttpResponse> result) {
      ++answered;
      ASSERT_FALSE(result) << rows[i].name << " was answered " << result->status;
      EXPECT_EQ(result.error().code, rows[i].code)
          << rows[i].name << ": " << result.error().message;
      EXPECT_THAT(result.error().message, HasSubstr(rows[i].message)) << rows[i].name;
    });
  }
  for (const auto port : {saysNothing.port(), drips.port()}) {
    HttpRequest request = requestTo(port, fmt::format("slow {}", port));
    request.timeout = kAmple;
    batch->add(std::move(request), [&](Result<HttpResponse> result) {
      ASSERT_FALSE(result);
      EXPECT_EQ(well, kGood) << "the good peer waited for a slow one";
      EXPECT_EQ(result.error().code, ErrorCode::kUnavailable) << result.error().message;
    });
  }
  for (std::size_t i = 0; i < kGood; ++i) {
    HttpRequest request = requestTo(good.port(), "good");
    request.timeout = kAmple;
    batch->add(std::move(request), [&](Result<HttpResponse> result) {
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_EQ(result->body, "hello");
      ++well;
    });
  }

  resetPeak();
  const std::size_t before = peakMemory();
  const MonoTime start = clock_.mono();
  batch->drive(Deadline::after(clock_, 60s), {});
  const Duration took = clock_.mono() - start;
  const std::size_t grown = peakMemory() - std::min(before, peakMemory());

  EXPECT_EQ(answered, rows.size());
  EXPECT_EQ(well, kGood);
  EXPECT_LT(took, 20s) << formatDuration(took);
  std::cout << "memory grew by " << (grown >> 10) << " KiB in " << formatDuration(took) << "\n";
  if (kSanitized)
    std::cout << "not asserted: a sanitizer keeps freed memory\n";
  else
    EXPECT_LT(grown, 64u << 20);
}

TEST_F(HostilePeers, aRedirectLoopIsAnsweredWithItsFirstRedirect) {
  HostileServer server(answering(answer(301, "", "Location: /\r\n")));
  const auto batch = client_->batch({});
  int status = 0;
  batch->add(requestTo(server.port(), "a"), [&](Result<HttpResponse> result) {
    ASSERT_TRUE(result);
    status = result->status;
    EXPECT_EQ(result->header("location"), "/");
  });
  batch->drive(Deadline::after(clock_, 10s), {});
  EXPECT_EQ(status, 301);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(HostilePeers, aRedirectToAFileIsNotFollowed) {
  HostileServer server(answering(answer(302, "", "Location: file:///etc/passwd\r\n")));
  const auto batch = client_->batch({});
  int status = 0;
  batch->add(requestTo(server.port(), "a"),
             [&](Result<HttpResponse> result) { status = result ? result->status : -1; });
  batch->drive(Deadline::after(clock_, 10s), {});
  EXPECT_EQ(status, 302);
}

// A second answer that nobody asked for must not become the answer to the next request.
TEST_F(HostilePeers, anUnaskedAnswerIsNotTakenForTheNextOne) {
  HostileServer server([](Connection& peer) {
    while (const auto request = peer.readRequest()) {
      const bool first = request->starts_with("GET /first ");
      if (!peer.send(answer(200, first ? "first" : "second") + answer(200, "forged"))) return;
    }
  });
  for (const auto& [path, expected] : {std::pair("first", "first"), std::pair("next", "second")}) {
    const auto batch = client_->batch({});
    HttpRequest request = requestTo(server.port(), "a");
    request.url += path;
    std::string body;
    batch->add(std::move(request),
               [&](Result<HttpResponse> result) { body = result ? result->body : "error"; });
    batch->drive(Deadline::after(clock_, 10s), {});
    EXPECT_EQ(body, expected);
  }
}

}  // namespace
}  // namespace rollcall
