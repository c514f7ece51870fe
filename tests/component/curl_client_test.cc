// The outbound HTTP client against well-behaved servers.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <thread>

#include "daemon/net/http_client.h"
#include "tests/support/hostile_server.h"

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

HttpRequest requestTo(std::uint16_t port, const std::string& queue = "a",
                      const std::string& path = "/") {
  HttpRequest request;
  request.url = "http://example.org" + path;
  request.connectHost = "127.0.0.1";
  request.connectPort = port;
  request.queue = queue;
  return request;
}

class CurlClientTest : public testing::Test {
 protected:
  Result<HttpResponse> ask(HttpRequest request, Duration deadline = 10s) {
    Result<HttpResponse> answered = Error{ErrorCode::kInternal, "done was not called"};
    const auto batch = client_->batch({});
    batch->add(std::move(request),
               [&](Result<HttpResponse> result) { answered = std::move(result); });
    batch->drive(Deadline::after(clock_, deadline), {});
    return answered;
  }

  SystemClock clock_;
  std::unique_ptr<HttpClient> client_ = makeCurlClient(clock_, "rollcall/1.2.3");
};

TEST_F(CurlClientTest, givesStatusHeadersAndBody) {
  HostileServer server(answering(answer(404, "gone", "X-One:  1 \r\nX-one: 2\r\n")));
  const auto response = ask(requestTo(server.port()));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "gone");
  EXPECT_EQ(response->header("x-one"), "1");
  EXPECT_EQ(response->header("x-two"), "");
  EXPECT_GT(response->took, 0ns);
}

