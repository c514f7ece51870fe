// The children that look at one mount: at most one that writes and one that reads, also while they
// hang. Where only writing hangs, as on a file system that is frozen, files can still be read.
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

enum class Access { kRead, kWrite };

// Thread-safe: calls of the same access wait for one another. `clock` is borrowed.
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
  // while an earlier child hangs at what this one would do, and for a while after one that could be
  // ended: not everybody who asks has to wait for a volume that hangs. A probe does, and ends this
  // when it gets through.
  Result<Ended> ask(Access access, const std::string& place,
                    const std::function<int(int pipe)>& work, Deadline deadline);

  // Probes the folders of `look` and fills it in; `work` names them in the same order. Which of
  // them are swept is decided here.
  void probe(ProbeWork work, Duration patience, Deadline deadline, const std::stop_token& stop,
             MountLook& look);

 private:
  using Lock = std::unique_lock<std::timed_mutex>;
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

  // What hangs at reading or at writing, whoever asked for it: a probe does both.
  struct Lane {
    const Access access;
    std::timed_mutex busy{};  // guards what follows; held while a child of this access is asked
    std::optional<Hanging> hanging{};
    std::optional<Rest> rest{};  // after a hang: nothing is asked but by probes

    bool hangs();
    std::optional<WallTime> hangsSince(const Clock& clock);
  };

  Result<void> admit(Lane& lane, const Lock& lock, const std::string& place);
  bool awaitEarlier(Lane& lane, const Lock& lock, Duration patience, Deadline deadline,
                    const std::stop_token& stop, MountLook& look);
  void planSweep(ProbeWork& work);
  void noteSweep(const ProbeWork& work, const MountLook& look);
  Result<Ended> endOf(Child& child, const std::string& place, Deadline deadline, MonoTime& heard);
  void run(const ProbeWork& work, Duration patience, Deadline deadline, const std::stop_token& stop,
           MountLook& look);
  bool listen(Child& child, Duration patience, Deadline deadline, const std::stop_token& stop,
              MonoTime& heard, MountLook& look);
  void noteAnswer(bool wrote);
  void keep(Hanging last, Access stuckAt);

  const Clock& clock_;
  const ChildCalls calls_;
  const MonoTime began_ = clock_.mono();
  Lane reading_{Access::kRead};
  Lane writing_{Access::kWrite};  // locked before the other
  // Guarded by that of writing_, of probes:
  std::optional<WallTime> hungSince_;  // until one gets through
  Access hungAt_ = Access::kRead;      // the last that hung
  std::map<std::string, FolderState> folders_;
};

}  // namespace rollcall
