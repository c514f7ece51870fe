#include "daemon/core/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace rollcall {

MonoTime SystemClock::mono() const {
  return std::chrono::steady_clock::now();
}

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

bool SystemClock::sleepUntil(MonoTime when, std::stop_token stop) const {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, stop, when, [] { return false; });
  return !stop.stop_requested();
}

ManualClock::ManualClock(WallTime start) : wall_(start) {}

MonoTime ManualClock::mono() const {
  std::lock_guard lock(mutex_);
  return mono_;
}

WallTime ManualClock::wall() const {
  std::lock_guard lock(mutex_);
  return wall_;
}

bool ManualClock::sleepUntil(MonoTime when, std::stop_token stop) const {
  std::unique_lock lock(mutex_);
  return moved_.wait(lock, stop, [&] { return mono_ >= when; });
}

void ManualClock::advance(Duration by) {
  {
    std::lock_guard lock(mutex_);
    mono_ += by;
    wall_ += std::chrono::duration_cast<std::chrono::milliseconds>(by);
  }
  moved_.notify_all();
}

Duration Deadline::left(const Clock& clock) const {
  return std::max(when_ - clock.mono(), Duration::zero());
}

Deadline Deadline::atMost(const Clock& clock, Duration in) const {
  return Deadline(std::min(when_, clock.mono() + in));
}

Duration bounded(std::chrono::milliseconds time) {
  constexpr auto kMost = std::chrono::floor<std::chrono::milliseconds>(Duration::max() / 2);
  return std::clamp(time, -kMost, kMost);
}

Duration elapsed(WallTime from, WallTime to) {
  return bounded(to - from);
}

std::string formatTime(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(time - seconds).count();
  // Not by the system's clock: its nanoseconds end in 2262.
  const auto sinceEpoch = static_cast<std::time_t>(seconds.time_since_epoch().count());
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(sinceEpoch), millis);
}

std::string formatDuration(Duration duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{:.0f} h", seconds / 3600);
  return fmt::format("{:.0f} d", seconds / 86400);
}

}  // namespace rollcall