TEST_F(CurlClientTest, sendsTheUrlAsItIsWithTheGivenHeaders) {
  HostileServer server(answering(answer(200, "")));
  HttpRequest request = requestTo(server.port(), "a", "/a/../%C3%BC/?q=1&key=x");
  request.headers = {{"Host", "admin.example.org:8443"}, {"X-Empty", ""}};
  ASSERT_TRUE(ask(std::move(request)));
  ASSERT_EQ(server.requests().size(), 1u);
  const std::string seen = server.requests()[0];
  EXPECT_THAT(seen, StartsWith("GET /a/../%C3%BC/?q=1&key=x HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\nHost: admin.example.org:8443\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("Host: example.org")));
  EXPECT_THAT(seen, HasSubstr("\r\nX-Empty:\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\nUser-Agent: rollcall/1.2.3\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\nAccept-Encoding: gzip\r\n"));
}

TEST_F(CurlClientTest, postsABody) {
  const std::string body("a\0b\xff\r\n\r\n", 8);
  HostileServer server([](Connection& peer) {
    peer.readRequest();
    peer.readRequest();  // the body, which ends as a request does
    peer.send(answer(201, "hello"));
  });
  HttpRequest post = requestTo(server.port());
  post.method = Method::kPost;
  post.body = body;
  post.headers = {{"Content-Type", "text/plain"}};
  const auto posted = ask(std::move(post));
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->body, "hello");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_THAT(requests[0], StartsWith("POST / HTTP/1.1\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("\r\nContent-Type: text/plain\r\n"));
  EXPECT_EQ(requests[1], body);
}

TEST_F(CurlClientTest, asksACacheToForget) {
  HostileServer server(answering(answer(200, "")));
  for (const Method method : {Method::kPurge, Method::kBan}) {
    HttpRequest request = requestTo(server.port(), "a", "/welcome/");
    request.method = method;
    ASSERT_TRUE(ask(std::move(request)));
  }
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_THAT(requests[0], StartsWith("PURGE /welcome/ HTTP/1.1\r\n"));
  EXPECT_THAT(requests[1], StartsWith("BAN /welcome/ HTTP/1.1\r\n"));
}

TEST_F(CurlClientTest, aRequestKnowsNothingOfTheOneBefore) {
  HostileServer server([](Connection& peer) {
    peer.readRequest();
    peer.readRequest();  // the body
    peer.send(answer(200, ""));
    while (peer.readRequest()) peer.send(answer(200, ""));
  });
  HttpRequest put = requestTo(server.port());
  put.method = Method::kPut;
  put.body = "{}\r\n\r\n";
  put.headers = {{"Content-Type", "application/json"}, {"Host", "other.example.org"}};
  ASSERT_TRUE(ask(std::move(put)));
  ASSERT_TRUE(ask(requestTo(server.port(), "a", "/next/")));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[2],
            "GET /next/ HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n"
            "User-Agent: rollcall/1.2.3\r\nAccept-Encoding: gzip\r\n\r\n");
}

TEST_F(CurlClientTest, oneUrlAfterAnotherIsSentAsItIs) {
  HostileServer server(answering(answer(200, "")));
  const std::pair<const char*, const char*> rows[] = {
      {"http://example.org/a/../?q=1&r[]=%2f",
       "GET /a/../?q=1&r[]=%2f HTTP/1.1\r\nHost: example.org\r\n"},
      {"http://example.org/\xc3\xbc/?a#b", "GET /%c3%bc/?a HTTP/1.1\r\nHost: example.org\r\n"},
      {"http://example.org/b/", "GET /b/ HTTP/1.1\r\nHost: example.org\r\n"},
      {"http://example.org?x/y", "GET /?x/y HTTP/1.1\r\nHost: example.org\r\n"},
      {"http://other.example.org:8080//", "GET // HTTP/1.1\r\nHost: other.example.org:8080\r\n"},
      {"http://example.org", "GET / HTTP/1.1\r\nHost: example.org\r\n"},
      {"HTTP://EXAMPLE.org/#a", "GET / HTTP/1.1\r\nHost: EXAMPLE.org\r\n"},
  };
  for (const auto& [url, sent] : rows) {
    HttpRequest request = requestTo(server.port());
    request.url = url;
    ASSERT_TRUE(ask(std::move(request))) << url;
    EXPECT_THAT(server.requests().back(), StartsWith(sent));
  }
}

TEST_F(CurlClientTest, everyRequestHasTheHeadersItWasGiven) {
  HostileServer server(answering(answer(200, "")));
  const auto sent = [&](const std::string& host,
                        std::vector<std::pair<std::string, std::string>> headers) {
    HttpRequest request = requestTo(server.port());
    request.url = "http://" + host + "/";
    request.headers = std::move(headers);
    EXPECT_TRUE(ask(std::move(request)));
    std::string seen = server.requests().back();
    return seen.substr(0, seen.find("\r\nAccept")) + seen.substr(seen.find("gzip") + 4);
  };
  const std::string get = "GET / HTTP/1.1\r\n";
  EXPECT_EQ(sent("a.org", {{"X", "1"}}), get + "Host: a.org\r\nX: 1\r\n\r\n");
  EXPECT_EQ(sent("a.org", {{"X", "1"}}), get + "Host: a.org\r\nX: 1\r\n\r\n");
  EXPECT_EQ(sent("a.org", {{"X", "2"}}), get + "Host: a.org\r\nX: 2\r\n\r\n");
  EXPECT_EQ(sent("a.org", {{"Host", "a.org"}}), get + "Host: a.org\r\n\r\n");
  EXPECT_EQ(sent("b.org", {{"Host", "a.org"}}), get + "Host: a.org\r\n\r\n");
  EXPECT_EQ(sent("b.org", {}), get + "Host: b.org\r\n\r\n");
  // One that is parsed whole stands between two of one origin.
  EXPECT_EQ(sent("a.org/#", {{"Host", "a.org"}}), get + "Host: a.org\r\n\r\n");
  EXPECT_EQ(sent("b.org", {{"Host", "a.org"}}), get + "Host: a.org\r\n\r\n");
}

TEST_F(CurlClientTest, unpacksGzip) {
  // printf hello | gzip -n
  const std::string packed(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05"
      "\x00\x00\x00",
      25);
  HostileServer server(answering(answer(200, packed, "Content-Encoding: gzip\r\n")));
  const auto response = ask(requestTo(server.port()));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "hello");
}

TEST_F(CurlClientTest, takesChunkedAndInterimAnswers) {
  HostileServer server(
      answering("HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Late: 2\r\n"
                "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-End: 3\r\n\r\n"));
  const auto response = ask(requestTo(server.port()));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->header("x-early"), "");
  EXPECT_EQ(response->header("x-late"), "2");
  EXPECT_EQ(response->header("x-end"), "");
}

