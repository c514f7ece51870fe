// Connections that wait for the next question: a daemon whose checks all ask the database keeps few
// of them open, however many checks there are.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/db/mysql_connection.h"

namespace rollcall {

// Thread-safe. All its connections are to one name and account. What stands behind the name may
// change while old connections live on: after a failover they lead to the old primary. So none is
// used for long.
class MysqlPool {
 public:
  static constexpr std::size_t kMostIdle = 3;
  static constexpr Duration kLongestUse = std::chrono::seconds(60);

  explicit MysqlPool(const Clock& clock) : clock_(clock) {}

  // The one that was used last and is not too old; null when none waits.
  std::unique_ptr<MysqlConnection> take();
  // Closes it when enough are waiting or it is of no more use.
  void give(std::unique_ptr<MysqlConnection> connection);
  // Closes all that wait: one of them was found dead, so the others most likely are.
  void drop();

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<MysqlConnection>> idle_;
};

}  // namespace rollcall
