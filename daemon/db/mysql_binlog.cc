#include "daemon/db/mysql_binlog.h"

#include <fmt/format.h>
#include <mysql.h>
#include <sys/socket.h>
// clang-format off
#include <mariadb_rpl.h>  // needs what mysql.h declares
// clang-format on

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <random>
#include <string>
#include <utility>

#include "daemon/core/fd.h"
#include "daemon/db/binlog_event.h"
#include "daemon/db/host_lookup.h"
#include "daemon/db/mysql_connection.h"
#include "daemon/db/mysql_errors.h"

namespace rollcall {
namespace {

constexpr Duration kFirstRest = std::chrono::seconds(1);
constexpr Duration kLongestRest = std::chrono::seconds(60);
// A feed that lived this long was sound: its end is a new trouble.
constexpr Duration kSound = std::chrono::seconds(10);
// The server writes this often when it has nothing to tell, so that silence is a failure.
constexpr int kBeatsPerTimeout = 4;
// A log is sent from a position; the first event stands behind the file's magic number.
constexpr std::uint64_t kFirstPosition = 4;
constexpr std::size_t kShortestEvent = 9;  // shorter packets that begin with 0xfe end the feed
constexpr unsigned char kEnd = 0xfe;

// What mark() reads.
constexpr std::array<std::string_view, 3> kTables{"posts", "tags", "users"};

// Of this server's replicas no two may have one number: the older one is cut off. People give small
// ones, so the upper half is free, but for other followers like this one.
std::uint32_t drawServerId() {
  std::random_device random;
  return std::uniform_int_distribution<std::uint32_t>(0x8000'0000u, 0xffff'fffeu)(random);
}

struct Position {
  std::string file;
  std::uint64_t offset = kFirstPosition;
};

// Ends what is blocked on the connection's socket when it is told to stop. Has a descriptor of its
// own: the library closes its one when the connection fails.
class HangUpOnStop {
 public:
  HangUpOnStop(int socket, const std::stop_token& stop)
      : socket_(::dup(socket)), onStop_(stop, HangUp{socket_.get()}) {}

 private:
  struct HangUp {
    int socket;
    void operator()() const { ::shutdown(socket, SHUT_RDWR); }
  };
  Fd socket_;
  std::stop_callback<HangUp> onStop_;
};

// The dump of one connection. Blocks; see HangUpOnStop, and the connection's read timeout.
class Dump {
 public:
  explicit Dump(MysqlConnection& connection)
      : handle_(connection.handle()), replica_(mariadb_rpl_init(handle_), mariadb_rpl_close) {}

  // False when the server did not take the question; see mysql_errno().
  bool open(const Position& from) {
    if (!replica_) return false;
    MARIADB_RPL* const replica = replica_.get();
    mariadb_rpl_optionsv(replica, MARIADB_RPL_FILENAME, from.file.c_str(), from.file.size());
    mariadb_rpl_optionsv(replica, MARIADB_RPL_START, static_cast<unsigned long>(from.offset));
    mariadb_rpl_optionsv(replica, MARIADB_RPL_SERVER_ID, static_cast<unsigned>(drawServerId()));
    return mariadb_rpl_open(replica) == 0;
  }

  // The next event as the server sent it, until the next call; empty when there will be no more.
  // Not by mariadb_rpl_fetch(), which copies and takes apart every row.
  std::string_view next() {
    const unsigned long size = mysql_net_read_packet(handle_);
    if (size == packet_error) return {};
    const unsigned char* const bytes = handle_->net.read_pos;
    if (size < kShortestEvent && bytes[0] == kEnd) return {};
    return {reinterpret_cast<const char*>(bytes), size};
  }

 private:
  MYSQL* handle_;
  std::unique_ptr<MARIADB_RPL, decltype(&mariadb_rpl_close)> replica_;
};

class BinlogFeed final : public ChangeFeed {
 public:
  BinlogFeed(const Clock& clock, DatabaseConfig config, Tell tell)
      : clock_(clock), config_(std::move(config)), tell_(std::move(tell)) {}

  void follow(const std::function<void()>& touched, std::stop_token stop) override {
    Duration rest = kFirstRest;
    while (!stop.stop_requested()) {
      const MonoTime began = clock_.mono();
      const Error why = followOnce(touched, stop);
      up_ = false;
      if (stop.stop_requested()) return;
      tellDown(why);
      const MonoTime ended = clock_.mono();
      if (ended - began >= kSound) rest = kFirstRest;
      clock_.sleepUntil(ended + std::exchange(rest, std::min(rest * 2, kLongestRest)), stop);
    }
  }

