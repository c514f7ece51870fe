#include "daemon/k8s/watcher.h"

#include <nlohmann/json.hpp>

namespace rollcall::k8s {
namespace {

using namespace std::chrono_literals;

// A watch is asked to end after a minute or so: one that the network swallowed is noticed by then.
constexpr std::chrono::seconds kShortestWatch = 50s;
constexpr double kWatchSpread = 20;  // s
// One that lived that long was worth it: the next may follow at once.
constexpr Duration kWorthwhile = 1s;
constexpr Duration kLongestRest = 1h;
// Listing anew succeeds as a rule, and until then nothing is known of what happens.
constexpr Duration kLongestRestWhenGone = 2s;

}  // namespace

Watcher::Watcher(const Clock& clock, ApiClient client, Random random, Listener& listener)
    : clock_(clock),
      client_(std::move(client)),
      random_(std::move(random)),
      backoff_(random_),
      listener_(listener) {}

void Watcher::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Duration rest = version_.empty() ? list(stop) : watch(stop);
    if (rest > Duration(0) && !clock_.sleepUntil(clock_.mono() + rest, stop)) return;
  }
}

Duration Watcher::restAfter(const ApiError& error) {
  if (error.gone) return backoff_.next(error.rest, kLongestRestWhenGone);
  return backoff_.next(error.rest, kLongestRest);
}

Duration Watcher::list(const std::stop_token& stop) {
  listener_.listBegins();
  ApiResult<std::string> version =
      client_.list([this](const nlohmann::json& items) { return listener_.page(items); }, stop);
  if (version) {
    version_ = std::move(*version);
    listener_.listEnds();
    listener_.heard();
    return Duration(0);
  }
  if (stop.stop_requested()) return Duration(0);
  listener_.failed(version.error().error);
  return restAfter(version.error());
}

Duration Watcher::watch(const std::stop_token& stop) {
  const MonoTime began = clock_.mono();
  const auto span =
      kShortestWatch + std::chrono::seconds(static_cast<long>(random_() * kWatchSpread));
  const WatchEnd end = client_.watch(
      version_, span, [this] { listener_.heard(); },
      [this](const WatchEvent& event) { return take(event); }, stop);
  if (stop.stop_requested()) return Duration(0);
  const bool lived = clock_.mono() - began >= kWorthwhile;
  if (end.established && (lived || end.events)) backoff_.reset();
  if (!end.why) return lived ? Duration(0) : backoff_.next(Duration(0), kLongestRest);

  const ApiError& why = *end.why;
  const bool silent = why.error.code == ErrorCode::kDeadlineExceeded;
  if (!end.cut || silent) version_.clear();
  // That a watch ends says nothing of the API; that the next cannot begin does.
  if (!why.gone && !end.cut) listener_.failed(why.error);
  const bool atOnce = lived && why.rest == Duration(0) && (why.gone || end.cut);
  return atOnce ? Duration(0) : restAfter(why);
}

std::optional<Error> Watcher::take(const WatchEvent& event) {
  std::optional<Error> problem;
  switch (event.kind) {
    case WatchEvent::Kind::kPut:
      problem = listener_.put(*event.object);
      break;
    case WatchEvent::Kind::kDeleted:
      problem = listener_.dropped(*event.object);
      break;
    case WatchEvent::Kind::kBookmark:
      listener_.heard();
      break;
  }
  if (!problem) version_ = event.version;
  return problem;
}

}  // namespace rollcall::k8s
