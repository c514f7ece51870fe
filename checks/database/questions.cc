#include "checks/database/questions.h"

#include <charconv>

#include "daemon/db/date_time.h"

namespace rollcall::checks::database {
namespace {

const std::string kBeatSql = "SELECT UTC_TIMESTAMP(6)";
const std::string kVariablesSql =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', "
    "'innodb_read_only', 'aurora_server_id', 'max_connections', 'version')";
const std::string kStatusSql = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected')";
const std::string kLockSql =
    "SELECT acquired_at, TIMESTAMPDIFF(SECOND, acquired_at, UTC_TIMESTAMP()) FROM migrations_lock "
    "WHERE locked=1 LIMIT 10";
const std::string kSchemaSql = "SELECT currentVersion FROM migrations ORDER BY id DESC LIMIT 1";
const std::string kCollationsSql =
    "SELECT TABLE_NAME, COLLATION_NAME, COUNT(*) FROM information_schema.COLUMNS "
    "WHERE TABLE_SCHEMA=DATABASE() AND COLLATION_NAME IS NOT NULL AND TABLE_NAME IN "
    "('posts', 'posts_meta', 'posts_tags', 'posts_authors', 'tags', 'users', 'roles', "
    "'roles_users', 'permissions', 'settings', 'members', 'members_labels', 'labels', "
    "'newsletters', 'products', 'offers', 'emails', 'email_batches', 'email_recipients', "
    "'integrations', 'api_keys', 'webhooks', 'snippets', 'sessions', 'invites', 'tokens', "
    "'post_revisions', 'mobiledoc_revisions', 'comments', 'redirects', 'actions', 'brute') "
    "GROUP BY TABLE_NAME, COLLATION_NAME ORDER BY TABLE_NAME, COLLATION_NAME LIMIT 1000";
const std::string kNewestSql =
    "SELECT newest, TIMESTAMPDIFF(SECOND, newest, UTC_TIMESTAMP()) FROM (SELECT GREATEST("
    "COALESCE((SELECT MAX(updated_at) FROM posts), '1970-01-01'), "
    "COALESCE((SELECT MAX(updated_at) FROM tags), '1970-01-01'), "
    "COALESCE((SELECT MAX(updated_at) FROM users), '1970-01-01'), "
    "COALESCE((SELECT MAX(updated_at) FROM settings), '1970-01-01')) AS newest) changes";

constexpr const char* kLockGrant =
    "the migration lock is not looked at: GRANT SELECT ON ghost.migrations_lock to Rollcall's "
    "account";
constexpr const char* kSchemaGrant =
    "the schema's version is not looked at: GRANT SELECT ON ghost.migrations to Rollcall's account";

bool mayNot(const Error& error) {
  return error.code == ErrorCode::kPermissionDenied || error.code == ErrorCode::kNotFound;
}

Result<std::vector<Row>> ask(const std::string& sql, const CheckContext& context) {
  return context.content->rows(sql, context.deadline, context.stop);
}

std::string field(const Row& row, std::size_t column) {
  return column < row.size() ? row[column].value_or("") : "";
}

std::optional<Duration> secondsOf(const std::string& text) {
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return bounded(std::chrono::seconds(value));
}

}  // namespace

Result<std::vector<Beat>> askBeats(const CheckContext& context, int times) {
  std::vector<Beat> beats;
  for (int i = 0; i < times; ++i) {
    const MonoTime began = context.clock.mono();
    const WallTime before = context.clock.wall();
    const auto rows = ask(kBeatSql, context);
    if (!rows) return rows.error();
    const WallTime after = context.clock.wall();
    const Duration roundTrip = context.clock.mono() - began;
    const auto now = rows->empty() ? std::nullopt : parseDateTime(field(rows->front(), 0));
    if (!now) return Error{ErrorCode::kProtocol, "the database does not tell what time it is"};
    beats.push_back(beatOf(*now, before, after, roundTrip));
  }
  return beats;
}

Result<Server> askServer(const CheckContext& context) {
  const auto variables = ask(kVariablesSql, context);
  if (!variables) return variables.error();
  const auto status = ask(kStatusSql, context);
  if (!status) return status.error();
  return Server{readVariables(*variables), readVariables(*status)};
}

Result<LockAnswer> askLock(const CheckContext& context) {
  const auto rows = ask(kLockSql, context);
  if (!rows && mayNot(rows.error())) return LockAnswer{std::nullopt, kLockGrant};
  if (!rows) return rows.error();
  if (rows->empty()) return LockAnswer{};
  return LockAnswer{
      Lock{field(rows->front(), 0), secondsOf(field(rows->front(), 1)).value_or(Duration(0))}, ""};
}

Result<SchemaAnswer> askSchema(const CheckContext& context) {
  const auto rows = ask(kSchemaSql, context);
  if (!rows && mayNot(rows.error())) return SchemaAnswer{"", kSchemaGrant};
  if (!rows) return rows.error();
  return SchemaAnswer{rows->empty() ? "" : field(rows->front(), 0), ""};
}

Result<Collations> askCollations(const CheckContext& context) {
  const auto rows = ask(kCollationsSql, context);
  if (!rows) return rows.error();
  return readCollations(*rows);
}

Result<std::optional<Newest>> askNewest(ContentSource& source, const CheckContext& context) {
  const auto rows = source.rows(kNewestSql, context.deadline, context.stop);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<Newest>();
  const auto change = parseDateTime(field(rows->front(), 0));
  const auto age = secondsOf(field(rows->front(), 1));
  if (!change || !age || *change == WallTime{}) return std::optional<Newest>();
  return std::optional<Newest>(Newest{*change, *age});
}

}  // namespace rollcall::checks::database
