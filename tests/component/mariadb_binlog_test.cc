// The change feed against real servers: what it hears of, and that it comes back from whatever ends
// it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "daemon/db/mysql_binlog.h"
#include "tests/component/mariadb_world.h"

namespace rollcall::testing_support {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Follows on a thread of its own until it goes.
class Follower {
 public:
  Follower(const Clock& clock, const DatabaseConfig& config)
      : clock_(clock),
        feed_(makeBinlogFeed(clock, config,
                             [this](const News& news) {
                               const std::lock_guard lock(mutex_);
                               told_.push_back(news.message + ": " + news.detail);
                             })),
        thread_([this](std::stop_token stop) { feed_->follow([this] { ++touches_; }, stop); }) {}

  bool up() const { return feed_->up(); }
  int touches() const { return touches_; }
  std::vector<std::string> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  // How long it takes to end.
  Duration stop() {
    const MonoTime began = clock_.mono();
    thread_.request_stop();
    thread_.join();
    return clock_.mono() - began;
  }

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<std::string> told_;
  std::atomic<int> touches_ = 0;
  std::unique_ptr<ChangeFeed> feed_;
  std::jthread thread_;
};

class MariadbBinlog : public MariadbWorld {
 protected:
  void SetUp() override {
    MariadbWorld::SetUp();
    if (IsSkipped()) return;
    log().sql("CREATE OR REPLACE DATABASE ghost; CREATE OR REPLACE DATABASE shop; USE ghost; " +
              tables() + "USE shop; " + tables() +
              "SET GLOBAL binlog_format='ROW'; DROP USER IF EXISTS rollcall; "
              "CREATE USER rollcall IDENTIFIED BY 'x'; GRANT SELECT ON ghost.* TO rollcall; "
              "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO rollcall;");
  }
  static std::string tables() {
    return "CREATE TABLE posts (id INT PRIMARY KEY, html LONGBLOB); CREATE TABLE sessions (id INT "
           "PRIMARY KEY); CREATE TABLE tags (id INT PRIMARY KEY); ";
  }
  // A server with a binary log, beside the one without.
  static MariadbServer& log() {
    static MariadbServer server({"--log-bin=log", "--server-id=1", "--max-allowed-packet=64M",
                                 "--ssl-ca=" + certificates().path("ca.pem"),
                                 "--ssl-cert=" + certificates().path("server.pem"),
                                 "--ssl-key=" + certificates().path("server.key")});
    return server;
  }
  DatabaseConfig following() const {
    DatabaseConfig config = this->config();
    config.port = log().port();
    config.password = "x";
    return config;
  }
  // How often the server has refused somebody something.
  static int refusals() {
    return std::stoi(
        log().sql("SELECT variable_value FROM information_schema.global_status "
                  "WHERE variable_name='ACCESS_DENIED_ERRORS';"));
  }
  template <class Condition>
  bool eventually(Condition condition) {
    const Deadline deadline = soon();
    while (!condition()) {
      if (deadline.passed(clock_)) return false;
      std::this_thread::sleep_for(milliseconds(2));
    }
    return true;
  }
  bool hears(const Follower& follower, int touches) {
    return eventually([&] { return follower.touches() >= touches; });
  }
};

TEST_F(MariadbBinlog, HearsOfTheTablesThatALookReads) {
  Follower follower(clock_, following());
  ASSERT_TRUE(hears(follower, 1)) << "what was before it is up";
  EXPECT_TRUE(follower.up());
  EXPECT_THAT(follower.told(), ElementsAre(AllOf(HasSubstr("tells of its changes: mysql://"),
                                                 Not(HasSubstr("not tell")))));
  log().sql(
      "INSERT INTO ghost.sessions VALUES (1); INSERT INTO shop.posts VALUES (1, 'ghost'); "
      "USE ghost; CREATE TABLE other (id INT); FLUSH BINARY LOGS; "
      "INSERT INTO posts VALUES (1, 'x');");
  ASSERT_TRUE(hears(follower, 2));
  EXPECT_EQ(follower.touches(), 2) << "of the others, which came before, it said nothing";
  log().sql("USE ghost; INSERT INTO tags VALUES (1);");
  ASSERT_TRUE(hears(follower, 3));
  log().sql("ALTER TABLE ghost.posts ADD title TEXT;");
  EXPECT_TRUE(hears(follower, 4));
}

TEST_F(MariadbBinlog, HearsOfStatements) {
  Follower follower(clock_, following());
  ASSERT_TRUE(hears(follower, 1));
  log().sql(
      "SET SESSION binlog_format='STATEMENT'; USE shop; INSERT INTO posts VALUES (1, 'x'); "
      "USE ghost; INSERT INTO sessions VALUES (1); INSERT INTO posts VALUES (1, 'x');");
  ASSERT_TRUE(hears(follower, 2));
  EXPECT_EQ(follower.touches(), 2);
  log().sql(
      "SET GLOBAL log_bin_compress=1; SET SESSION binlog_format='STATEMENT'; USE ghost; "
      "INSERT INTO posts VALUES (2, '" +
      std::string(3000, 'x') + "');");
  log().sql("SET GLOBAL log_bin_compress=0;");
  EXPECT_TRUE(hears(follower, 3));
}

TEST_F(MariadbBinlog, HearsOfPackedRows) {
  Follower follower(clock_, following());
  ASSERT_TRUE(hears(follower, 1));
  log().sql("SET GLOBAL log_bin_compress=1;");
  log().sql("INSERT INTO ghost.posts VALUES (1, '" + std::string(3000, 'x') + "');");
  log().sql("SET GLOBAL log_bin_compress=0;");
  EXPECT_TRUE(hears(follower, 2));
}

TEST_F(MariadbBinlog, IsEncryptedWhenTheDatabaseIs) {
  log().sql("ALTER USER rollcall REQUIRE SSL;");
  DatabaseConfig config = following();
  config.tls = true;
  config.caFile = certificates().path("ca.pem");
  Follower follower(clock_, config);
  ASSERT_TRUE(hears(follower, 1));
  log().sql("INSERT INTO ghost.posts VALUES (1, 'x');");
  EXPECT_TRUE(hears(follower, 2));
  EXPECT_LT(follower.stop(), milliseconds(1000));
}

TEST_F(MariadbBinlog, IsNotCutOffByTheTimeLimitOfQueriesNorBySilence) {
  DatabaseConfig quick = following();
  quick.queryTimeout = milliseconds(500);
  Follower follower(clock_, quick);
  ASSERT_TRUE(hears(follower, 1));
  std::this_thread::sleep_for(milliseconds(1500));  // it is to stay up for a while
  EXPECT_TRUE(follower.up());
  EXPECT_EQ(follower.told().size(), 1u);
  log().sql("INSERT INTO ghost.posts VALUES (1, 'x');");
  EXPECT_TRUE(hears(follower, 2));
}

TEST_F(MariadbBinlog, SaysThatThereIsNoLog) {
  sql("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO rollcall;");
  Follower follower(clock_, config());
  ASSERT_TRUE(eventually([&] { return !follower.told().empty(); }));
  EXPECT_THAT(follower.told().front(), AllOf(HasSubstr("it is asked every second"),
                                             HasSubstr("keeps no binary log (log_bin is off)")));
  EXPECT_FALSE(follower.up());
  EXPECT_LT(follower.stop(), milliseconds(1000)) << "in its rest";
  EXPECT_EQ(follower.touches(), 0);
}

TEST_F(MariadbBinlog, SaysOnceWhichRightsItLacksAndGoesOnWhenItHasThem) {
  for (const std::string right : {"REPLICATION SLAVE", "REPLICATION CLIENT"}) {
    log().sql("REVOKE " + right + " ON *.* FROM rollcall;");
    Follower follower(clock_, following());
    const std::string grant =
        "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'rollcall'@'%'";
    ASSERT_TRUE(eventually([&] { return !follower.told().empty(); })) << right;
    EXPECT_THAT(follower.told().front(), HasSubstr("may not follow the binary log; as an "
                                                   "administrator: " +
                                                   grant));
    EXPECT_FALSE(follower.up());
    ASSERT_TRUE(eventually([before = refusals()] { return refusals() > before; })) << "no new try";
    EXPECT_EQ(follower.told().size(), 1u) << right;
    log().sql(grant + ";");
    EXPECT_TRUE(hears(follower, 1)) << right;
  }
}

TEST_F(MariadbBinlog, ComesBackAfterARestartAndAsksForALook) {
  Follower follower(clock_, following());
  ASSERT_TRUE(hears(follower, 1));
  log().kill();
  ASSERT_TRUE(eventually([&] { return !follower.up(); }));
  log().startAgain();
  ASSERT_TRUE(hears(follower, 2));
  log().sql("INSERT INTO ghost.posts VALUES (1, 'x');");
  EXPECT_TRUE(hears(follower, 3));
}

// So ends one of two replicas with one number, too.
TEST_F(MariadbBinlog, ComesBackWhenItsConnectionIsKilled) {
  Follower follower(clock_, following());
  ASSERT_TRUE(hears(follower, 1));
  log().sql("KILL USER rollcall;");
  ASSERT_TRUE(hears(follower, 2));
  EXPECT_TRUE(follower.up());
  log().sql("INSERT INTO ghost.posts VALUES (1, 'x');");
  EXPECT_TRUE(hears(follower, 3));
}

// More than it keeps in memory; the library tells it from no other end.
TEST_F(MariadbBinlog, ComesBackAfterAChangeThatIsTooLarge) {
  Follower follower(clock_, following());
  ASSERT_TRUE(hears(follower, 1));
  log().sql("INSERT INTO shop.posts VALUES (1, REPEAT('x', 20000000));");
  ASSERT_TRUE(hears(follower, 2));
  log().sql("INSERT INTO ghost.posts VALUES (1, 'x');");
  EXPECT_TRUE(hears(follower, 3));
}

TEST_F(MariadbBinlog, NoticesAServerThatFreezesAndComesBack) {
  DatabaseConfig quick = following();
  quick.queryTimeout = seconds(1);
  Follower follower(clock_, quick);
  ASSERT_TRUE(hears(follower, 1));
  log().freeze();
  const bool down = eventually([&] { return !follower.up(); });
  log().thaw();
  ASSERT_TRUE(down);
  EXPECT_TRUE(hears(follower, 2));
}

TEST_F(MariadbBinlog, AStopEndsItWhateverTheServerDoes) {
  {
    Follower idle(clock_, following());
    ASSERT_TRUE(hears(idle, 1));
    EXPECT_LT(idle.stop(), milliseconds(1000));
  }
  Follower follower(clock_, following());
  ASSERT_TRUE(hears(follower, 1));
  log().freeze();
  Follower fresh(clock_, following());
  const Duration followed = follower.stop();
  const Duration asked = fresh.stop();
  log().thaw();
  EXPECT_LT(followed, milliseconds(1500));
  EXPECT_LT(asked, milliseconds(1500));
}

}  // namespace
}  // namespace rollcall::testing_support
