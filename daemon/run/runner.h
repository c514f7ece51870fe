// One run of one check, the same way for daemon, CronJob and command line.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "daemon/core/check.h"
#include "daemon/core/comparison.h"
#include "daemon/core/finding.h"

namespace rollcall {

// Runs `check`, times it, turns exceptions into an internal Error, keeps at most one finding per
// (code, pod, resource), sorts findings (severity, code, pod, resource), turns those on pods that
// get no readers into notes, judges. An unmet need gives "not applicable". Never throws.
CheckRun runCheck(const CheckSpec& spec, Check& check, const CheckContext& context) noexcept;

// Takes what names pods that are no longer in `topology` out of `run`, and what is amiss on pods
// that are leaving by now, and judges it anew.
void dropGonePods(CheckRun& run, const Topology& topology);

// Adds a gap to the `run` of a check that asks pods for each pod that got no readers when it was
// `asked` and gets them `now`: what was amiss there was nobody's finding, and may still be there.
void doubtReturned(const CheckSpec& spec, CheckRun& run, const Topology& asked,
                   const Topology& now);

// Remembers since when each finding has been seen, across runs. Not thread-safe.
class SinceMemory {
 public:
  // Fills Finding::since in `run` and forgets what is gone. A run that could not look (error, or a
  // gap on the finding's pod) does not make its earlier findings forgotten, nor does a pod of
  // `topology` that gets no readers: it is blamed for nothing.
  void apply(CheckRun& run, const Topology& topology);
  // Takes in what an earlier process remembered.
  void resume(const std::vector<PastFinding>& findings);

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // code, pod, resource type:id
  std::map<std::string, std::map<Key, WallTime>> seen_;           // by check
};

}  // namespace rollcall
