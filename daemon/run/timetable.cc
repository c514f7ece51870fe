#include "daemon/run/timetable.h"

#include <algorithm>
#include <utility>

namespace rollcall {
namespace {

constexpr Duration kSpread = std::chrono::seconds(2);
constexpr Duration kSoonest = std::chrono::milliseconds(100);
constexpr Duration kPerChange = std::chrono::milliseconds(500);
constexpr int kChangesAtOnce = 10;

// FNV-1a: the same on every build, so that a restart keeps the order.
std::uint64_t hashOf(const std::string& name) {
  std::uint64_t hash = 14695981039346656037u;
  for (const unsigned char c : name) hash = (hash ^ c) * 1099511628211u;
  return hash;
}

}  // namespace

Timetable::Timetable(const std::vector<Row>& rows, MonoTime now) {
  for (const Row& row : rows) {
    State state;
    state.interval = std::max(row.interval, kSoonest);
    const auto spread = static_cast<std::uint64_t>(std::min(state.interval, kSpread).count());
    state.tick = now;
    state.spread = Duration(static_cast<Duration::rep>(hashOf(row.name) % spread));
    rows_.push_back(state);
  }
}

// MonoTime::min() = at once; MonoTime::max() = no change run is wanted.
MonoTime Timetable::changeDue(const State& state) {
  const MonoTime again = state.again.value_or(MonoTime::max());
  if (!state.changed) return again;
  if (state.paidUntil == MonoTime::min()) return MonoTime::min();
  return std::min(again, state.paidUntil - (kChangesAtOnce - 1) * kPerChange);
}

MonoTime Timetable::tickDue(const State& state) {
  return state.hurried ? MonoTime::min() : state.tick;
}

void Timetable::advanceTick(State& state, MonoTime now) {
  const auto passed = (now - state.tick) / state.interval;
  state.missed += static_cast<std::uint64_t>(passed);
  state.tick += (passed + 1) * state.interval - std::exchange(state.spread, Duration::zero());
}

std::vector<Timetable::Start> Timetable::due(MonoTime now) {
  std::vector<Start> starts;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    State& state = rows_[i];
    const bool change = changeDue(state) <= now;
    const bool tick = tickDue(state) <= now;
    if (state.running || (!change && !tick)) continue;
    const bool forChange = change && (!tick || state.last != Trigger::kChange);
    if (!forChange) {
      state.hurried = false;
      state.early = state.tick > now;
      if (state.tick <= now) advanceTick(state, now);
    }
    if (state.changed) state.paidUntil = std::max(state.paidUntil, now) + kPerChange;
    state.last = forChange ? Trigger::kChange : Trigger::kInterval;
    state.running = true;
    state.changed = false;
    state.again.reset();
    starts.push_back({i, state.last});
  }
  return starts;
}

void Timetable::ended(std::size_t row, MonoTime now, std::optional<Duration> again) {
  State& state = rows_.at(row);
  state.running = false;
  if (state.last == Trigger::kInterval && state.tick <= now) {
    if (!state.early) ++state.missed;
    advanceTick(state, now);
  }
  if (again) state.again = now + std::max(*again, kSoonest);
}

void Timetable::change(std::size_t row) {
  rows_.at(row).changed = true;
}

void Timetable::hurry(std::size_t row) {
  rows_.at(row).hurried = true;
}

MonoTime Timetable::next() const {
  MonoTime next = MonoTime::max();
  for (const State& state : rows_)
    if (!state.running) next = std::min({next, tickDue(state), changeDue(state)});
  return next;
}

std::uint64_t Timetable::takeMissed(std::size_t row) {
  return std::exchange(rows_.at(row).missed, 0);
}

}  // namespace rollcall
