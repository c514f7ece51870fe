// The children that look at one mount: at most one at a time, also while one hangs.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "daemon/content/child.h"
#include "daemon/content/probing.h"
#include "daemon/content/volume_probe.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

// Thread-safe: calls wait for one another. `clock` is borrowed.
class MountSlot {
 public:
  MountSlot(const Clock& clock, const ChildCalls& calls) : clock_(clock), calls_(calls) {}

  // What a child that ended by itself left: its exit status and what it sent.
  struct Ended {
    int status = 0;
    std::string received;
  };
  // Runs `work` (see Child::start). `place` is what messages call the thing looked at. kUnavailable
  // while an earlier child hangs, kDeadlineExceeded when this one does.
  Result<Ended> ask(const std::string& place, const std::function<int(int pipe)>& work,
                    Deadline deadline);

  // Probes the folders of `look` and fills it in; `work` names them in the same order. Whether it
  // sweeps is decided here.
  void probe(ProbeWork work, Duration patience, Deadline deadline, const std::stop_token& stop,
             MountLook& look);

 private:
  bool hangs();
  void keepIfHanging(Child child, WallTime began, MonoTime lastHeard);
  Result<Ended> endOf(Child& child, const std::string& place, Deadline deadline);
  void tellHang(Deadline patient, MountLook& look);
  void run(const ProbeWork& work, Duration patience, Deadline deadline, const std::stop_token& stop,
           MountLook& look);
  bool listen(Child& child, Duration patience, Deadline deadline, const std::stop_token& stop,
              MonoTime& lastHeard, MountLook& look);

  const Clock& clock_;
  const ChildCalls calls_;
  std::timed_mutex busy_;  // guards what follows; held while a child is asked
  std::optional<Child> hanging_;
  WallTime hangingSince_{};
  MonoTime hangingHeard_{};            // when it last gave a sign of life
  std::optional<WallTime> hungSince_;  // of probes, until one gets through
  std::optional<MonoTime> sweptAt_;
};

}  // namespace rollcall
