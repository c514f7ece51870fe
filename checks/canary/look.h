// What a pod said of the canary, and the sentences that tell of it. Pure.
#pragma once

#include <string>
#include <vector>

#include "checks/canary/rules.h"
#include "daemon/core/finding.h"
#include "daemon/core/topology.h"

namespace rollcall::checks::canary {

struct Look {
  const Pod* pod = nullptr;
  Sight sight;                    // the last one
  Stage stage = Stage::kCreated;  // what had been done to the file by then
  int looks = 0;                  // in a row that were not right
  MonoTime since{};               // the first of these
  Duration lasting{};             // from it to the last
};

// The finding about this pod's sight, which is neither right nor unseen nor elsewhere. `others`
// serve the file; `reproduce` is a curl command for /content/images/<kByHand>.
Finding findingOf(const Look& look, const std::vector<std::string>& others,
                  const std::string& reproduce);
// RC852: `looks` are those of pods that answered, at least one.
Finding nowhereFinding(const std::vector<const Look*>& looks, const std::string& reproduce);
// The same in a few words, for what is no finding: "answers 404".
std::string shortly(const Look& look);

// The file a person puts there to repeat the look.
inline constexpr std::string_view kByHand = "by-hand.txt";

}  // namespace rollcall::checks::canary
