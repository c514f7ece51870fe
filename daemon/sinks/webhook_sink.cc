#include "daemon/sinks/webhook_sink.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "daemon/core/finding_changes.h"
#include "daemon/sinks/text.h"
#include "daemon/sinks/webhook.h"
#include "daemon/sinks/webhook_message.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxWaiting = 200;
constexpr Duration kWorthSending = 10min;

class QueueingSink final : public WebhookSink {
 public:
  QueueingSink(const Clock& clock, HttpClient& http, WebhookConfig config, Tell tell, Random random)
      : clock_(clock),
        http_(http),
        config_(std::move(config)),
        tell_(std::move(tell)),
        key_(newWebhookKey()),
        backoff_(std::move(random)),
        thread_([this](const std::stop_token& stop) { work(stop); }) {}

  ~QueueingSink() override {
    thread_.request_stop();
    thread_.join();
    if (!waiting_.empty() || underWay_)
      tell_({true,
             fmt::format("{} for the webhook could not be sent before the end",
                         counted(waiting_.size() + (underWay_ ? 1 : 0), "message")),
             ""});
  }

  void resume(const std::vector<PastFinding>& findings) override { changes_.resume(findings); }

  void publish(const std::shared_ptr<const Report>& report,
               const CheckRun* latest) noexcept override {
    const MonoTime now = clock_.mono();
    const WallTime wall = clock_.wall();
    std::vector<WebhookMessage> messages;
    for (const FindingChange& change : changes_.take(*report, latest, now, wall))
      messages.push_back(changeMessage(config_, report->site, change,
                                       fmt::format("{}-{}", key_, ++messages_), wall));
    std::uint64_t dropped = 0;
    {
      std::lock_guard lock(mutex_);
      for (WebhookMessage& message : messages) waiting_.push_back({std::move(message), now});
      for (; waiting_.size() > kMaxWaiting; ++dropped) waiting_.pop_front();
      counts_.overflow += dropped;
      counts_.leftOut = changes_.leftOut();
    }
    if (dropped + changes_.leftOut() > 0)
      tellOnce(toldOfTooMuch_, "there is too much to tell the webhook: some is left out");
    if (!messages.empty()) came_.notify_one();
  }

  WebhookCounts counts() const override {
    std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  struct Waiting {
    WebhookMessage message;
    MonoTime since{};
  };

  std::optional<Waiting> take(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!came_.wait(lock, stop, [this] { return !waiting_.empty(); })) return std::nullopt;
    if (stop.stop_requested()) return std::nullopt;
    std::optional<Waiting> first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }

  void work(const std::stop_token& stop) {
    while (const std::optional<Waiting> one = take(stop)) {
      underWay_ = true;
      if (!deliver(*one, stop)) return;
      underWay_ = false;
    }
  }

  // False when it was told to stop first.
  bool deliver(const Waiting& one, const std::stop_token& stop) {
    while (clock_.mono() - one.since < kWorthSending) {
      const WebhookAnswer answer = tryWebhook(clock_, http_, config_, one.message, stop);
      if (stop.stop_requested() && !answer.problem.empty()) return false;
      note(answer);
      if (answer.problem.empty()) {
        backoff_.reset();
        count(&WebhookCounts::delivered);
        return true;
      }
      if (!answer.mayPass) return drop(&WebhookCounts::refused);
      const Duration rest = backoff_.next(answer.rest, kWorthSending);
      if (!clock_.sleepUntil(clock_.mono() + rest, stop)) return false;
    }
    return drop(&WebhookCounts::expired);
  }

  bool drop(std::uint64_t WebhookCounts::*reason) {
    count(reason);
    tellOnce(toldOfLoss_,
             "a message for the webhook was dropped; rollcall_webhook_messages_total "
             "counts further ones");
    return true;
  }

  void count(std::uint64_t WebhookCounts::*reason) {
    std::lock_guard lock(mutex_);
    ++(counts_.*reason);
  }

  void note(const WebhookAnswer& answer) {
    const bool fails = !answer.problem.empty();
    if (fails == std::exchange(failing_, fails)) return;
    if (fails)
      tell_({true, "the webhook does not take messages", answer.problem});
    else
      tell_({false, "over: the webhook does not take messages", ""});
  }

  void tellOnce(bool& told, std::string_view what) {
    if (!std::exchange(told, true)) tell_({true, std::string(what), ""});
  }

  const Clock& clock_;
  HttpClient& http_;
  const WebhookConfig config_;
  const Tell tell_;
  const std::string key_;

  // Of the publishing thread.
  FindingChanges changes_{{}};
  std::uint64_t messages_ = 0;
  bool toldOfTooMuch_ = false;

  mutable std::mutex mutex_;
  std::condition_variable_any came_;
  std::deque<Waiting> waiting_;
  WebhookCounts counts_;

  // Of the sending thread.
  Backoff backoff_;
  bool failing_ = false;
  bool toldOfLoss_ = false;
  bool underWay_ = false;
  std::jthread thread_;  // last: begins when the rest is there
};

}  // namespace

std::unique_ptr<WebhookSink> makeWebhookSink(const Clock& clock, HttpClient& http,
                                             WebhookConfig config, Tell tell, Random random) {
  return std::make_unique<QueueingSink>(clock, http, std::move(config), std::move(tell),
                                        std::move(random));
}

}  // namespace rollcall
