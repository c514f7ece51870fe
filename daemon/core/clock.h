// Time. Nothing outside SystemClock reads a clock or sleeps; tests drive a ManualClock.
// Wall time is for people and for comparing with the database; monotonic time is for arithmetic.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>

namespace rollcall {

using Duration = std::chrono::nanoseconds;
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoTime mono() const = 0;
  virtual WallTime wall() const = 0;
  // Returns true when `when` was reached, false when `stop` was requested first.
  virtual bool sleepUntil(MonoTime when, std::stop_token stop) const = 0;
};

class SystemClock final : public Clock {
 public:
  MonoTime mono() const override;
  WallTime wall() const override;
  bool sleepUntil(MonoTime when, std::stop_token stop) const override;
};

// Moves only when told to; wakes sleepers whose time has come.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{});
  MonoTime mono() const override;
  WallTime wall() const override;
  bool sleepUntil(MonoTime when, std::stop_token stop) const override;
  void advance(Duration by);

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any moved_;
  MonoTime mono_{};
  WallTime wall_;
};

// A moment after which an operation is given up. Passed by value, downwards.
class Deadline {
 public:
  static Deadline after(const Clock& clock, Duration in) { return Deadline(clock.mono() + in); }
  explicit Deadline(MonoTime when) : when_(when) {}
  MonoTime when() const { return when_; }
  // Never negative.
  Duration left(const Clock& clock) const;
  bool passed(const Clock& clock) const { return clock.mono() >= when_; }
  // The earlier of this deadline and `in` from now.
  Deadline atMost(const Clock& clock, Duration in) const;

 private:
  MonoTime when_;
};

// At most 146 years either way: people's dates lie further apart than nanoseconds can count, and a
// settle window more or less still fits.
Duration bounded(std::chrono::milliseconds time);
// From `from` to `to`, bounded; negative when `to` is earlier.
Duration elapsed(WallTime from, WallTime to);

// RFC 3339 in UTC with milliseconds: "2026-01-31T23:30:00.000Z".
std::string formatTime(WallTime time);
// For people: "350 ms", "4.2 s", "3 min", "5 h", "12 d".
std::string formatDuration(Duration duration);

}  // namespace rollcall