TEST_F(CurlClientTest, aNotModifiedAnswerHasNoBodyAndKeepsTheConnection) {
  HostileServer server([](Connection& peer) {
    while (peer.readRequest() &&
           peer.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 5000000\r\n\r\n")) {
    }
  });
  for (int i = 0; i < 3; ++i) {
    const auto response = ask(requestTo(server.port()));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 304);
  }
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(CurlClientTest, handsTheBodyOverPieceByPieceWithoutKeepingIt) {
  HostileServer server(answering(answer(200, std::string(1 << 20, 'y'))));
  HttpRequest request = requestTo(server.port());
  std::size_t seen = 0;
  request.onBody = [&](std::string_view piece) {
    seen += piece.size();
    return true;
  };
  const auto response = ask(std::move(request));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(seen, 1u << 20);
  EXPECT_EQ(response->body, "");
}

TEST_F(CurlClientTest, tellsTheStatusOnceBeforeTheContentOfAnAnswerThatNeverEnds) {
  HostileServer server([](Connection& connection) {
    connection.readRequest();
    connection.send(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\n"
        "Transfer-Encoding: chunked\r\n\r\n1\r\ny\r\n");
    connection.pause(std::chrono::minutes(1));
  });
  HttpRequest request = requestTo(server.port());
  std::string heard;
  request.onHead = [&](int status) { heard += std::to_string(status); };
  request.onBody = [&](std::string_view piece) {
    heard += piece;
    return false;
  };
  EXPECT_FALSE(ask(std::move(request)));
  EXPECT_EQ(heard, "403y");
}

TEST_F(CurlClientTest, aReaderThatHasEnoughEndsTheTransfer) {
  HostileServer server(answering(answer(200, std::string(1 << 20, 'y'))));
  HttpRequest request = requestTo(server.port());
  request.onBody = [](std::string_view) { return false; };
  const auto response = ask(std::move(request));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kProtocol);
}

TEST_F(CurlClientTest, anExceptionOfTheReaderComesOutOfDrive) {
  HostileServer server(answering(answer(200, "hello")));
  HttpRequest request = requestTo(server.port());
  request.onBody = [](std::string_view) -> bool { throw std::runtime_error("from the reader"); };
  EXPECT_THROW((void)ask(std::move(request)), std::runtime_error);
}

TEST_F(CurlClientTest, acceptsABodyOfExactlyTheLimit) {
  HostileServer server(answering(answer(200, "hello")));
  HttpRequest request = requestTo(server.port());
  request.maxBytes = 5;
  EXPECT_TRUE(ask(request));
  request.maxBytes = 4;
  const auto refused = ask(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the answer is larger than 4 bytes");
}

TEST_F(CurlClientTest, saysThatTheConnectionWasRefusedAndWhere) {
  const std::uint16_t port = closedPort();
  const auto response = ask(requestTo(port));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(response.error().message, fmt::format("connection refused (127.0.0.1:{})", port));
}

// A listener whose queue is full neither accepts nor refuses.
TEST_F(CurlClientTest, saysThatNoConnectionCameAbout) {
  const FullListener listener;
  HttpRequest request = requestTo(listener.port());
  request.timeout = 300ms;
  const auto response = ask(std::move(request));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(response.error().message, "no answer within 300 ms (not connected)");
}

// Not only after the time that the answer may take.
TEST_F(CurlClientTest, givesUpAConnectionThatDoesNotComeAboutAfterTenSeconds) {
  const FullListener listener;
  HttpRequest request = requestTo(listener.port());
  request.timeout = 60s;
  const auto response = ask(std::move(request), 60s);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message, "no answer within 10.0 s (not connected)");
}

