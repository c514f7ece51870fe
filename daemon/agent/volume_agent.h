// Looks at the content volume on its rhythm and remembers the last two looks, for whoever asks.
// Knows nothing else: no site, no database, no key.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/content/content_dir.h"
#include "daemon/content/volume_json.h"
#include "daemon/core/clock.h"

namespace rollcall {

struct AgentSettings {
  std::string folder;                // the content folder, absolute
  std::vector<std::string> folders;  // below it
  Duration interval{};
};

// Thread-safe; one thread runs it. `clock` and `dir` are borrowed.
class VolumeAgent {
 public:
  VolumeAgent(const Clock& clock, ContentDir& dir, AgentSettings settings);
  // Looks at once and then every interval, until a stop is requested. `onLook` hears of each look.
  void run(const std::stop_token& stop,
           const std::function<void(const std::vector<MountLook>&)>& onLook);
  // The last look that ended, its age as of now; nothing before the first.
  std::optional<VolumeReport> report() const;

 private:
  struct Look {
    MonoTime began{};
    MonoTime ended{};
    std::vector<MountLook> mounts;
    std::vector<MountLook> before;
  };

  const Clock& clock_;
  ContentDir& dir_;
  const AgentSettings settings_;
  mutable std::mutex mutex_;  // guards what follows
  std::optional<Look> last_;
};

// What did not go well, in one line for a log; empty when every folder could be written to.
std::string troubleIn(const std::vector<MountLook>& looks);

}  // namespace rollcall
