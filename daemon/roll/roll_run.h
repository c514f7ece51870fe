// One run of a RollCall, step by step. Lives for one call of RollCall::run.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/roll/judge.h"
#include "daemon/roll/locate.h"
#include "daemon/roll/roll_call.h"
#include "daemon/roll/views.h"

namespace rollcall::roll {

class RollRun {
 public:
  RollRun(RollCall& memory, const CheckContext& context) : memory_(memory), context_(context) {}
  Result<Outcome> run();

 private:
  struct Ask {
    std::size_t entry;
    Reason reason;
  };
  struct PodRun {
    const Pod* pod = nullptr;
    View view;
    std::set<std::size_t> suspects;
    std::set<std::size_t> chosen;  // asked or queued
    std::deque<Ask> queue;
    std::map<std::size_t, Answer> answers;
    std::size_t inFlight = 0;
    std::size_t failures = 0;  // in a row, without an answer
    std::string gaveUp;        // why the rest of the queue was dropped
    bool frontPageFails = false;
    bool lost = false;                  // nothing it answered says anything about a resource
    bool recovering = false;            // something known wrong proved right in this run
    std::set<std::size_t> unconfirmed;  // unasked suspects that may be listed

    bool untouched() const { return answers.empty() && queue.empty() && gaveUp.empty(); }
  };

  static constexpr auto kForgetMeasured = std::chrono::hours(1);

  // The steps, in order.
  Result<void> load();
  void recall();
  bool stillFits(std::size_t entry, const RollCall::Known& claim) const;
  Result<KnownRoutes> knownRoutes();
  void withdrawUnproven(const KnownRoutes& known);
  Deadline share(double part) const;
  bool needsHints(const PodRun& pod) const;
  Result<void> readViews();
  Result<void> place();
  void findSuspects(PodRun& pod);
  void plan();
  void planFull(PodRun& pod);
  void planChanged(PodRun& pod);
  void ask();
  void askFrontPages();
  void askFailedAgain();
  Result<void> lookAgain();
  void conclude();
  void concludeEntry(std::size_t entry);
  void waitFor(std::size_t entry);
  void reportGaps();
  std::optional<Gap> gapOf(const PodRun& pod) const;
  std::optional<Gap> unreadOf(const PodRun& pod) const;
  bool listable(const PodRun& pod, std::size_t entry) const;
  void count();
  std::string_view stateFor(const PodRun& pod, std::size_t entry) const;
  std::string_view quietState(const PodRun& pod) const;
  void showNewest();
  std::optional<RollCell> learned(const PodRun& pod, std::size_t entry) const;
  bool listedRightly(const PodRun& pod, std::size_t entry) const;
  std::string_view lookFailed(const PodRun& pod, std::size_t entry) const;
  void remember();

  // Helpers.
  bool full() const { return context_.trigger != Trigger::kChange; }
  std::size_t sweep() const {
    if (context_.budget.everything) return scope_.size();
    return context_.leads ? memory_.settings_.sweep : 0;
  }
  bool inScope(const Entry& entry) const { return memory_.settings_.types.contains(entry.type); }
  bool settling(const Entry& entry) const;
  Key keyOf(std::size_t entry) const;
  void choose(PodRun& pod, std::size_t entry, Reason reason);
  void pump(PodBatch& batch, PodRun& pod);
  void answered(PodRun& pod, const Ask& ask, const Result<HttpResponse>& response);
  std::optional<Observation> observe(const PodRun& pod, std::size_t entry) const;
  const RollCall::Known* known(const PodRun& pod, std::size_t entry) const;
  std::string_view pathOf(std::size_t entry) const;
  bool listed(const PodRun& pod, std::size_t entry) const;
  std::optional<std::string_view> declaredPath(const PodRun& pod, std::size_t entry) const;
  bool declaresElsewhere(const PodRun& pod, std::size_t entry) const;
  bool disowned(const PodRun& pod, std::size_t entry) const;
  void weigh(PodRun& pod) const;
  void addFinding(std::size_t entry, const Claim& claim);
  void measurePropagation(std::size_t entry);
  bool okEverywhere(std::size_t entry) const;

  RollCall& memory_;
  const CheckContext& context_;
  MonoTime loadedAt_{};
  WallTime began_{};
  std::shared_ptr<const Content> content_;
  PathTable paths_;
  FirstTold told_;
  Locations places_;
  std::deque<PodRun> pods_;
  std::vector<std::uint32_t> scope_;  // entries of our types, newest first
  std::vector<std::size_t> waiting_;  // those the last run wanted to see again
  std::map<std::size_t, const std::map<std::string, RollCall::Known>*> before_;  // known wrong ones
  std::set<std::size_t> interesting_;       // entries with anything to conclude
  std::set<std::size_t> changedMeanwhile_;  // their row changed while we asked
  std::map<Key, std::map<std::string, RollCall::Known>> wrong_;
  std::map<std::pair<const PodRun*, std::size_t>, State> states_;  // those that are not ok
  std::set<Key> watched_;
  bool apiTried_ = false;
  Outcome outcome_;
};

}  // namespace rollcall::roll
