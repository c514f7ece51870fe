// From the answers of all pods about one resource to what may be claimed. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "daemon/roll/answer.h"

namespace rollcall::roll {

// What one pod is known to do with one resource.
struct Observation {
  std::string pod;
  Answer answer;
  bool confirmed = true;  // by a real GET; false: only the pod's own view says so
  // Wrong when it was last asked, but cannot be asked now: counts towards "on all", never alone.
  bool remembered = false;
};

// Either about single pods, or one for all of them (pod empty).
struct Claim {
  std::string pod;
  Answer answer;
  bool confirmed = true;
  std::string others;  // "pod-1 ok, pod-3 missing": evidence
};

// `observations` holds at most one per pod; `pods` is how many there are to answer, `lost` how many
// of them could not be asked anything. Wrong on every pod is one claim of the worst state; wrong on
// some is a claim a pod. Wrong on all that could be asked is taken for one of all when it is a
// fault that no stale pod shows (a redirect although the pod itself has the resource here, another
// declared address).
std::vector<Claim> judgeResource(const std::vector<Observation>& observations, std::size_t pods,
                                 std::size_t lost = 0);

// Unasked suspects of a pod may be listed unconfirmed only while every asked one was confirmed.
bool mayListUnconfirmed(std::size_t asked, std::size_t confirmed);

}  // namespace rollcall::roll
