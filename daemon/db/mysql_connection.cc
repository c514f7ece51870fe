#include "daemon/db/mysql_connection.h"

#include <fmt/format.h>
#include <mysql.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <new>

#include "daemon/db/mysql_errors.h"

namespace rollcall {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long a wait goes without looking at the deadline and the stop request.
constexpr milliseconds kLookAround{20};
constexpr std::uint64_t kRowsPerLook = 1024;
// The server gives a query up first; its error is clean and leaves the connection usable.
constexpr milliseconds kServerFirst{500};
constexpr milliseconds kGoodbye{200};
// The library's coroutine looks host names up and shakes TLS hands on this stack.
constexpr std::size_t kStackBytes = 512 * 1024;
// No row we ask for comes near this.
constexpr std::size_t kMaxPacketBytes = 16 * 1024 * 1024;
// A dialog plug-in asks a terminal; a clear password must not travel unencrypted.
constexpr const char* kPlainAuth =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519";
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";
constexpr const char* kTlsAuth =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,"
    "mysql_clear_password";

unsigned secondsOf(Duration duration) {
  const auto whole = std::chrono::ceil<seconds>(duration).count();
  return static_cast<unsigned>(std::clamp<std::int64_t>(whole, 1, 3600));
}

Error gaveUp(const DatabaseConfig& config, bool stopped) {
  if (stopped)
    return {ErrorCode::kCancelled,
            fmt::format("stopped while asking the database at {}", placeOf(config))};
  return {ErrorCode::kDeadlineExceeded,
          fmt::format("the database at {} did not answer in time", placeOf(config))};
}

}  // namespace

// Owns the handle and waits on its behalf.
struct MysqlConnection::Driver {
  explicit Driver(const Clock& clock_in) : clock(clock_in) {
    // Once per program: mysql_init() would do it too, but not safely from two threads.
    static const int library = mysql_library_init(0, nullptr, nullptr);
    (void)library;
    handle = mysql_init(nullptr);
    if (handle == nullptr) throw std::bad_alloc();
  }
  ~Driver() {
    if (broken) hangUp();
    drive(mysql_close_start(handle), [this](int ready) { return mysql_close_cont(handle, ready); },
          Deadline::after(clock, kGoodbye), {});
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  enum class End { kDone, kLate, kStopped };

  // Goes on with a started operation until it is done. Late or stopped, it hangs up and lets the
  // operation end by itself, so that the library frees what it holds.
  template <class Continue>
  End drive(int status, Continue go, Deadline deadline, const std::stop_token& stop) {
    if (status == 0) return End::kDone;
    End end = End::kDone;
    MonoTime since = clock.mono();
    while (status != 0) {
      if (end == End::kDone) end = interrupted(deadline, stop);
      if (end != End::kDone) {
        hangUp();
        status = go(MYSQL_WAIT_TIMEOUT);
        continue;
      }
      const int ready = wait(status, deadline, since);
      if (ready == 0) continue;
      status = go(ready);
      since = clock.mono();
    }
    return end;
  }

  End interrupted(Deadline deadline, const std::stop_token& stop) const {
    if (stop.stop_requested()) return End::kStopped;
    return deadline.passed(clock) ? End::kLate : End::kDone;
  }

  // What of `status` has come, 0 when nothing has for a while.
  int wait(int status, Deadline deadline, MonoTime since) {
    pollfd waiting{mysql_get_socket(handle), 0, 0};
    if (status & MYSQL_WAIT_READ) waiting.events |= POLLIN;
    if (status & MYSQL_WAIT_WRITE) waiting.events |= POLLOUT;
    if (status & MYSQL_WAIT_EXCEPT) waiting.events |= POLLPRI;
    const auto left = std::chrono::ceil<milliseconds>(deadline.left(clock));
    const auto slice = std::min<std::int64_t>(left.count(), kLookAround.count());
    int ready = 0;
    if (::poll(&waiting, 1, static_cast<int>(slice)) > 0) {
      const bool failed = (waiting.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
      if (failed) ready |= status & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE);
      if (waiting.revents & POLLIN) ready |= MYSQL_WAIT_READ;
      if (waiting.revents & POLLOUT) ready |= MYSQL_WAIT_WRITE;
      if (waiting.revents & POLLPRI) ready |= MYSQL_WAIT_EXCEPT;
    }
    if (ready == 0 && (status & MYSQL_WAIT_TIMEOUT) && !connected(waiting.fd) &&
        clock.mono() - since >= milliseconds(mysql_get_timeout_value_ms(handle)))
      ready = MYSQL_WAIT_TIMEOUT;
    return ready;
  }

  // The library's own time limit is for addresses that do not answer; the rest is the deadline's.
  static bool connected(int socket) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    return ::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
  }

