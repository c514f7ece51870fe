#include "daemon/k8s/event_sink.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <thread>

#include "daemon/k8s/api_client.h"
#include "daemon/k8s/event_plan.h"
#include "daemon/net/backoff.h"

namespace rollcall {
namespace k8s {
namespace {

using namespace std::chrono_literals;

constexpr Wish kWish{"Events are to be written", "leave kubernetes.events out"};
constexpr std::size_t kMaxWaiting = 100;
constexpr Duration kTimeout = 5s;
constexpr Duration kWorthSending = 5min;

// Another try may succeed, though nothing changes here.
bool mayPass(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kDeadlineExceeded ||
         error.code == ErrorCode::kPermissionDenied;
}

std::uint64_t randomSerial() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

class EventSink final : public Sink {
 public:
  EventSink(const Clock& clock, HttpClient& http, const Cluster& cluster,
            const std::string& instance, Tell tell)
      : clock_(clock),
        instance_(instance),
        tell_(std::move(tell)),
        plan_(cluster.nameSpace, randomSerial()),
        client_(clock, http, cluster, eventsCollection(cluster.nameSpace)),
        backoff_(randomNumbers()),
        thread_([this](const std::stop_token& stop) { work(stop); }) {}

  void publish(const std::shared_ptr<const Report>& report,
               const CheckRun* latest) noexcept override {
    const MonoTime now = clock_.mono();
    const std::uint64_t before = plan_.leftOut();
    std::vector<EventPlan::Step> steps = plan_.take(*report, latest, now, clock_.wall());
    if (before == 0 && plan_.leftOut() > 0)
      tell_({true, "there is too much to tell as Events: some are left out", ""});
    if (steps.empty()) return;
    {
      std::lock_guard lock(mutex_);
      for (EventPlan::Step& step : steps) waiting_.push_back({std::move(step), now});
      while (waiting_.size() > kMaxWaiting) waiting_.pop_front();
    }
    came_.notify_one();
  }

 private:
  struct Waiting {
    EventPlan::Step step;
    MonoTime since{};
  };

  std::optional<Waiting> take(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!came_.wait(lock, stop, [this] { return !waiting_.empty(); })) return std::nullopt;
    std::optional<Waiting> first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }

  void work(const std::stop_token& stop) {
    while (const std::optional<Waiting> one = take(stop)) {
      while (clock_.mono() - one->since < kWorthSending) {
        const ApiResult<std::string> sent = send(one->step, stop);
        if (stop.stop_requested()) return;
        note(sent);
        if (sent) backoff_.reset();
        if (sent || !mayPass(sent.error().error)) break;
        const Duration rest = backoff_.next(sent.error().rest, kWorthSending);
        if (!clock_.sleepUntil(clock_.mono() + rest, stop)) return;
      }
    }
  }

  ApiResult<std::string> send(const EventPlan::Step& step, const std::stop_token& stop) {
    const Deadline deadline = Deadline::after(clock_, kTimeout);
    if (step.goesOn) {
      ApiResult<std::string> patched =
          client_.patch(step.event.name, seriesOf(step.event), deadline, stop);
      // Events are forgotten after an hour or so.
      if (patched || patched.error().error.code != ErrorCode::kNotFound) return patched;
    }
    ApiResult<std::string> created =
        client_.create(newEvent(step.event, instance_), deadline, stop);
    // It came through the last time, though the answer did not.
    if (!created && created.error().conflict) return std::string();
    return created;
  }

  void note(const ApiResult<std::string>& sent) {
    const bool fails = !sent;
    if (fails == std::exchange(failing_, fails)) return;
    if (fails)
      tell_({true, "Events cannot be written", sent.error().error.message});
    else
      tell_({false, "over: Events cannot be written", ""});
  }

  const Clock& clock_;
  const std::string instance_;
  const Tell tell_;
  EventPlan plan_;  // of the publishing thread

  std::mutex mutex_;
  std::condition_variable_any came_;
  std::deque<Waiting> waiting_;

  // Of the sending thread.
  ApiClient client_;
  Backoff backoff_;
  bool failing_ = false;
  std::jthread thread_;  // last: joined before what it uses goes away
};

}  // namespace
}  // namespace k8s

Result<std::unique_ptr<Sink>> makeEventSink(const Clock& clock, HttpClient& http,
                                            const std::string& nameSpace,
                                            const k8s::Surroundings& surroundings,
                                            const std::string& instance, Tell tell) {
  const Result<k8s::Cluster> cluster = k8s::locateCluster(surroundings, nameSpace, k8s::kWish);
  if (!cluster) return cluster.error();
  return std::unique_ptr<Sink>(
      std::make_unique<k8s::EventSink>(clock, http, *cluster, instance, std::move(tell)));
}

}  // namespace rollcall
