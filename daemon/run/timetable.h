// Which check runs when. Pure: time is an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/check.h"
#include "daemon/core/clock.h"

namespace rollcall {

// One row per check. A row is idle or running and never runs twice at once.
// - It is due at once, and then ticks every interval; its second tick is earlier by a hash of the
//   name, at most 2 s, which spreads the rows. Ticks that fall into an interval run are dropped and
//   counted; one that falls into a change run is kept and due right after it.
// - A change makes it due at once, or right after the run it falls into; of changes that go on, as
//   during an import, ten do, and then two a second: each run asks every pod for pages.
// - When a change and a tick are due together the change goes first, unless the last run was for a
//   change too: neither can starve the other.
class Timetable {
 public:
  struct Row {
    std::string name;
    Duration interval;
  };
  struct Start {
    std::size_t row;
    Trigger trigger;
  };

  Timetable(const std::vector<Row>& rows, MonoTime now);

  // The idle rows that are due; they count as running from now on.
  std::vector<Start> due(MonoTime now);
  // The run of `row` has ended. `again`: it wants a change run this soon, at least 100 ms from now.
  void ended(std::size_t row, MonoTime now, std::optional<Duration> again);
  void change(std::size_t row);
  // An interval run at once, or right after the run it falls into. The rhythm stays; a tick that
  // falls into that run is dropped and not counted.
  void hurry(std::size_t row);
  // When due() will have something; MonoTime::max() while every row runs.
  MonoTime next() const;
  // Ticks of `row` dropped since this was asked last.
  std::uint64_t takeMissed(std::size_t row);

 private:
  struct State {
    Duration interval{};
    MonoTime tick{};
    Duration spread{};  // yet to be taken off the rhythm
    std::optional<MonoTime> again;
    MonoTime paidUntil = MonoTime::min();  // each run for a change pays for its share of time
    bool changed = false;
    bool hurried = false;
    bool running = false;
    bool early = false;  // the run was hurried: its tick is yet to come
    Trigger last = Trigger::kInterval;
    std::uint64_t missed = 0;
  };
  static MonoTime changeDue(const State& state);
  static MonoTime tickDue(const State& state);
  static void advanceTick(State& state, MonoTime now);

  std::vector<State> rows_;
};

}  // namespace rollcall
