// Whether a pod can be restarted now without harm. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/report.h"

namespace rollcall {

struct RestartSafety {
  bool safe = true;
  std::vector<std::string> reasons;  // why not; what is not known speaks against it too
};

// Of restarting `pod`, or with an empty name any one of the pods. Not safe while a newsletter is
// being sent (from about 6.50 on every pod that boots takes up what is pending: it may go out
// twice), a scheduled post is due (a timer in a pod's memory may be the one to publish it), the
// migration lock is held (a pod that boots against it exits), or fewer than two other pods are
// well.
RestartSafety restartSafety(const Report& report, std::string_view pod);

// Whether what `remedy` says restarts pods: a kubectl command that does, or the word.
bool asksForRestart(std::string_view remedy);

}  // namespace rollcall
