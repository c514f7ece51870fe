// The children that look at one mount: at most one at a time, also while one hangs.
#pragma once

#include <functional>
#include <map>
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
  // Runs `work` (see Child::start). `place` is what messages call the thing looked at.
  // kDeadlineExceeded when it does not end, or tells nothing for ChildCalls::patience. kUnavailable
  // while an earlier child hangs, and for a while after one that could be ended: not everybody who
  // asks has to wait for a volume that hangs. A probe does, and ends this when it gets through.
  Result<Ended> ask(const std::string& place, const std::function<int(int pipe)>& work,
                    Deadline deadline);

  // Probes the folders of `look` and fills it in; `work` names them in the same order. Which of
  // them are swept is decided here.
  void probe(ProbeWork work, Duration patience, Deadline deadline, const std::stop_token& stop,
             MountLook& look);

 private:
  // A child that was to be ended and is still there.
  struct Hanging {
    Child child;
    WallTime since;      // when what it does now began
    MonoTime heard;      // the same
    bool known = false;  // a look said that the volume hangs: it need not be waited for
  };
  struct Rest {
    WallTime since;
    MonoTime until;
  };
  struct FolderState {
    std::optional<MonoTime> sweptAt;
    bool owes = false;
  };

  bool hangs();
  void keepIfHanging(Hanging last);
  bool awaitEarlier(Duration patience, Deadline deadline, const std::stop_token& stop,
                    MountLook& look);
  void planSweep(ProbeWork& work);
  void noteSweep(const ProbeWork& work, const MountLook& look);
  std::optional<WallTime> hangsSince();
  Result<Ended> endOf(Child& child, const std::string& place, Deadline deadline, MonoTime& heard);
  void run(const ProbeWork& work, Duration patience, Deadline deadline, const std::stop_token& stop,
           MountLook& look);
  bool listen(Child& child, Duration patience, Deadline deadline, const std::stop_token& stop,
              MonoTime& heard, MountLook& look);

  const Clock& clock_;
  const ChildCalls calls_;
  const MonoTime began_ = clock_.mono();
  std::timed_mutex busy_;  // guards what follows; held while a child is asked
  std::optional<Hanging> hanging_;
  std::optional<Rest> rest_;           // after a hang: nothing is asked but by probes
  std::optional<WallTime> hungSince_;  // of probes, until one gets through
  bool hungAtWriting_ = false;         // the last that hung was to write
  std::map<std::string, FolderState> folders_;
};

}  // namespace rollcall
