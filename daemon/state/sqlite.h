// An SQLite file. sqlite.cc is the only file that includes sqlite3.h.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rollcall {

// One row of an answer. Valid during the callback only.
class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  std::int64_t number(int column) const;
  std::string text(int column) const;
  bool isNull(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// Thread-compatible. Errors: kPermissionDenied, kUnavailable (another process holds it for longer
// than 5 s, no space left), kProtocol (no SQLite file, or a damaged one), kInternal.
class Sqlite {
 public:
  using Value = std::variant<std::int64_t, std::string_view>;
  using EachRow = std::function<void(const SqliteRow&)>;

  // Creates the file when it is absent; its folder must be there.
  static Result<Sqlite> open(const std::string& path);

  // One statement; `values` stand for its question marks.
  Result<void> run(const char* sql, std::initializer_list<Value> values = {},
                   const EachRow& each = nullptr);
  Result<std::int64_t> number(const char* sql);

 private:
  struct Close {
    void operator()(sqlite3* file) const;
  };
  explicit Sqlite(sqlite3* file) : file_(file) {}
  Error error(int code) const;

  std::unique_ptr<sqlite3, Close> file_;
};

}  // namespace rollcall
