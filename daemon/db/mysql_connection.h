// One connection to a MySQL or MariaDB server, for reading. Every call ends by its deadline or soon
// after a stop: the client library runs in its non-blocking mode and the waiting is done here.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/db/mysql_source.h"

struct st_mysql;  // MYSQL of mysql.h

namespace rollcall {

// One row of an answer. Valid during the callback only.
class MysqlRow {
 public:
  MysqlRow(const char* const* values, const unsigned long* lengths, std::size_t size)
      : values_(values), lengths_(lengths), size_(size) {}
  std::size_t size() const { return size_; }
  bool isNull(std::size_t column) const { return values_[column] == nullptr; }
  // Empty for NULL.
  std::string_view text(std::size_t column) const {
    return values_[column] == nullptr ? std::string_view{}
                                      : std::string_view(values_[column], lengths_[column]);
  }

 private:
  const char* const* values_;
  const unsigned long* lengths_;
  std::size_t size_;
};

// Thread-compatible. After an Error the connection may be unusable: see usable().
class MysqlConnection {
 public:
  // Returns false to end the query early; the connection is unusable then.
  using EachRow = std::function<bool(const MysqlRow&)>;

  // Connects and sets the session up: read only, UTC, utf8mb4, a time limit for every query.
  static Result<std::unique_ptr<MysqlConnection>> open(const Clock& clock,
                                                       const DatabaseConfig& config,
                                                       Deadline deadline,
                                                       const std::stop_token& stop);
  ~MysqlConnection();
  MysqlConnection(const MysqlConnection&) = delete;
  MysqlConnection& operator=(const MysqlConnection&) = delete;

  // Streams the rows into `each`. Ends by `deadline`, and not much later than the query timeout.
  Result<void> query(const std::string& sql, const EachRow& each, Deadline deadline,
                     const std::stop_token& stop);
  // `text` escaped and in quotes, for use in SQL.
  std::string quote(std::string_view text) const;

  MonoTime openedAt() const { return openedAt_; }
  // What the server calls us, such as "ro@localhost".
  const std::string& account() const { return account_; }
  // The library's own, for what this class has no words for. Its blocking calls end with the query
  // timeout when the server is silent, and not with a stop.
  st_mysql* handle() const;
  bool usable() const { return usable_; }
  // The server went away, as it does with connections that were idle over its restart.
  bool lost() const { return lost_; }

 private:
  struct Driver;

  MysqlConnection(const Clock& clock, const DatabaseConfig& config);
  void setOptions();
  Result<void> connect(Deadline deadline, const std::stop_token& stop);
  Result<void> setUp(Deadline deadline, const std::stop_token& stop);
  Result<void> stream(const EachRow& each, Deadline deadline, const std::stop_token& stop);
  Error failure();

  const Clock& clock_;
  DatabaseConfig config_;
  std::unique_ptr<Driver> driver_;
  std::string account_;
  MonoTime openedAt_;
  bool usable_ = false;
  bool lost_ = false;
};

}  // namespace rollcall
