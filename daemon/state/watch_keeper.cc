#include "daemon/state/watch_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "daemon/core/comparison.h"
#include "daemon/state/history.h"

namespace rollcall {
namespace {

auto identity(const PastFinding& one) {
  return std::tie(one.check, one.code, one.pod, one.resource, one.since);
}

PastWatch watchOf(const Timeline& timeline, const std::vector<PastFinding>& findings) {
  PastWatch watch{findings, {}, {}};
  for (const BoardEvent& one : timeline.events())
    watch.events.push_back({one.at, std::string(one.tone), one.text});
  for (const BoardFailure& one : timeline.failures())
    watch.failures.push_back(
        {std::string(one.def->code), one.check, one.pod, one.count, one.began, one.ended});
  return watch;
}

}  // namespace

bool WatchMemory::take(const Report& report) {
  Comparison now = compare(findings_, report);
  std::erase_if(now.unseen, [&](const PastFinding& one) {
    return one.seen < report.started - History::kForget;
  });
  std::vector<PastFinding> findings;
  for (auto* list : {&now.lasting, &now.began, &now.unseen})
    for (PastFinding& one : *list) {
      one.severity = one.title = one.message = "";
      findings.push_back(std::move(one));
    }
  std::ranges::sort(findings);
  const bool changed = !std::ranges::equal(
      findings, findings_,
      [](const PastFinding& a, const PastFinding& b) { return identity(a) == identity(b); });
  findings_ = std::move(findings);
  return changed;
}

WatchKeeper::WatchKeeper(const Clock& clock, std::unique_ptr<WatchStore> store,
                         std::function<std::shared_ptr<const Timeline>()> timeline,
                         Journal& journal)
    : clock_(clock), store_(std::move(store)), timeline_(std::move(timeline)), journal_(journal) {}

WatchKeeper::~WatchKeeper() = default;

std::optional<PastWatch> WatchKeeper::start(const std::stop_token& stop) {
  const std::stop_callback onStop(stop, [this] { opened_.request_stop(); });
  thread_ = std::jthread([this](const std::stop_token& token) { work(token); });
  clock_.sleepUntil(clock_.mono() + kPatience, opened_.get_token());
  std::lock_guard lock(mutex_);
  if (state_ == State::kOpening) {
    state_ = State::kGivenUp;
    if (!stop.stop_requested())
      journal_.write(LogLevel::kWarning, "the history is not kept: the daemon goes on without it",
                     {{"detail", fmt::format("the state file did not answer within {}",
                                             formatDuration(kPatience))}});
  }
  if (past_) memory_.resume(past_->findings);
  return std::exchange(past_, std::nullopt);
}

void WatchKeeper::publish(const std::shared_ptr<const Report>& report,
                          const CheckRun* latest) noexcept {
  {
    std::lock_guard lock(mutex_);
    if (state_ != State::kOpen) return;
  }
  bool changed = memory_.take(*report);
  std::shared_ptr<const Timeline> timeline = timeline_();
  changed |= std::exchange(lastTimeline_, timeline) != timeline;
  std::vector<std::chrono::milliseconds> propagation;
  if (latest) propagation = propagationTimes(*latest);
  const WallTime now = clock_.wall();
  if (!changed && propagation.empty() && now < lastKept_ + kOldest) return;
  lastKept_ = now;
  {
    std::lock_guard lock(mutex_);
    Picture next{std::move(timeline), memory_.findings(), {}};
    if (waiting_) next.propagation = std::move(waiting_->propagation);
    if (next.propagation.size() < History::kMostPropagations)
      std::ranges::copy(propagation, std::back_inserter(next.propagation));
    waiting_ = std::move(next);
  }
  came_.notify_one();
}

void WatchKeeper::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

bool WatchKeeper::open() {
  Result<PastWatch> past = store_->open();
  std::lock_guard lock(mutex_);
  if (state_ == State::kGivenUp) return false;
  state_ = past ? State::kOpen : State::kGivenUp;
  if (past)
    past_ = std::move(*past);
  else
    journal_.write(LogLevel::kWarning, "the history is not kept: the daemon goes on without it",
                   {{"detail", past.error().message}});
  return past.has_value();
}

void WatchKeeper::work(const std::stop_token& stop) {
  const bool opened = open();
  opened_.request_stop();
  if (!opened) return;
  while (std::optional<Picture> picture = take(stop)) {
    const bool last = stop.stop_requested();
    const Result<void> kept =
        store_->keep(watchOf(*picture->timeline, picture->findings), picture->propagation);
    note(kept);
    if (!kept) putBack(std::move(*picture));
    if (!kept && last) return;
    clock_.sleepUntil(clock_.mono() + (kept ? kRest : kRestAfterFailure), stop);
  }
}

// Also after a stop, what is left.
std::optional<WatchKeeper::Picture> WatchKeeper::take(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!came_.wait(lock, stop, [this] { return waiting_.has_value(); })) return std::nullopt;
  return std::exchange(waiting_, std::nullopt);
}

// Unless there is a newer one; what was measured is not lost.
void WatchKeeper::putBack(Picture picture) {
  std::lock_guard lock(mutex_);
  if (waiting_) {
    std::ranges::copy(waiting_->propagation, std::back_inserter(picture.propagation));
    waiting_->propagation = std::move(picture.propagation);
  } else {
    waiting_ = std::move(picture);
  }
}

void WatchKeeper::note(const Result<void>& kept) {
  const bool fails = !kept;
  if (fails == std::exchange(failing_, fails)) return;
  if (fails)
    journal_.write(LogLevel::kWarning, "the history cannot be written: the daemon goes on",
                   {{"detail", kept.error().message}});
  else
    journal_.write(LogLevel::kInfo, "over: the history cannot be written");
}

}  // namespace rollcall