  void hangUp() {
    broken = true;
    const my_socket socket = mysql_get_socket(handle);
    if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
  }

  const Clock& clock;
  MYSQL* handle = nullptr;
  bool broken = false;
};

MysqlConnection::MysqlConnection(const Clock& clock, const DatabaseConfig& config)
    : clock_(clock),
      config_(config),
      driver_(std::make_unique<Driver>(clock)),
      openedAt_(clock.mono()) {}

MysqlConnection::~MysqlConnection() = default;

st_mysql* MysqlConnection::handle() const {
  return driver_->handle;
}

Result<std::unique_ptr<MysqlConnection>> MysqlConnection::open(const Clock& clock,
                                                               const DatabaseConfig& config,
                                                               Deadline deadline,
                                                               const std::stop_token& stop) {
  std::unique_ptr<MysqlConnection> connection(new MysqlConnection(clock, config));
  connection->setOptions();
  if (auto connected = connection->connect(deadline, stop); !connected) return connected.error();
  if (auto ready = connection->setUp(deadline, stop); !ready) return ready.error();
  return connection;
}

void MysqlConnection::setOptions() {
  MYSQL* const handle = driver_->handle;
  const my_bool yes = 1;
  const unsigned none = 0;
  // Half of the time for one address, so that a second one (IPv6, IPv4) gets its turn.
  const unsigned perAddress = secondsOf(config_.queryTimeout / 2);
  const unsigned silence = secondsOf(config_.queryTimeout);
  const unsigned protocol = config_.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  mysql_options(handle, MYSQL_OPT_NONBLOCK, &kStackBytes);
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &perAddress);
  // Of blocking calls; the others wait in drive().
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &silence);
  mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &none);
  mysql_options(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &kMaxPacketBytes);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options(handle, MARIADB_OPT_RESTRICTED_AUTH, config_.tls ? kTlsAuth : kPlainAuth);
  mysql_options4(handle, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "rollcall");
  if (!config_.tls) return;
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &yes);
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
  mysql_options(handle, MYSQL_OPT_SSL_CA,
                config_.caFile.empty() ? kSystemAuthorities : config_.caFile.c_str());
}

Result<void> MysqlConnection::connect(Deadline deadline, const std::stop_token& stop) {
  MYSQL* const handle = driver_->handle;
  MYSQL* connected = nullptr;
  const bool local = !config_.socket.empty();
  const auto end = driver_->drive(
      mysql_real_connect_start(&connected, handle, local ? "localhost" : config_.host.c_str(),
                               config_.user.c_str(), config_.password.c_str(), config_.name.c_str(),
                               local ? 0 : config_.port, local ? config_.socket.c_str() : nullptr,
                               0),
      [&](int ready) { return mysql_real_connect_cont(&connected, handle, ready); },
      deadline.atMost(clock_, config_.queryTimeout), stop);
  if (end != Driver::End::kDone) return gaveUp(config_, end == Driver::End::kStopped);
  if (connected == nullptr) return failure();
  if (config_.tls && mysql_get_ssl_cipher(handle) == nullptr)
    return Error{ErrorCode::kUnavailable, fmt::format("the connection to the database at {} is "
                                                      "not encrypted",
                                                      placeOf(config_))};
  usable_ = true;
  return {};
}

