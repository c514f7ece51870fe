#include "daemon/roll/newest.h"

#include <algorithm>
#include <utility>

namespace rollcall::roll {

void NewestRows::turnTo(std::vector<RollRow> rows, const std::vector<const Pod*>& pods) {
  forgetOtherProcesses(pods);
  for (RollRow& row : rows) {
    const auto before = std::ranges::find_if(rows_, [&](const RollRow& one) {
      return one.resource.id == row.resource.id && one.resource.url == row.resource.url;
    });
    if (before != rows_.end()) row.cells = std::move(before->cells);
  }
  rows_ = std::move(rows);
}

void NewestRows::forgetOtherProcesses(const std::vector<const Pod*>& pods) {
  std::map<std::string, Pod> same;
  for (const Pod* pod : pods) {
    const auto before = pods_.find(pod->name);
    if (before != pods_.end() && before->second.uid == pod->uid &&
        before->second.startedAt == pod->startedAt)
      same.emplace(pod->name, *pod);
  }
  for (RollRow& row : rows_)
    std::erase_if(row.cells, [&](const auto& one) { return !same.contains(one.first); });
  pods_.clear();
  for (const Pod* pod : pods) pods_.emplace(pod->name, *pod);
}

void NewestRows::learn(std::size_t row, const std::string& pod, RollCell cell) {
  rows_[row].cells[pod] = cell;
}

}  // namespace rollcall::roll
