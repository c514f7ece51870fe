#include "daemon/db/mysql_pool.h"

#include <utility>

namespace rollcall {

std::unique_ptr<MysqlConnection> MysqlPool::take() {
  std::lock_guard lock(mutex_);
  const MonoTime now = clock_.mono();
  std::erase_if(idle_, [now](const auto& one) { return now - one->openedAt() >= kLongestUse; });
  if (idle_.empty()) return nullptr;
  std::unique_ptr<MysqlConnection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void MysqlPool::give(std::unique_ptr<MysqlConnection> connection) {
  if (!connection || !connection->usable()) return;
  std::lock_guard lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(connection));
}

void MysqlPool::drop() {
  std::vector<std::unique_ptr<MysqlConnection>> dead;
  std::lock_guard lock(mutex_);
  dead.swap(idle_);
}

}  // namespace rollcall