TEST_F(CurlClientTest, saysWhichNameDoesNotResolve) {
  HttpRequest request = requestTo(80);
  request.connectHost = "no..such..host";
  const auto response = ask(std::move(request));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(response.error().message, "the name no..such..host does not resolve");
}

// The descriptor of the one that was given up is the next one's.
TEST_F(CurlClientTest, aConnectionThatDidNotComeAboutIsOfNoConcernToALookup) {
  const FullListener listener;
  for (int round = 0; round < 3; ++round) {
    HttpRequest silent = requestTo(listener.port());
    silent.timeout = 50ms;
    EXPECT_FALSE(ask(std::move(silent)));
    HttpRequest nameless = requestTo(80);
    nameless.connectHost = "no..such..host";
    const auto response = ask(std::move(nameless));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().message, "the name no..such..host does not resolve");
  }
}

TEST_F(CurlClientTest, refusesWhatItCannotSendWithoutSendingIt) {
  HttpRequest control = requestTo(closedPort());
  control.headers = {{"X-One", "1\r\nX-Two: 2"}};
  HttpRequest file = requestTo(closedPort());
  file.url = "file:///etc/passwd";
  HttpRequest user = requestTo(closedPort());
  user.url = "http://user:secret@example.org/";
  HttpRequest space = requestTo(closedPort());
  space.url = "http://example.org/a b";
  for (const HttpRequest& request : {control, file, user, space}) {
    const auto response = ask(request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::kInvalidArgument) << response.error().message;
    EXPECT_THAT(response.error().message, Not(HasSubstr("secret")));
  }
}

TEST_F(CurlClientTest, takesNoProxyFromTheEnvironment) {
  HostileServer proxy(answering(answer(200, "from the proxy")));
  HostileServer server(answering(answer(200, "from the pod")));
  const std::string address = fmt::format("http://127.0.0.1:{}", proxy.port());
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"})
    ::setenv(name, address.c_str(), 1);
  const auto response = ask(requestTo(server.port()));
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "from the pod");
  EXPECT_EQ(proxy.connections(), 0u);
}

// Two pods differ only in where the client connects: an answer must never come from the other one.
TEST_F(CurlClientTest, keptConnectionsAreNeverUsedForAnotherPod) {
  HostileServer one(answering(answer(200, "one")));
  HostileServer two(answering(answer(200, "two")));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(ask(requestTo(one.port()))->body, "one");
    EXPECT_EQ(ask(requestTo(two.port()))->body, "two");
  }
  HttpRequest otherAddress = requestTo(one.port());
  otherAddress.connectHost = "127.0.0.2";
  EXPECT_FALSE(ask(otherAddress));
}

TEST_F(CurlClientTest, reusesConnectionsWithinABatchAndAcrossBatches) {
  HostileServer server(answering(answer(200, "hello")));
  for (int round = 0; round < 2; ++round) {
    const auto batch = client_->batch({.parallel = 1});
    for (int i = 0; i < 5; ++i)
      batch->add(requestTo(server.port()),
                 [](Result<HttpResponse> result) { EXPECT_TRUE(result); });
    batch->drive(Deadline::after(clock_, 10s), {});
  }
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(server.requests().size(), 10u);
}

TEST_F(CurlClientTest, aKeptConnectionThatWasClosedMeanwhileIsNoError) {
  HostileServer server(sayingAndClosing(answer(200, "hello")));
  for (int i = 0; i < 5; ++i) {
    const auto response = ask(requestTo(server.port()));
    ASSERT_TRUE(response) << response.error().message;
  }
  EXPECT_EQ(server.connections(), 5u);
}

double threadCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

