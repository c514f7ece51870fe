// The sentences of the edge check's findings, for a person at 3:00. Pure.
#pragma once

#include <string>
#include <vector>

#include "checks/edge/rules.h"
#include "daemon/core/finding.h"

namespace rollcall::checks::edge {

// What is known around a claim about one page.
struct Scene {
  const Page& page;
  const std::vector<std::string>& podNames;  // as the sights
  const std::vector<Sight>& pods;
  const std::vector<Sight>& tries;
  std::string url;  // at the edge
};

// Of kPoisoned, kStale, kZombie and kSplit.
Finding findingOf(Verdict verdict, const Scene& scene);
// Of what is not kGood.
Finding findingOf(Trust trust, const Certificate& certificate, const Url& edge, WallTime now);

}  // namespace rollcall::checks::edge
