// What every SmtpClient promises, and the bounds of the real one.
#include <gmock/gmock.h>

#include <thread>

#include "tests/support/fake_smtp_client.h"
#include "tests/support/hostile_server.h"

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using namespace testing_support;

// Said at once: the client takes the replies as it comes to them.
constexpr const char* kInOrder =
    "220 ready\r\n250-e.org\r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN\r\n221 bye\r\n";

class SmtpClientTest : public testing::Test {
 protected:
  SmtpVisit visit(const HostileServer& server, Duration in = 20s, std::stop_token stop = {}) {
    SmtpQuestion question;
    question.host = "127.0.0.1";
    question.port = server.port();
    question.timeout = 20s;
    return client_->visit(question, Deadline::after(clock_, in), std::move(stop));
  }
  // Says `text` and keeps the connection open until the client goes or the server ends.
  static HostileServer::Behaviour saying(const std::string& text) {
    return [text](Connection& connection) {
      connection.send(text);
      connection.readRequest();
    };
  }

  SystemClock clock_;
  std::unique_ptr<SmtpClient> client_ = makeCurlSmtpClient(clock_);
};

// The fake's visit in order is one that the real client may have.
TEST_F(SmtpClientTest, aVisitInOrderHasTheGreetingAndWhatIsOffered) {
  const HostileServer server(saying(kInOrder));
  FakeSmtpClient fake;
  fake.answers({visitInOrder(false)});
  for (const SmtpVisit& seen :
       {visit(server), fake.visit({}, Deadline::after(clock_, 1s), std::stop_token())}) {
    EXPECT_EQ(seen.end, SmtpEnd::kDone) << seen.detail;
    ASSERT_TRUE(seen.reply(""));
    EXPECT_EQ(seen.reply("")->code, 220);
    EXPECT_EQ(seen.offered("auth"), "PLAIN LOGIN");
    EXPECT_EQ(seen.offered("STARTTLS"), std::nullopt);
    EXPECT_EQ(seen.reply("MAIL"), nullptr);
    EXPECT_FALSE(seen.encrypted);
    EXPECT_EQ(seen.certificate, "");
  }
}

TEST_F(SmtpClientTest, whatIsNoMailServerIsToldSafely) {
  const HostileServer server(saying("HTTP/1.1 400 \x1b[2J\xff\r\n\r\n"));
  const SmtpVisit seen = visit(server);
  EXPECT_EQ(seen.end, SmtpEnd::kNoSmtp);
  EXPECT_EQ(seen.detail, "it says \"HTTP/1.1 400 ?[2J?\"");
}

TEST_F(SmtpClientTest, linesWithoutEndAreNotListenedTo) {
  const HostileServer server([](Connection& connection) {
    while (connection.send("220-and there is more\r\n")) {
    }
  });
  const SmtpVisit seen = visit(server);
  EXPECT_EQ(seen.end, SmtpEnd::kTooMuch);
  EXPECT_LE(seen.replies.at(0).lines.size(), 200U);
}

TEST_F(SmtpClientTest, aSilentServerIsGivenUpAtTheDeadline) {
  const HostileServer server(saying(""));
  const MonoTime begin = clock_.mono();
  EXPECT_EQ(visit(server, 200ms).end, SmtpEnd::kTimeout);
  EXPECT_LT(clock_.mono() - begin, 10s);
}

TEST_F(SmtpClientTest, aVisitEndsWhenItIsAskedTo) {
  const HostileServer server(saying(""));
  std::stop_source stop;
  const std::jthread stopper([&] {
    while (server.connections() == 0) std::this_thread::yield();
    stop.request_stop();
  });
  const MonoTime begin = clock_.mono();
  EXPECT_EQ(visit(server, 20s, stop.get_token()).end, SmtpEnd::kCancelled);
  EXPECT_LT(clock_.mono() - begin, 10s);
}

}  // namespace
}  // namespace rollcall
