// An image uploaded through each pod and fetched through all the others: what the canary tells, for
// volumes that Rollcall must not mount.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "daemon/core/check.h"

namespace rollcall::checks::canary {

// Sooner than this no second round follows a first.
inline constexpr Duration kSoonestRound = std::chrono::minutes(10);

class WriteThrough {
 public:
  explicit WriteThrough(Duration interval) : interval_(interval) {}

  // Adds to `outcome` what the round of this run found, or that of an earlier run while no new one
  // is due. A new one is due after `interval`; after kSoonestRound when the last one found
  // something, could not look, or did not know a pod.
  void run(const CheckContext& context, Outcome& outcome);

 private:
  bool isDue(const CheckContext& context) const;
  void addLast(const CheckContext& context, Outcome& outcome) const;

  const Duration interval_;
  std::uint64_t uploads_ = 0;
  std::optional<MonoTime> began_;
  Outcome last_;
  std::set<std::string> pods_;  // of the last round
};

}  // namespace rollcall::checks::canary
