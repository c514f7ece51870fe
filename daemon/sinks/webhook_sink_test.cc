#include "daemon/sinks/webhook_sink.h"

#include <gmock/gmock.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/sample_report.h"
#include "tests/support/scripted_http.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr int kPods = 210;

class WebhookSinkTest : public testing::Test {
 protected:
  WebhookSinkTest() {
    config_.url = "https://hooks.example.org/planted-token";
    config_.secret = "planted-webhook-secret";
    run_.check = "posts";
  }

  void start() {
    sink_ = makeWebhookSink(
        clock_, http_, config_, [this](const News& news) { hear(news); }, [] { return 0.0; });
  }
  // A run that finds this on these pods and nothing else.
  void find(const std::vector<std::string>& pods) {
    run_.outcome = {};
    for (const std::string& pod : pods)
      run_.outcome.findings.push_back(sampleMissing(pod, "hello", "1"));
    Report report = sampleReportOf({run_}, sampleTopology(kPods));
    report.leads = leads_;
    sink_->publish(std::make_shared<const Report>(std::move(report)), &run_);
  }
  Scripted answer(const HttpRequest& request, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    asked_.push_back(request);
    const Scripted scripted = answers_.empty() ? usual_ : answers_.front();
    if (!answers_.empty()) answers_.pop_front();
    lock.unlock();
    while (hangs_ && !stop.stop_requested()) std::this_thread::sleep_for(1ms);
    if (stop.stop_requested()) return {.fails = Error{ErrorCode::kCancelled, "cancelled"}};
    return scripted;
  }
  void hear(const News& news) {
    std::lock_guard lock(mutex_);
    news_.push_back(news.message + (news.detail.empty() ? "" : ": " + news.detail));
  }
  std::vector<std::string> news() {
    std::lock_guard lock(mutex_);
    return news_;
  }
  std::vector<HttpRequest> asked() {
    std::lock_guard lock(mutex_);
    return asked_;
  }
  // "started pod-1"
  std::vector<std::string> told() {
    std::vector<std::string> all;
    for (const HttpRequest& request : asked()) {
      const json body = json::parse(request.body);
      all.push_back(body["event"].get<std::string>() + " " +
                    body["finding"]["pod"].get<std::string>());
    }
    return all;
  }
  static std::string keyOf(const HttpRequest& request) {
    for (const auto& [name, value] : request.headers)
      if (name == "Idempotency-Key") return value;
    return "";
  }
  // Lets time pass until it holds.
  template <class Condition>
  bool eventually(Condition condition, Duration step = 0s) {
    for (int i = 0; i < 20'000; ++i) {
      if (condition()) return true;
      clock_.advance(step);
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

  WebhookConfig config_;
  ManualClock clock_{sampleTime()};
  CheckRun run_;
  std::optional<bool> leads_;
  std::mutex mutex_;
  std::vector<HttpRequest> asked_;
  std::deque<Scripted> answers_;
  Scripted usual_;
  std::atomic<bool> hangs_ = false;
  std::vector<std::string> news_;
  ScriptedHttp http_{
      [this](const HttpRequest& request, std::stop_token stop) { return answer(request, stop); }};
  std::unique_ptr<WebhookSink> sink_;  // last: its thread uses the rest
};

TEST_F(WebhookSinkTest, tellsWhatBeginsAndWhatEndsInOrder) {
  start();
  find({"pod-1", "pod-2"});
  find({"pod-1", "pod-2"});
  find({"pod-2"});
  ASSERT_TRUE(eventually([&] { return sink_->counts().delivered == 3; }));
  EXPECT_THAT(told(), ElementsAre("started pod-1", "started pod-2", "ended pod-1"));
  EXPECT_NE(keyOf(asked()[0]), keyOf(asked()[1]));
  EXPECT_THAT(news(), IsEmpty());
}

TEST_F(WebhookSinkTest, triesAgainWithTheSameKeyUntilItIsTaken) {
  answers_ = {{.status = 500},
              {.fails = Error{ErrorCode::kDeadlineExceeded, "no answer within 10 s"}},
              {.status = 429, .retryAfter = "17"}};
  start();
  find({"pod-1"});
  ASSERT_TRUE(eventually([&] { return sink_->counts().delivered == 1; }, 100ms));
  EXPECT_THAT(told(), SizeIs(4));
  for (const HttpRequest& request : asked()) {
    EXPECT_EQ(keyOf(request), keyOf(asked()[0]));
    EXPECT_EQ(request.body, asked()[0].body);
  }
  EXPECT_GE(clock_.mono() - MonoTime{}, 17s);
  EXPECT_THAT(news(), ElementsAre("the webhook does not take messages: it answers 500",
                                  "over: the webhook does not take messages"));
}

TEST_F(WebhookSinkTest, whatIsRefusedIsDroppedAndTheNextIsTold) {
  answers_ = {{.status = 400}, {.status = 404}};
  start();
  find({"pod-1", "pod-2", "pod-3"});
  ASSERT_TRUE(eventually([&] { return sink_->counts().delivered == 1; }));
  EXPECT_EQ(sink_->counts().refused, 2u);
  EXPECT_THAT(news(), SizeIs(3)) << "that it fails, that one was lost, and that it is over";
}

TEST_F(WebhookSinkTest, whatCannotBeDeliveredForTenMinutesIsDropped) {
  usual_ = {.status = 503};
  start();
  find({"pod-1", "pod-2"});
  ASSERT_TRUE(eventually([&] { return sink_->counts().expired == 2; }, 1s));
  EXPECT_LT(asked().size(), 50u) << "at most one try in half a minute, in the long run";
}

TEST_F(WebhookSinkTest, aReceiverThatHangsDelaysNeitherPublishingNorTheEnd) {
  hangs_ = true;  // for ever: what waited for it would not end
  start();
  std::vector<std::string> pods;
  for (int i = 1; i <= kPods; ++i) {
    clock_.advance(7s);  // within the budget
    pods.push_back("pod-" + std::to_string(i));
    find(pods);
  }
  ASSERT_TRUE(eventually([&] { return !asked().empty(); }));
  const std::uint64_t dropped = sink_->counts().overflow;
  EXPECT_THAT(dropped, testing::AnyOf(kPods - 201u, kPods - 200u));
  EXPECT_THAT(news(), ElementsAre(HasSubstr("too much to tell the webhook")));
  sink_.reset();
  EXPECT_THAT(asked(), SizeIs(1));
  EXPECT_EQ(news().back(), std::to_string(kPods - dropped) +
                               " messages for the webhook could not be sent before the end");
}

TEST_F(WebhookSinkTest, tooManyAtOnceAreLeftOutAndCounted) {
  start();
  std::vector<std::string> pods;
  for (int i = 1; i <= kPods; ++i) pods.push_back("pod-" + std::to_string(i));
  find(pods);
  find(pods);
  ASSERT_TRUE(eventually([&] { return sink_->counts().delivered == 30; }));
  EXPECT_EQ(sink_->counts().leftOut, kPods - 30u);
  EXPECT_THAT(news(), SizeIs(1));
}

TEST_F(WebhookSinkTest, whoDoesNotLeadIsSilent) {
  leads_ = false;
  start();
  find({"pod-1"});
  find({});
  clock_.advance(2min);
  find({});
  leads_ = true;
  find({"pod-2"});
  ASSERT_TRUE(eventually([&] { return sink_->counts().delivered == 1; }));
  EXPECT_THAT(told(), ElementsAre("started pod-2"));
}

TEST_F(WebhookSinkTest, newsTellNeitherAddressNorSecret) {
  answers_ = {{.status = 403, .body = "https://hooks.example.org/planted-token"},
              {.fails = Error{ErrorCode::kUnavailable, "hooks.example.org: refused"}}};
  start();
  find({"pod-1", "pod-2"});
  ASSERT_TRUE(eventually([&] { return sink_->counts().delivered == 1; }, 1s));
  ASSERT_THAT(news(), Not(IsEmpty()));
  for (const std::string& one : news()) {
    EXPECT_THAT(one, Not(HasSubstr("planted")));
    EXPECT_THAT(one, Not(HasSubstr("hooks.example.org")));
  }
}

}  // namespace
}  // namespace rollcall
