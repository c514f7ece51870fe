#include "daemon/db/mysql_errors.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>
#include <vector>

namespace rollcall {
namespace {

// MySQL's own numbers that MariaDB's headers do not carry.
constexpr unsigned kMysqlQueryTimeout = 3024;
constexpr unsigned kMysqlSecureTransportRequired = 3159;
constexpr unsigned kMysqlAccountLocked = 3118;

constexpr std::size_t kMaxText = 200;

// The server's words, printable and short.
std::string harmless(std::string_view text) {
  std::string clean(text.substr(0, kMaxText));
  std::replace_if(
      clean.begin(), clean.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return clean;
}

// The names in '...', `...` or "..." of a message, in order.
std::vector<std::string> quotedNames(std::string_view text) {
  std::vector<std::string> names;
  while (true) {
    const std::size_t open = text.find_first_of("'`\"");
    if (open == std::string_view::npos) return names;
    const std::size_t close = text.find(text[open], open + 1);
    if (close == std::string_view::npos) return names;
    names.emplace_back(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
}

// "ghost.posts" -> "posts".
std::string lastPart(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

std::string identifier(const std::string& name) {
  const bool simple = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_';
  });
  return simple ? name : "`" + name + "`";
}

// "ro@localhost" -> "'ro'@'localhost'".
std::string quotedAccount(std::string_view account, const DatabaseConfig& config) {
  const std::size_t at = account.rfind('@');
  if (at == std::string_view::npos) return fmt::format("'{}'@'%'", config.user);
  return fmt::format("'{}'@'{}'", account.substr(0, at), account.substr(at + 1));
}

Error deniedTable(std::string_view text, const DatabaseConfig& config, std::string_view account) {
  const std::vector<std::string> names = quotedNames(text);
  const std::string table = names.empty() ? "*" : lastPart(names.back());
  const std::string target = table == "*" ? table : identifier(table);
  // Ghost keeps its staff's password hashes there: ask for no more than what is read.
  const std::string columns =
      table == "users" ? " (id, slug, visibility, created_at, updated_at)" : "";
  return {ErrorCode::kPermissionDenied,
          harmless(fmt::format("the account \"{}\" may not read the table {}; as an administrator: "
                               "GRANT SELECT{} ON {}.{} TO {}",
                               config.user, table, columns, identifier(config.name), target,
                               quotedAccount(account, config)))};
}

Error deniedDatabase(std::string_view text, const DatabaseConfig& config) {
  const std::vector<std::string> names = quotedNames(text);
  const std::string account = names.size() >= 2 ? names[0] + "@" + names[1] : "";
  return {ErrorCode::kPermissionDenied,
          harmless(fmt::format("the account \"{}\" may not use the database \"{}\", or there is no "
                               "such database; as an administrator: GRANT SELECT ON {}.* TO {}",
                               config.user, config.name, identifier(config.name),
                               quotedAccount(account, config)))};
}

Error refusedAccount(const DatabaseConfig& config) {
  return {ErrorCode::kPermissionDenied,
          fmt::format("the database at {} refuses the account \"{}\": check user and password{}{}",
                      placeOf(config), config.user,
                      config.password.empty() ? " (no password is configured)" : "",
                      config.tls ? "" : "; an account that requires TLS is refused like this too")};
}

Error missingTable(std::string_view text, const DatabaseConfig& config) {
  const std::vector<std::string> names = quotedNames(text);
  return {ErrorCode::kNotFound,
          harmless(fmt::format("the database \"{}\" has no table {}: is it Ghost's?", config.name,
                               names.empty() ? "of that name" : lastPart(names.front())))};
}

Error missingColumn(std::string_view text, const DatabaseConfig& config) {
  const std::vector<std::string> names = quotedNames(text);
  return {ErrorCode::kNotFound,
          harmless(fmt::format("a table of the database \"{}\" has no column {}: is it the "
                               "database of Ghost 4 or later?",
                               config.name, names.empty() ? "of that name" : names.front()))};
}

// "Can't connect to server on '127.0.0.1' (111)" -> "Connection refused".
std::string systemReason(std::string_view text) {
  const std::size_t open = text.rfind('(');
  int number = 0;
  if (open != std::string_view::npos)
    for (const char c : text.substr(open + 1)) {
      if (c < '0' || c > '9' || number > 10000) break;
      number = number * 10 + (c - '0');
    }
  if (number == 0) return harmless(text);
  return std::strerror(number);
}

Error noConnection(std::string_view text, const DatabaseConfig& config) {
  return {ErrorCode::kUnavailable, fmt::format("no connection to the database at {}: {}",
                                               placeOf(config), systemReason(text))};
}

// `hay` holds `needle`, whatever the letter case.
bool mentions(std::string_view hay, std::string_view needle) {
  return std::search(hay.begin(), hay.end(), needle.begin(), needle.end(),
                     [](unsigned char a, unsigned char b) {
                       return std::tolower(a) == std::tolower(b);
                     }) != hay.end();
}

Error noTls(std::string_view text, const DatabaseConfig& config) {
  const std::string place = placeOf(config);
  const std::string against =
      config.caFile.empty() ? "the system's authorities" : fmt::format("{}", config.caFile);
  if (mentions(text, "does not support"))
    return {ErrorCode::kUnavailable,
            fmt::format("the database at {} offers no TLS: turn it on there, or turn TLS off here",
                        place)};
  // What the library says when the chain is good and the name is not.
  if (mentions(text, "validation of ssl server certificate failed"))
    return {ErrorCode::kUnavailable,
            fmt::format("the certificate of the database at {} is for another name than \"{}\"",
                        place, config.host)};
  if (mentions(text, "no such file") || mentions(text, "load_verify") ||
      mentions(text, "no certificate or crl"))
    return {ErrorCode::kUnavailable,
            fmt::format("the authorities file {} cannot be used: {}", against, harmless(text))};
  if (mentions(text, "verif") || mentions(text, "self-signed") || mentions(text, "self signed") ||
      mentions(text, "issuer") || mentions(text, "expired"))
    return {ErrorCode::kUnavailable,
            fmt::format("the certificate of the database at {} cannot be trusted by {}: {}", place,
                        against, harmless(text))};
  return {ErrorCode::kUnavailable,
          fmt::format("no TLS connection to the database at {}: {}", place, harmless(text))};
}

// Failures on the way to a session.
std::optional<Error> explainConnecting(unsigned number, std::string_view text,
                                       const DatabaseConfig& config) {
  switch (number) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
      return noConnection(text, config);
    case CR_UNKNOWN_HOST:
      return Error{ErrorCode::kNotFound,
                   fmt::format("the database host \"{}\" is unknown", config.host)};
    case CR_SSL_CONNECTION_ERROR:
      return noTls(text, config);
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case ER_CONNECTION_KILLED:
    case ER_SERVER_SHUTDOWN:
      return Error{ErrorCode::kUnavailable,
                   fmt::format("the database at {} closed the connection", placeOf(config))};
    case ER_ACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
      return refusedAccount(config);
    case ER_DBACCESS_DENIED_ERROR:
      return deniedDatabase(text, config);
    case ER_BAD_DB_ERROR:
      return Error{ErrorCode::kNotFound, fmt::format("the server at {} has no database \"{}\"",
                                                     placeOf(config), config.name)};
    case ER_HOST_NOT_PRIVILEGED:
    case ER_HOST_IS_BLOCKED:
      return Error{ErrorCode::kPermissionDenied,
                   fmt::format("the database at {} takes no connection from this address: {}",
                               placeOf(config), harmless(text))};
    case CR_AUTH_PLUGIN_CANNOT_LOAD:
    case ER_NOT_SUPPORTED_AUTH_MODE:
    case kMysqlSecureTransportRequired:
    case kMysqlAccountLocked:
    case ER_ACCOUNT_HAS_BEEN_LOCKED:
      return Error{ErrorCode::kPermissionDenied,
                   fmt::format("the database at {} cannot take the account \"{}\": {}",
                               placeOf(config), config.user, harmless(text))};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string placeOf(const DatabaseConfig& config) {
  if (!config.socket.empty()) return config.socket;
  const bool v6 = config.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), config.host, config.port);
}

std::string DatabaseConfig::describe() const {
  return socket.empty() ? fmt::format("mysql://{}@{}/{}", user, placeOf(*this), name)
                        : fmt::format("mysql://{}@unix({})/{}", user, socket, name);
}

Error explainMysqlError(unsigned number, std::string_view text, const DatabaseConfig& config,
                        std::string_view account) {
  if (auto known = explainConnecting(number, text, config)) return *known;
  switch (number) {
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
      return deniedTable(text, config, account);
    case ER_NO_SUCH_TABLE:
      return missingTable(text, config);
    case ER_BAD_FIELD_ERROR:
      return missingColumn(text, config);
    case ER_STATEMENT_TIMEOUT:
    case kMysqlQueryTimeout:
      return {ErrorCode::kDeadlineExceeded,
              fmt::format("the database at {} needed longer than {} for a query", placeOf(config),
                          formatDuration(config.queryTimeout))};
    default:
      return {ErrorCode::kUnavailable, fmt::format("the database at {} answered error {}: {}",
                                                   placeOf(config), number, harmless(text))};
  }
}

// Both servers know these names of the two rights.
Error explainBinlogError(unsigned number, std::string_view text, const DatabaseConfig& config,
                         std::string_view account) {
  switch (number) {
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
      return {ErrorCode::kPermissionDenied,
              harmless(fmt::format("the account \"{}\" may not follow the binary log; as an "
                                   "administrator: GRANT REPLICATION SLAVE, REPLICATION CLIENT ON "
                                   "*.* TO {}",
                                   config.user, quotedAccount(account, config)))};
    case 0:  // it sent no error, just an end
    case ER_MASTER_FATAL_ERROR_READING_BINLOG:
      return {ErrorCode::kUnavailable,
              fmt::format("the database at {} ended the feed{}{}", placeOf(config),
                          text.empty() ? "" : ": ", harmless(text))};
    default:
      return explainMysqlError(number, text, config, account);
  }
}

// MySQL 8 has two of its own, from 8.0.24 on sent before the server hangs up; no header of MariaDB
// names them.
constexpr unsigned kClientInteractionTimeout = 4031;
constexpr unsigned kSessionWasKilled = 3169;

bool meansConnectionLost(unsigned number) {
  return number == kClientInteractionTimeout || number == kSessionWasKilled ||
         number == CR_SERVER_GONE_ERROR || number == CR_SERVER_LOST ||
         number == CR_SERVER_LOST_EXTENDED || number == ER_CONNECTION_KILLED ||
         number == ER_SERVER_SHUTDOWN;
}

bool isClientError(unsigned number) {
  return (number >= CR_MIN_ERROR && number <= CR_MAX_ERROR) ||
         (number >= CER_MIN_ERROR && number <= CR_MARIADB_LAST_ERROR);
}

bool meansUnknownVariable(unsigned number) {
  return number == ER_UNKNOWN_SYSTEM_VARIABLE;
}

bool meansUnknownStatement(unsigned number) {
  return number == ER_PARSE_ERROR;
}

}  // namespace rollcall