  bool up() const override { return up_; }

 private:
  // Why it ended; after a stop that is of no meaning.
  Error followOnce(const std::function<void()>& touched, const std::stop_token& stop) {
    const Deadline deadline = Deadline::after(clock_, config_.queryTimeout);
    if (config_.socket.empty())
      if (auto unknown = lookup_.check(clock_, config_.host, deadline, stop)) return *unknown;
    auto opened = MysqlConnection::open(clock_, config_, deadline, stop);
    if (!opened) return opened.error();
    MysqlConnection& connection = **opened;
    Result<Position> end = prepare(connection, deadline, stop);
    if (!end) return end.error();
    const HangUpOnStop onStop(mysql_get_socket(connection.handle()), stop);
    Dump dump(connection);
    if (!dump.open(*end)) return failure(connection);
    while (!stop.stop_requested()) {
      const std::string_view packet = dump.next();
      if (packet.empty()) return failure(connection);
      if (!up_.exchange(true)) begin(touched);
      if (mayTouch(readBinlogEvent(packet), config_.name, kTables)) touched();
    }
    return {ErrorCode::kCancelled, "stopped"};
  }

  // The server has sent something: it takes us for a replica.
  void begin(const std::function<void()>& touched) {
    told_.clear();
    tell_({false, "the database tells of its changes", config_.describe()});
    touched();
  }

  Result<Position> prepare(MysqlConnection& connection, Deadline deadline,
                           const std::stop_token& stop) const;
  Error failure(const MysqlConnection& connection) const;
  void tellDown(const Error& why) {
    if (std::exchange(told_, why.message) == why.message) return;
    tell_(
        {true, "the database does not tell of its changes; it is asked every second", why.message});
  }

  const Clock& clock_;
  const DatabaseConfig config_;
  const Tell tell_;
  HostLookup lookup_;
  std::atomic<bool> up_ = false;
  std::string told_;  // the reason that was told last; empty while it is up
};

// Asks for the log's present end and says how the events are to be sent. The names are those of
// MariaDB and old ones of MySQL, then MySQL's new ones; a server leaves alone what it does not
// know.
Result<Position> BinlogFeed::prepare(MysqlConnection& connection, Deadline deadline,
                                     const std::stop_token& stop) const {
  const auto beat =
      std::chrono::duration_cast<std::chrono::nanoseconds>(config_.queryTimeout) / kBeatsPerTimeout;
  auto set = connection.query(
      fmt::format("SET @master_binlog_checksum='NONE', @source_binlog_checksum='NONE', "
                  "@master_heartbeat_period={0}, @source_heartbeat_period={0}, "
                  "@mariadb_slave_capability=4",
                  beat.count()),
      {}, deadline, stop);
  if (!set) return set.error();
  Position end;
  const auto take = [&end](const MysqlRow& row) {
    if (row.size() < 2) return true;
    end.file = row.text(0);
    const std::string_view offset = row.text(1);
    std::from_chars(offset.data(), offset.data() + offset.size(), end.offset);
    return true;
  };
  auto asked = connection.query("SHOW MASTER STATUS", take, deadline, stop);
  // MySQL 8.4 knows only the other name.
  if (!asked && connection.usable() && meansUnknownStatement(mysql_errno(connection.handle())))
    asked = connection.query("SHOW BINARY LOG STATUS", take, deadline, stop);
  if (!asked) return connection.usable() ? failure(connection) : asked.error();
  if (end.file.empty())
    return Error{ErrorCode::kNotFound, fmt::format("the database at {} keeps no binary log "
                                                   "(log_bin is off)",
                                                   placeOf(config_))};
  return end;
}

Error BinlogFeed::failure(const MysqlConnection& connection) const {
  MYSQL* const handle = connection.handle();
  return explainBinlogError(mysql_errno(handle), mysql_error(handle), config_,
                            connection.account());
}

}  // namespace

std::unique_ptr<ChangeFeed> makeBinlogFeed(const Clock& clock, DatabaseConfig config, Tell tell) {
  return std::make_unique<BinlogFeed>(clock, std::move(config), std::move(tell));
}

}  // namespace rollcall
