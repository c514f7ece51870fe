// Keeps the daemon's history across restarts.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "daemon/run/journal.h"
#include "daemon/sinks/status_board.h"
#include "daemon/state/watch_store.h"

namespace rollcall {

// What the daemon knows, from report to report. Pure.
class WatchMemory {
 public:
  void resume(std::vector<PastFinding> findings) { findings_ = std::move(findings); }
  // True when something began or ended; that something was seen again is no change.
  bool take(const Report& report);
  const std::vector<PastFinding>& findings() const { return findings_; }

 private:
  std::vector<PastFinding> findings_;  // sorted
};

// Publishing never waits: a thread of its own is the only one that touches the store, and what it
// has not kept yet is one picture, the newest. A store that cannot be opened is told once and then
// left alone; one that fails later is told once and tried again. What is kept is a second old at
// most when the process is killed.
class WatchKeeper final : public Sink {
 public:
  static constexpr Duration kPatience = std::chrono::seconds(3);  // of start()
  static constexpr Duration kRest = std::chrono::seconds(1);      // between two writes
  static constexpr Duration kRestAfterFailure = std::chrono::seconds(10);
  static constexpr auto kOldest = std::chrono::hours(1);  // is written anew without a change

  // `timeline` is called by the publishing thread after the sinks before this one; `clock` and
  // `journal` are borrowed.
  WatchKeeper(const Clock& clock, std::unique_ptr<WatchStore> store,
              std::function<std::shared_ptr<const Timeline>()> timeline, Journal& journal);
  ~WatchKeeper() override;

  // Starts the thread. What the daemon before this one kept; empty when that could not be read
  // within kPatience or before `stop`: then nothing is kept either, or it would overwrite what is
  // there.
  std::optional<PastWatch> start(const std::stop_token& stop);
  void publish(const std::shared_ptr<const Report>& report,
               const CheckRun* latest) noexcept override;
  // Keeps what is not kept yet and ends the thread: takes as long as the disk.
  void stop();

 private:
  struct Picture {
    std::shared_ptr<const Timeline> timeline;
    std::vector<PastFinding> findings;
    std::vector<std::chrono::milliseconds> propagation;  // measured since the last one kept
  };
  enum class State { kOpening, kOpen, kGivenUp };

  void work(const std::stop_token& stop);
  bool open();
  std::optional<Picture> take(const std::stop_token& stop);
  void putBack(Picture picture);
  void note(const Result<void>& kept);

  const Clock& clock_;
  const std::unique_ptr<WatchStore> store_;  // the thread's
  const std::function<std::shared_ptr<const Timeline>()> timeline_;
  Journal& journal_;

  // Of the publishing thread.
  WatchMemory memory_;
  std::shared_ptr<const Timeline> lastTimeline_;
  WallTime lastKept_{};

  std::mutex mutex_;
  std::condition_variable_any came_;
  State state_ = State::kOpening;
  std::optional<PastWatch> past_;
  std::optional<Picture> waiting_;
  std::stop_source opened_;  // ends the wait of start()

  bool failing_ = false;  // the thread's
  std::jthread thread_;   // last: joined before what it uses goes away
};

}  // namespace rollcall
