// Which Events follow from one report to the next. Pure: time is an argument.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/core/report.h"
#include "daemon/k8s/event.h"

namespace rollcall::k8s {

// So many at once, and one more each `refill`.
class EventBudget {
 public:
  bool take(MonoTime now);

 private:
  std::optional<MonoTime> fullAt_;  // when there will be as many as can be
};

// One when a finding begins and one when it ends, never one per round: findings of a code on a pod
// are one thing, and one that goes on is counted in its Event each ten minutes. Told are findings
// of severity warning and above that name a pod of the API. Who does not lead is silent but keeps
// up: a new leader tells what began in the last minute, which its predecessor may not have told.
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
  std::uint64_t leftOut() const { return leftOut_; }

 private:
  struct Key {
    std::string check, code, pod, uid;
    auto operator<=>(const Key&) const = default;
  };
  struct Ongoing {
    PodEvent event;
    MonoTime began{};
    MonoTime told{};
    bool isTold = false;     // by us
    bool byAnother = false;  // it was for another replica to tell it
  };
  using Conditions = std::map<Key, PodEvent>;

  static Conditions conditionsOf(const Report& report);
  void end(const Report& report, const Conditions& present, bool leads, MonoTime now, WallTime wall,
           std::vector<Step>& steps);
  // What is to be told of a finding that is there, if anything.
  std::optional<Step> tell(Ongoing& ongoing, MonoTime now, WallTime wall);
  bool afford(MonoTime now);
  std::string nextName(const std::string& pod);

  const std::string nameSpace_;
  std::uint64_t serial_;
  EventBudget budget_;
  std::map<Key, Ongoing> active_;
  std::uint64_t leftOut_ = 0;
};

}  // namespace rollcall::k8s
