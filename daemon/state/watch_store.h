// Where the daemon's history is kept.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/past_watch.h"
#include "daemon/core/result.h"

namespace rollcall {

// Used by one thread. Every call may take as long as a disk that hangs.
class WatchStore {
 public:
  virtual ~WatchStore() = default;
  // Called once, before the others: what the daemon before this one kept.
  virtual Result<PastWatch> open() = 0;
  // See History::keep().
  virtual Result<void> keep(const PastWatch& watch,
                            const std::vector<std::chrono::milliseconds>& propagation) = 0;
};

// In the state file `path`, see History. Two daemons would overwrite what the other keeps: a file
// beside it, `path`.lock, is held as long as the store lives, and a second one is refused.
std::unique_ptr<WatchStore> makeFileStore(const std::string& path, const std::string& site);

}  // namespace rollcall
