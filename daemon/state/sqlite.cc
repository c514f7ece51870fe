#include "daemon/state/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

namespace rollcall {
namespace {

constexpr int kPatienceMs = 5'000;  // with other processes

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

ErrorCode codeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return ErrorCode::kPermissionDenied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return ErrorCode::kUnavailable;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return ErrorCode::kProtocol;
  }
  return ErrorCode::kInternal;
}

void bind(sqlite3_stmt* statement, int place, const Sqlite::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    sqlite3_bind_int64(statement, place, *number);
    return;
  }
  const std::string_view text = std::get<std::string_view>(value);
  sqlite3_bind_text(statement, place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

}  // namespace

std::int64_t SqliteRow::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string SqliteRow::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text ? std::string(text, sqlite3_column_bytes(statement_, column)) : std::string();
}

bool SqliteRow::isNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Sqlite::Close::operator()(sqlite3* file) const {
  sqlite3_close_v2(file);
}

Error Sqlite::error(int code) const {
  return {codeOf(code), sqlite3_errmsg(file_.get())};
}

Result<Sqlite> Sqlite::open(const std::string& path) {
  // Nobody else's by default, whatever the umask; SQLite's files beside it take its mode over.
  if (const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); made >= 0)
    ::close(made);
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Sqlite file(handle);
  if (code != SQLITE_OK) return file.error(code);
  sqlite3_busy_timeout(handle, kPatienceMs);
  // Nothing in a file that somebody else may have made is run.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return file;
}

Result<void> Sqlite::run(const char* sql, std::initializer_list<Value> values,
                         const EachRow& each) {
  sqlite3_stmt* prepared = nullptr;
  if (const int code = sqlite3_prepare_v2(file_.get(), sql, -1, &prepared, nullptr);
      code != SQLITE_OK)
    return error(code);
  const std::unique_ptr<sqlite3_stmt, Finalize> statement(prepared);
  int place = 0;
  for (const Value& value : values) bind(prepared, ++place, value);
  int code = sqlite3_step(prepared);
  for (; code == SQLITE_ROW; code = sqlite3_step(prepared))
    if (each) each(SqliteRow(prepared));
  if (code != SQLITE_DONE) return error(code);
  return {};
}

Result<std::int64_t> Sqlite::number(const char* sql) {
  std::int64_t number = 0;
  Result<void> ran = run(sql, {}, [&](const SqliteRow& row) { number = row.number(0); });
  if (!ran) return ran.error();
  return number;
}

}  // namespace rollcall
