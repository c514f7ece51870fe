// What was last learned of the newest posts on each pod: the rows of the status page's matrix. A
// run for a change learns of a few only, so what earlier ones learned is kept. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "daemon/core/finding.h"
#include "daemon/core/topology.h"

namespace rollcall::roll {

inline constexpr std::size_t kNewestRows = 50;

class NewestRows {
 public:
  // `rows` are the newest now, newest first, without cells; what is known of them is kept. Forgets
  // other posts, posts that moved to another address, and pods that are gone or are another process
  // by now.
  void turnTo(std::vector<RollRow> rows, const std::vector<const Pod*>& pods);
  void learn(std::size_t row, const std::string& pod, RollCell cell);
  const std::vector<RollRow>& rows() const { return rows_; }

 private:
  void forgetOtherProcesses(const std::vector<const Pod*>& pods);

  std::vector<RollRow> rows_;
  std::map<std::string, Pod> pods_;  // as they were at the last turn, by name
};

}  // namespace rollcall::roll