TEST_F(CurlClientTest, aKeptConnectionThatClosesWhileOthersWaitIsLeftAlone) {
  HostileServer quick([](Connection& peer) {
    peer.readRequest();
    peer.send(answer(200, "hello"));
  });
  HostileServer slow([](Connection& peer) {
    peer.readRequest();
    std::this_thread::sleep_for(500ms);
    peer.send(answer(200, "hello"));
  });
  std::size_t fine = 0;
  const auto batch = client_->batch({});
  for (const HostileServer* server : {&quick, &slow})
    batch->add(requestTo(server->port()),
               [&](const Result<HttpResponse>& answer) { fine += answer.has_value(); });
  const double before = threadCpuSeconds();
  batch->drive(Deadline::after(clock_, 10s), {});
  EXPECT_EQ(fine, 2u);
  EXPECT_LT(threadCpuSeconds() - before, 0.2);
}

TEST_F(CurlClientTest, withoutDescriptorsNothingIsAskedAndLaterItIs) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP()
      << "the sanitizer looks at objects through a pipe: without descriptors it takes good "
         "ones for bad";
#endif
  const std::uint16_t port = closedPort();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto refused = ask(requestTo(port));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  // Not before: accept() wants a descriptor as soon as it begins to wait.
  HostileServer server(answering(answer(200, "hello")));
  const auto response = ask(requestTo(server.port()));
  EXPECT_TRUE(response) << response.error().message;
}

// The race of every keep-alive: the server closes just when the next request arrives.
TEST_F(CurlClientTest, aKeptConnectionThatClosesOnTheNextRequestIsNoError) {
  HostileServer server([](Connection& peer) {
    if (!peer.readRequest() || !peer.send(answer(200, "hello"))) return;
    peer.readRequest();
  });
  for (int i = 0; i < 5; ++i) {
    const auto response = ask(requestTo(server.port()));
    ASSERT_TRUE(response) << response.error().message;
  }
}

bool isTcpSocket(int fd) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_INET;
}

int connectionsTo(std::uint16_t port) {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    count += peer.sin_family == AF_INET && ntohs(peer.sin_port) == port;
  }
  return count;
}

// A pod that went away would otherwise be held on to until as many batches are at work again.
TEST(CurlClientRest, connectionsThatNobodyUsesForLongAreClosed) {
  HostileServer server(answering(answer(200, "hello")));
  ManualClock clock;
  const auto client = makeCurlClient(clock, "rollcall");
  const auto ask = [&](HttpBatch& batch) {
    bool fine = false;
    batch.add(requestTo(server.port()),
              [&](const Result<HttpResponse>& answered) { fine = answered.has_value(); });
    batch.drive(Deadline::after(clock, 10s), {});
    EXPECT_TRUE(fine);
  };
  {
    const auto one = client->batch({}), other = client->batch({});
    ask(*one);
    ask(*other);
  }
  ask(*client->batch({}));
  EXPECT_EQ(connectionsTo(server.port()), 2) << "kept for the next";
  clock.advance(20s);
  ask(*client->batch({}));
  clock.advance(20s);
  ask(*client->batch({}));
  EXPECT_EQ(connectionsTo(server.port()), 1) << "only the batch after the first was used since";
}

TEST_F(CurlClientTest, noChildProcessInheritsAConnection) {
  HostileServer server(answering(answer(200, "hello")));
  ASSERT_TRUE(ask(requestTo(server.port())));
  int sockets = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    if (!isTcpSocket(fd)) continue;
    ++sockets;
    EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC) << "file " << fd;
  }
  EXPECT_GE(sockets, 3) << "the kept connection, its other end and the listener";
}

TEST_F(CurlClientTest, aQueueNeverHasMoreThanItsLimitUnderWay) {
  std::atomic<int> open = 0;
  std::atomic<int> most = 0;
  HostileServer server([&](Connection& peer) {
    while (peer.readRequest()) {
      most = std::max(most.load(), ++open);
      const bool here = peer.pause(20ms);
      --open;
      if (!here || !peer.send(answer(200, "hello"))) return;
    }
  });
  const auto batch = client_->batch({.parallel = 3});
  int answered = 0;
  for (int i = 0; i < 12; ++i)
    batch->add(requestTo(server.port()),
               [&](Result<HttpResponse> result) { answered += !!result; });
  batch->drive(Deadline::after(clock_, 20s), {});
  EXPECT_EQ(answered, 12);
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 2);
}

