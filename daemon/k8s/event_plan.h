// Which Events follow from one report to the next. Pure: time is an argument.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/core/finding_changes.h"
#include "daemon/k8s/event.h"

namespace rollcall::k8s {

// One when a finding begins and one when it ends, never one per round, as FindingChanges has it of
// findings that name a pod of the API; one that goes on is counted in its Event each ten minutes.
class EventPlan {
 public:
  struct Step {
    PodEvent event;
    bool goesOn = false;  // an Event that is there already
  };

  // `serial` begins the numbers in the Events' names: no other process may have near ones.
  EventPlan(std::string nameSpace, std::uint64_t serial)
      : nameSpace_(std::move(nameSpace)), serial_(serial) {}
  // `latest` as in Sink::publish().
  std::vector<Step> take(const Report& report, const CheckRun* latest, MonoTime now, WallTime wall);
  // How many were left out for the budget's sake, ever.
  std::uint64_t leftOut() const { return changes_.leftOut(); }

 private:
  Step stepOf(const FindingChange& change, WallTime wall) const;

  const std::string nameSpace_;
  const std::uint64_t serial_;
  FindingChanges changes_{{.podsOfTheApi = true, .recounts = true}};
};

}  // namespace rollcall::k8s
