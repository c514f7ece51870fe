// Which findings begin and which end from one report to the next, as whoever is told of changes
// should hear of them: Events, webhooks. Pure: time is an argument.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/comparison.h"
#include "daemon/core/report.h"

namespace rollcall {

// So many at once, and one more each `refill`.
class ChangeBudget {
 public:
  ChangeBudget(int atOnce, Duration refill) : atOnce_(atOnce), refill_(refill) {}
  bool canTake(MonoTime now) const;
  bool take(MonoTime now);
  bool isFull(MonoTime now) const { return !fullAt_ || *fullAt_ <= now; }

 private:
  int atOnce_;
  Duration refill_;
  std::optional<MonoTime> fullAt_;  // when there will be as many as can be
};

// What is to be told, and how.
struct ChangeRule {
  // Only findings that name a pod of the Kubernetes API; the end of such a pod ends none of them,
  // and another pod of its name has findings of its own.
  bool podsOfTheApi = false;
  // What goes on is told again each ten minutes.
  bool recounts = false;
};

struct FindingChange {
  enum class Kind { kBegan, kGoesOn, kEnded };
  Kind kind = Kind::kBegan;
  std::uint64_t number = 0;  // the same from a beginning to its end, another for the next one
  std::string check;
  std::string podUid;        // empty unless the rule is about pods of the API
  Finding finding;           // in its public form; of several of a code on a pod the first, but
                             // since when the earliest was there
  std::size_t more = 0;      // beside it
  WallTime began{};          // when this process first saw it
  std::uint64_t runs = 1;    // of the check, that saw it
  bool atFirstLook = false;  // it was there when the check first looked: it may be older
  bool podIsGone = false;    // and the finding with it
};

// Findings of a code on a pod are one thing, those of different commands (exec) are not; told are
// those of severity warning and above. One change when a thing begins, one when it is over
// (isOver()), none while it cannot be looked at. What comes and goes is told four changes at once
// and then one in ten minutes, always as it then is. All things together are told 30 changes at
// once and then ten a minute: a beginning that is too much is left out, and told with the next
// count if it is there still; an end waits. Who does not lead is silent but keeps up: a new leader
// tells what began or ended in the last minute, which its predecessor may not have told.
class FindingChanges {
 public:
  explicit FindingChanges(ChangeRule rule) : rule_(rule) {}
  // What an earlier process saw last: what of it is still there began then, and was for that
  // process to tell, unless it began in the last ten minutes. Before the first take().
  void resume(const std::vector<PastFinding>& findings);
  // `latest` as in Sink::publish().
  std::vector<FindingChange> take(const Report& report, const CheckRun* latest, MonoTime now,
                                  WallTime wall);
  // How many beginnings and counts were left out, ever.
  std::uint64_t leftOut() const { return leftOut_; }

 private:
  struct Key {
    std::string check, code, pod, command, uid;
    auto operator<=>(const Key&) const = default;
  };
  struct Condition {
    Finding finding;
    std::size_t count = 0;
  };
  using Conditions = std::map<Key, Condition>;
  struct Thing {
    FindingChange change;
    ChangeBudget budget;
    MonoTime began{};
    MonoTime told{};
    MonoTime ended{};
    bool isThere = true;
    bool isTold = false;     // by us, that it is there
    bool byAnother = false;  // it was for another replica to tell it

    // It is over, and whoever was told of it knows.
    bool isForgotten() const { return !isThere && !isTold && !byAnother; }
    void show(const Condition& condition);
  };

  Conditions conditionsOf(const Report& report) const;
  void see(const Report& report, const Conditions& present, const CheckRun* latest, MonoTime now,
           WallTime wall);
  void begin(Thing& thing, const Key& key, const Condition& condition, MonoTime now, WallTime wall);
  void endWhatIsOver(const Report& report, const Conditions& present, MonoTime now);
  static void leaveToAnother(Thing& thing, MonoTime now);
  std::optional<FindingChange> tell(Thing& thing, MonoTime now);
  std::optional<FindingChange> tellBeginning(Thing& thing, MonoTime now);

  const ChangeRule rule_;
  ChangeBudget budget_{30, std::chrono::seconds(6)};
  std::map<Key, Thing> things_;
  std::set<Key> resumed_;         // without uid
  std::set<std::string> looked_;  // checks that have looked once
  std::uint64_t numbers_ = 0;
  std::uint64_t leftOut_ = 0;
};

}  // namespace rollcall
