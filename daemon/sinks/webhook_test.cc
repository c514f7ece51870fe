#include "daemon/sinks/webhook.h"

#include <gmock/gmock.h>

#include "tests/support/patient_clock.h"
#include "tests/support/scripted_http.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::HasSubstr;
using testing::Not;

WebhookConfig sampleWebhook() {
  WebhookConfig config;
  config.url = "https://hooks.example.org:8443/T0/planted-token?key=planted-key";
  config.secret = "planted-webhook-secret";
  return config;
}

std::string headerOf(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return "";
}

class WebhookTest : public testing::Test {
 protected:
  Result<void> tell(std::vector<Scripted> answers) {
    ScriptedHttp http([&, i = std::size_t{0}](const HttpRequest& request, std::stop_token) mutable {
      requests_.push_back(request);
      return answers.at(std::min(i++, answers.size() - 1));
    });
    return tellWebhook(clock_, http, sampleWebhook(), {"key-1", R"({"event":"report"})"});
  }

  PatientClock clock_{WallTime{1'767'261'600s}};
  std::vector<HttpRequest> requests_;
};

TEST(WebhookSignature, isTheHmacOfTimestampAndBody) {
  EXPECT_EQ(webhookSignature("0123456789abcdef", "1767261600", R"({"event":"started"})"),
            "v1=740bbb08880b82c90fd17b8fc92b4c1a7eb96dcecd0c2a5d256a5699c71ac205");
}

TEST_F(WebhookTest, aMessageIsPostedWithItsKeyAndSigned) {
  ASSERT_TRUE(tell({{.status = 204}}));
  const HttpRequest& request = requests_.at(0);
  EXPECT_EQ(request.method, Method::kPost);
  EXPECT_EQ(request.url, sampleWebhook().url);
  EXPECT_EQ(headerOf(request, "Content-Type"), "application/json");
  EXPECT_EQ(headerOf(request, "Idempotency-Key"), "key-1");
  EXPECT_EQ(headerOf(request, "X-Rollcall-Timestamp"), "1767261600");
  EXPECT_EQ(headerOf(request, "X-Rollcall-Signature"),
            webhookSignature(sampleWebhook().secret, "1767261600", request.body));
}

TEST_F(WebhookTest, withoutASecretNothingIsSigned) {
  WebhookConfig config = sampleWebhook();
  config.secret.clear();
  ScriptedHttp http([&](const HttpRequest& request, std::stop_token) {
    requests_.push_back(request);
    return Scripted{};
  });
  ASSERT_TRUE(tellWebhook(clock_, http, config, {"key", "{}"}));
  EXPECT_EQ(headerOf(requests_.at(0), "X-Rollcall-Signature"), "");
}

TEST_F(WebhookTest, anIpv6AddressIsNotToldEither) {
  WebhookConfig config = sampleWebhook();
  config.url = "http://[2001:db8::7]:8443/T0";
  ScriptedHttp http([&](const HttpRequest&, std::stop_token) {
    return Scripted{.fails =
                        Error{ErrorCode::kUnavailable, "connection refused ([2001:db8::7]:8443)"}};
  });
  EXPECT_EQ(tellWebhook(clock_, http, config, {"key", "{}"}).error().message,
            "the webhook did not take the report: connection refused ([its host]:8443)");
}

TEST_F(WebhookTest, aFailureThatMayPassIsTriedThreeTimesWithTheSameKey) {
  const Result<void> told = tell({{.status = 500},
                                  {.fails = Error{ErrorCode::kDeadlineExceeded, "no answer"}},
                                  {.status = 200}});
  EXPECT_TRUE(told);
  ASSERT_EQ(requests_.size(), 3u);
  for (const HttpRequest& request : requests_)
    EXPECT_EQ(headerOf(request, "Idempotency-Key"), "key-1");
}

TEST_F(WebhookTest, whatItAsksForIsWaitedAndNoLonger) {
  EXPECT_FALSE(tell({{.status = 429, .retryAfter = "4"}, {.status = 429, .retryAfter = "3000"}}));
  EXPECT_EQ(clock_.slept, Duration(14s));
}

TEST_F(WebhookTest, eachAnswerIsUnderstood) {
  struct Row {
    Scripted answer;
    std::size_t tries;
    const char* problem;
  };
  const Row rows[] = {
      {{.status = 500, .body = "Internal Server Error"}, 3, "it answers 500"},
      {{.status = 503}, 3, "it answers 503"},
      {{.status = 408}, 3, "it answers 408"},
      {{.status = 404, .body = "no_service"}, 1, "it answers 404: no_service"},
      {{.status = 403, .body = "https://hooks.example.org/T0/planted-token"}, 1, "it answers 403"},
      {{.status = 400, .body = "planted"}, 1, "it answers 400"},
      {{.status = 302}, 1, "it answers 302, and redirects are not followed"},
      {{.fails = Error{ErrorCode::kUnavailable, "hooks.example.org:8443 refused the connection"}},
       3,
       "its host:8443 refused the connection"},
      {{.fails =
            Error{ErrorCode::kProtocol, "the certificate does not match host hooks.example.org"}},
       3,
       "the certificate does not match its host"}};
  for (const Row& row : rows) {
    requests_.clear();
    const Result<void> told = tell({row.answer});
    ASSERT_FALSE(told) << row.problem;
    EXPECT_EQ(told.error().message,
              std::string("the webhook did not take the report: ") + row.problem);
    EXPECT_EQ(requests_.size(), row.tries) << row.problem;
    EXPECT_THAT(told.error().message, Not(HasSubstr("planted")));
    EXPECT_THAT(told.error().message, Not(HasSubstr("hooks.example")));
  }
}

TEST(WebhookKey, isAnotherEachTime) {
  EXPECT_EQ(newWebhookKey().size(), 16u);
  EXPECT_NE(newWebhookKey(), newWebhookKey());
}

}  // namespace
}  // namespace rollcall