TEST_F(CurlClientTest, pacedRequestsTakeTheirTime) {
  HostileServer server(answering(answer(200, "hello")));
  const auto batch = client_->batch({.parallel = 4, .perSecond = 20});
  for (int i = 0; i < 5; ++i) {
    HttpRequest request = requestTo(server.port());
    request.paced = true;
    batch->add(std::move(request), [](Result<HttpResponse> result) { EXPECT_TRUE(result); });
  }
  const MonoTime start = clock_.mono();
  batch->drive(Deadline::after(clock_, 20s), {});
  EXPECT_GE(clock_.mono() - start, 200ms);
}

TEST_F(CurlClientTest, aDoneMayAddRequests) {
  HostileServer server(answering(answer(200, "hello")));
  const auto batch = client_->batch({.parallel = 1});
  std::vector<int> order;
  std::function<void(int)> chain = [&](int number) {
    batch->add(requestTo(server.port()), [&, number](Result<HttpResponse>) {
      order.push_back(number);
      if (number < 5) chain(number + 1);
    });
  };
  chain(1);
  batch->drive(Deadline::after(clock_, 10s), {});
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(CurlClientTest, theBatchsDeadlineEndsWhatRunsAndWhatWaits) {
  HostileServer server([](Connection& peer) {
    peer.readRequest();
    peer.pause(1h);
  });
  const auto batch = client_->batch({.parallel = 1});
  std::vector<std::string> messages;
  for (int i = 0; i < 2; ++i)
    batch->add(requestTo(server.port()), [&](Result<HttpResponse> result) {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, ErrorCode::kDeadlineExceeded);
      messages.push_back(result.error().message);
    });
  batch->drive(Deadline::after(clock_, 300ms), {});
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_THAT(messages[0], HasSubstr("(connected, 0 bytes received)"));
  EXPECT_EQ(messages[1], "not asked: the time was up before");
}

TEST_F(CurlClientTest, aDeadlineInThePastAsksNobody) {
  HostileServer server(answering(answer(200, "hello")));
  const auto response = ask(requestTo(server.port()), 0s);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(CurlClientTest, aStopRequestEndsEverythingAtOnce) {
  std::stop_source stop;
  HostileServer server([&](Connection& peer) {
    peer.readRequest();
    // Past the library's own timers of a new connection, which would wake the client anyway.
    peer.pause(500ms);
    stop.request_stop();
    peer.pause(1h);
  });
  const auto batch = client_->batch({.parallel = 1});
  int cancelled = 0;
  for (int i = 0; i < 3; ++i) {
    HttpRequest request = requestTo(server.port());
    request.timeout = 1h;
    batch->add(std::move(request), [&](Result<HttpResponse> result) {
      cancelled += !result && result.error().code == ErrorCode::kCancelled;
    });
  }
  const MonoTime start = clock_.mono();
  batch->drive(Deadline::after(clock_, 1h), stop.get_token());
  EXPECT_EQ(cancelled, 3);
  EXPECT_LT(clock_.mono() - start, 30s);
}

TEST_F(CurlClientTest, batchesOfSeveralThreadsDoNotDisturbEachOther) {
  HostileServer server(answering(answer(200, "hello")));
  std::atomic<int> answered = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&] {
        for (int round = 0; round < 10; ++round) answered += !!ask(requestTo(server.port()));
      });
  }
  EXPECT_EQ(answered, 40);
}

TEST_F(CurlClientTest, aBatchThatIsGivenUpAsksNothingMore) {
  HostileServer server(answering(answer(200, "hello")));
  bool called = false;
  {
    const auto batch = client_->batch({});
    batch->add(requestTo(server.port()), [&](Result<HttpResponse>) { called = true; });
  }
  EXPECT_FALSE(called);
  EXPECT_EQ(server.connections(), 0u);
}

}  // namespace
}  // namespace rollcall
