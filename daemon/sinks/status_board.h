// What the status page shows: the latest report and what happened before it.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/core/past_watch.h"
#include "daemon/core/registry.h"
#include "daemon/core/report.h"

namespace rollcall {

// Something began, ended or changed. No slug, no address.
struct BoardEvent {
  WallTime at{};
  std::string_view tone;  // name of the severity or verdict it speaks of: critical, pass, ...
  std::string text;       // "RC201 began on pod-2 (5 posts): published but missing on the pod"
};

// A warning or critical finding of one code on one pod, from its beginning to its end.
struct BoardFailure {
  const FindingDef* def = nullptr;
  std::string check;
  std::string pod;        // empty: on none or all
  std::size_t count = 0;  // of findings, the most at once
  WallTime began{};
  std::optional<WallTime> ended;
};

// Pure: reports in, rings out. Both rings are bounded, and failures live in theirs longer: what is
// well does not push them out.
class Timeline {
 public:
  static constexpr std::size_t kEvents = 100;
  static constexpr std::size_t kFailures = 100;

  // Before the first take(): goes on where an earlier process ended. What is of a code that
  // `registry` does not have is left out; what a check that is not among `enabled` found has ended
  // when it was last seen.
  void resume(const PastWatch& past, const CheckRegistry& registry,
              const std::set<std::string, std::less<>>& enabled);

  // True when there is something new. What a check could not look at has not ended.
  bool take(const Report& report);

  const std::deque<BoardEvent>& events() const { return events_; }  // oldest first
  std::size_t told() const { return told_; }  // how many events there have been
  bool resumed() const { return resumed_; }   // it began before this process
  // When it was last learned who leads; means nothing without an election.
  WallTime leadKnownSince() const { return leadSince_; }
  const std::deque<BoardFailure>& failures() const { return failures_; }  // oldest first

 private:
  using Key = std::pair<std::string_view, std::string>;  // code, pod
  struct Seen {
    const FindingDef* def = nullptr;
    std::string check;
    std::size_t count = 0;
    WallTime since{};
  };

  void tell(std::string_view tone, std::string text);
  void takeVerdict(const Report& report);
  void takePods(const Report& report);
  void takeFindings(const Report& report);
  void takeGaps(const Report& report);
  void takeLead(const Report& report);
  void begin(const Key& key, const Seen& seen);
  void grow(const Key& key, std::size_t count);
  void end(const Key& key, const Seen& seen);
  BoardFailure* openFailure(const Key& key);
  void resumeFindings(const PastWatch& past, const CheckRegistry& registry,
                      const std::set<std::string, std::less<>>& enabled);
  void resumeFailure(const PastFailure& past, const PastWatch& all, const CheckRegistry& registry);

  WallTime now_{};
  bool started_ = false;
  bool judged_ = false;  // a verdict was told
  bool resumed_ = false;
  bool changed_ = false;
  Verdict verdict_ = Verdict::kUnknown;
  std::optional<bool> leads_;
  WallTime leadSince_{};
  std::map<std::string, Pod> pods_;
  std::map<Key, Seen> active_;
  std::map<std::string, WallTime> unseen_;  // pods ("" = no single one) -> since when
  std::deque<BoardEvent> events_;
  std::size_t told_ = 0;
  std::deque<BoardFailure> failures_;
};

struct Board {
  std::shared_ptr<const Report> report;
  std::shared_ptr<const Timeline> timeline;
};

class StatusBoard final : public Sink {
 public:
  // As Timeline::resume(), before the first report.
  void resume(const PastWatch& past, const CheckRegistry& registry,
              const std::set<std::string, std::less<>>& enabled) {
    timeline_.resume(past, registry, enabled);
  }
  void publish(const std::shared_ptr<const Report>& report,
               const CheckRun* latest) noexcept override;
  // Thread-safe; null before the first report.
  std::shared_ptr<const Board> board() const;

 private:
  Timeline timeline_;  // the engine's thread's
  mutable std::mutex mutex_;
  std::shared_ptr<const Board> board_;
};

}  // namespace rollcall