Result<void> MysqlConnection::setUp(Deadline deadline, const std::stop_token& stop) {
  const auto limit = std::chrono::ceil<milliseconds>(config_.queryTimeout).count();
  const bool mariadb = mariadb_connection(driver_->handle) != 0;
  const std::string timeLimit =
      mariadb ? fmt::format("SET SESSION max_statement_time={}.{:03}", limit / 1000, limit % 1000)
              : fmt::format("SET SESSION max_execution_time={}", limit);
  for (const std::string& sql :
       {std::string("SET SESSION sql_mode='', time_zone='+00:00'"), timeLimit,
        std::string("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")}) {
    auto done = query(sql, {}, deadline, stop);
    // Servers before MySQL 5.7 and MariaDB 10.1 have no time limit; the client's remains.
    if (!done && !(usable_ && meansUnknownVariable(mysql_errno(driver_->handle)))) return done;
  }
  return query(
      "SELECT CURRENT_USER()",
      [this](const MysqlRow& row) {
        account_ = row.text(0);
        return true;
      },
      deadline, stop);
}

Result<void> MysqlConnection::query(const std::string& sql, const EachRow& each, Deadline deadline,
                                    const std::stop_token& stop) {
  MYSQL* const handle = driver_->handle;
  const Deadline ours = deadline.atMost(clock_, config_.queryTimeout + kServerFirst);
  int failed = 0;
  const auto end = driver_->drive(
      mysql_real_query_start(&failed, handle, sql.data(), sql.size()),
      [&](int ready) { return mysql_real_query_cont(&failed, handle, ready); }, ours, stop);
  if (end != Driver::End::kDone) {
    usable_ = false;
    return gaveUp(config_, end == Driver::End::kStopped);
  }
  if (failed != 0) return failure();
  return stream(each, ours, stop);
}

Result<void> MysqlConnection::stream(const EachRow& each, Deadline deadline,
                                     const std::stop_token& stop) {
  MYSQL* const handle = driver_->handle;
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> rows(mysql_use_result(handle),
                                                                      mysql_free_result);
  if (!rows) return mysql_errno(handle) == 0 ? Result<void>() : failure();
  for (std::uint64_t count = 1;; ++count) {
    MYSQL_ROW row = nullptr;
    auto end = driver_->drive(
        mysql_fetch_row_start(&row, rows.get()),
        [&](int ready) { return mysql_fetch_row_cont(&row, rows.get(), ready); }, deadline, stop);
    // A server that never lets us wait is not driven past its deadline either.
    if (end == Driver::End::kDone && count % kRowsPerLook == 0)
      end = driver_->interrupted(deadline, stop);
    if (end != Driver::End::kDone) {
      usable_ = false;
      driver_->hangUp();
      return gaveUp(config_, end == Driver::End::kStopped);
    }
    if (row == nullptr) return mysql_errno(handle) == 0 ? Result<void>() : failure();
    if (!each(MysqlRow(row, mysql_fetch_lengths(rows.get()), mysql_num_fields(rows.get())))) {
      usable_ = false;
      driver_->hangUp();
      return {};
    }
  }
}

std::string MysqlConnection::quote(std::string_view text) const {
  std::string quoted(text.size() * 2 + 3, '\'');
  const unsigned long length =
      mysql_real_escape_string(driver_->handle, quoted.data() + 1, text.data(), text.size());
  quoted[length + 1] = '\'';
  quoted.resize(length + 2);
  return quoted;
}

// What the client library reports, in words; notes whether the connection survived it.
Error MysqlConnection::failure() {
  const unsigned number = mysql_errno(driver_->handle);
  lost_ = meansConnectionLost(number);
  if (lost_ || isClientError(number)) {
    usable_ = false;
    driver_->hangUp();
  }
  return explainMysqlError(number, mysql_error(driver_->handle), config_, account_);
}

}  // namespace rollcall
