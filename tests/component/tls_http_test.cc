// The outbound HTTP client and pods that speak TLS: every doubt is an error with its own sentence.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

#include "daemon/net/certificate.h"
#include "daemon/net/http_client.h"
#include "tests/support/certificates.h"
#include "tests/support/hostile_server.h"

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using namespace testing_support;
using testing::HasSubstr;

constexpr const char* kHost = "example.org";

class TlsHttpTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestAuthority::opensslIsThere())
      GTEST_SKIP() << "the openssl program is missing: no certificates to test with";
    authority_ = std::make_unique<TestAuthority>();
  }

  Result<HttpResponse> ask(std::uint16_t port, const std::string& caFile) {
    HttpRequest request;
    request.url = fmt::format("https://{}/", kHost);
    request.connectHost = "127.0.0.1";
    request.connectPort = port;
    request.caFile = caFile;
    Result<HttpResponse> answered = Error{ErrorCode::kInternal, "done was not called"};
    const auto batch = client_->batch({});
    batch->add(std::move(request),
               [&](Result<HttpResponse> result) { answered = std::move(result); });
    batch->drive(Deadline::after(clock_, 10s), {});
    return answered;
  }
  void expectRefused(const HostileServer& server, const std::string& caFile, ErrorCode code,
                     const std::string& message) {
    const auto response = ask(server.port(), caFile);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, code);
    EXPECT_THAT(response.error().message, HasSubstr(message));
    EXPECT_TRUE(server.requests().empty()) << "the request went out before the peer was known";
  }

  SystemClock clock_;
  std::unique_ptr<HttpClient> client_ = makeCurlClient(clock_, "rollcall/test");
  std::unique_ptr<TestAuthority> authority_;
};

TEST_F(TlsHttpTest, aCertificateOfThePrivateAuthorityIsAccepted) {
  HostileServer server(answering(answer(200, "hello")), authority_->issue(kHost));
  const auto response = ask(server.port(), authority_->caFile());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(server.tlsName(), kHost);
}

TEST_F(TlsHttpTest, anUnknownAuthorityIsRefused) {
  HostileServer server(answering(answer(200, "hello")), authority_->issue(kHost));
  expectRefused(server, "", ErrorCode::kProtocol,
                "the certificate for example.org is not signed by an authority in this system's CA "
                "file");
  TestAuthority other;
  expectRefused(
      server, other.caFile(), ErrorCode::kProtocol,
      "the certificate for example.org is not signed by an authority in " + other.caFile());
}

TEST_F(TlsHttpTest, anAuthorityThatWasReplacedInItsFileIsTakenAtOnce) {
  HostileServer server(answering(answer(200, "hello")), authority_->issue(kHost));
  TestAuthority other;
  ASSERT_FALSE(ask(server.port(), other.caFile()));
  std::filesystem::copy_file(authority_->caFile(), other.caFile(),
                             std::filesystem::copy_options::overwrite_existing);
  const auto response = ask(server.port(), other.caFile());
  EXPECT_TRUE(response) << response.error().message;
}

TEST_F(TlsHttpTest, aCertificateForAnotherHostIsRefused) {
  HostileServer server(answering(answer(200, "hello")), authority_->issue("example.net"));
  expectRefused(server, authority_->caFile(), ErrorCode::kProtocol,
                "the certificate does not match host example.org");
}

TEST_F(TlsHttpTest, anExpiredCertificateIsRefused) {
  HostileServer server(answering(answer(200, "hello")), authority_->issue(kHost, true));
  expectRefused(server, authority_->caFile(), ErrorCode::kProtocol,
                "the certificate for example.org has expired");
}

TEST_F(TlsHttpTest, aCaFileThatIsNotThereIsSomethingToMend) {
  HostileServer server(answering(answer(200, "hello")), authority_->issue(kHost));
  expectRefused(server, "/nowhere/ca.pem", ErrorCode::kInvalidArgument,
                "the CA file /nowhere/ca.pem cannot be read");
}

TEST_F(TlsHttpTest, aPortThatSpeaksPlainHttpIsNamed) {
  HostileServer server([](Connection& peer) {
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.pause(1h);
  });
  expectRefused(server, authority_->caFile(), ErrorCode::kProtocol, "no TLS at 127.0.0.1:");
}

TEST_F(TlsHttpTest, aHandshakeThatIsCutOffMeansUnavailable) {
  HostileServer server([](Connection&) {});
  expectRefused(server, authority_->caFile(), ErrorCode::kUnavailable,
                "closed during the TLS handshake");
}

TEST_F(TlsHttpTest, aHandshakeThatNeverEndsRunsIntoTheTimeout) {
  HostileServer server([](Connection& peer) { peer.pause(1h); });
  HttpRequest request;
  request.url = fmt::format("https://{}/", kHost);
  request.connectHost = "127.0.0.1";
  request.connectPort = server.port();
  request.timeout = 300ms;
  std::string message;
  const auto batch = client_->batch({});
  batch->add(std::move(request), [&](Result<HttpResponse> result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kDeadlineExceeded);
    message = result.error().message;
  });
  batch->drive(Deadline::after(clock_, 10s), {});
  EXPECT_EQ(message, "no answer within 300 ms (connected, the TLS handshake did not end)");
}

TEST_F(TlsHttpTest, aConnectionCutInTheMiddleOfTheAnswerIsAnError) {
  HostileServer server(
      [](Connection& peer) {
        if (!peer.readRequest()) return;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello");
        peer.reset();
      },
      authority_->issue(kHost));
  const auto response = ask(server.port(), authority_->caFile());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable) << response.error().message;
}

// A certificate that is not in order can be looked at, and nothing is sent to who showed it.
TEST_F(TlsHttpTest, aCertificateThatIsRefusedCanStillBeLookedAt) {
  HostileServer server(answering(answer(200, "hello")), authority_->issue("example.net", true));
  HttpRequest request;
  request.url = fmt::format("https://{}/", kHost);
  request.connectHost = "127.0.0.1";
  request.connectPort = server.port();
  request.certificateOnly = true;
  std::string pem;
  const auto batch = client_->batch({});
  batch->add(std::move(request), [&](Result<HttpResponse> result) {
    ASSERT_TRUE(result) << result.error().message;
    pem = result->certificate;
  });
  batch->drive(Deadline::after(clock_, 10s), {});
  const auto certificate = parseCertificate(pem);
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_EQ(formatTime(certificate->notAfter), "2020-02-01T00:00:00.000Z");
  // The client has the certificate before the server's thread has the name.
  for (int left = 500; server.tlsName().empty() && left > 0; --left)
    std::this_thread::sleep_for(10ms);
  EXPECT_EQ(server.tlsName(), kHost);
  EXPECT_TRUE(server.requests().empty());
  EXPECT_FALSE(ask(server.port(), authority_->caFile())) << "taken over without a check";
}

// A kept connection was verified for one host and one authority only.
TEST_F(TlsHttpTest, aKeptConnectionIsNotUsedWithAnotherAuthority) {
  HostileServer server(answering(answer(200, "hello")), authority_->issue(kHost));
  ASSERT_TRUE(ask(server.port(), authority_->caFile()));
  TestAuthority other;
  const auto response = ask(server.port(), other.caFile());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kProtocol);
}

}  // namespace
}  // namespace rollcall
