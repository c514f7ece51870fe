// The roll itself: which resources the database says are public, asked on every pod with the
// cheapest sufficient evidence. The checks `posts` and `archives` are two settings of this.
//
// Tiers of a full run: whole views (sitemaps, Content API lists), the newest, what changed, what a
// view disagrees on (suspects), what was wrong before, and a slow sweep over the rest. A run for a
// change asks only for what changed. Nothing is claimed without a real GET on that pod, but
// suspects beyond the budget, and those only while every asked suspect of that pod was confirmed.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/content/known_routes.h"
#include "daemon/core/check.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/version.h"
#include "daemon/roll/answer.h"
#include "daemon/roll/newest.h"

namespace rollcall::roll {

// The findings of one scope, by state.
struct Codes {
  const FindingDef* missing = nullptr;
  const FindingDef* moved = nullptr;
  const FindingDef* served = nullptr;
  const FindingDef* declared = nullptr;
  const FindingDef* error = nullptr;

  const FindingDef& of(State state) const;  // only for wrong states
};

struct Settings {
  std::set<ResourceType> types;
  bool views = false;        // sitemaps and Content API lists prove these types
  std::size_t newest = 5;    // asked on every pod in each full run
  std::size_t hidden = 3;    // newest not public ones asked, which must not answer
  std::size_t sweep = 5;     // others asked per full run, in turn
  std::size_t recheck = 10;  // known wrong ones asked again per full run
  Duration apiEvery{};       // how often the daemon reads the Content API's lists
  Codes onePod, allPods;
};

// (type, id) of a resource.
using Key = std::pair<ResourceType, std::string>;

// Remembers between runs; see Check for threads.
class RollCall {
 public:
  explicit RollCall(Settings settings) : settings_(std::move(settings)) {}
  Result<Outcome> run(const CheckContext& context);

 private:
  friend class RollRun;

  struct Known {
    Answer answer;
    bool confirmed = true;
  };

  Settings settings_;
  std::map<Key, std::map<std::string, Known>> wrong_;  // by pod: what the last run claimed
  std::set<Key> watched_;                              // changed, not yet ok everywhere nor claimed
  // Published while we watched: when, and whether the time to all pods has been measured.
  std::map<Key, std::pair<WallTime, bool>> propagating_;
  std::map<std::pair<std::string, Key>, WallTime> cleared_;  // (pod, hidden suspect) -> updatedAt
  std::map<std::string, ghost::Version> versions_;           // by pod
  std::optional<WallTime> seenUntil_;                        // newest updatedAt of the last load
  std::optional<WallTime> watchingSince_;  // the database's clock at the first load
  std::optional<MonoTime> apiRead_;
  std::size_t sweepAt_ = 0;
  bool needsDeclarations_ = false;
  std::set<std::string> proven_;  // pods of which a whole view was read
  // By pod: what the last full run could not look at, and whether nothing there could be.
  std::map<std::string, std::pair<Gap, bool>> gaps_;
  std::map<std::string, Gap> unread_;  // by pod: what its Content API's lists left unproven last
  bool defaultsHeld_ = false;          // the assumed permalinks agreed with the pods' sitemaps
  std::optional<KnownRoutes> knownRoutes_;  // as read last
  NewestRows newest_;
};

}  // namespace rollcall::roll
