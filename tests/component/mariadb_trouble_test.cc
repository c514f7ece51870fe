// A real server that refuses, freezes, dies or offers the wrong certificate.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "tests/component/mariadb_world.h"

namespace rollcall::testing_support {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class MariadbTrouble : public MariadbWorld {
 protected:
  Error failure(const DatabaseConfig& config) {
    const auto content = makeMysqlSource(clock_, config)->load(soon(), {});
    if (content) throw std::runtime_error("it worked");
    EXPECT_THAT(content.error().message, Not(HasSubstr("horse"))) << "the password";
    return content.error();
  }
  void expectFailure(const DatabaseConfig& config, ErrorCode code, const std::string& sentence) {
    const Error error = failure(config);
    EXPECT_EQ(error.code, code) << error.message;
    EXPECT_THAT(error.message, HasSubstr(sentence));
  }
  std::string place() { return fmt::format("127.0.0.1:{}", server().port()); }
};

TEST_F(MariadbTrouble, AWrongPasswordIsSaid) {
  DatabaseConfig wrong = config();
  wrong.password = "wrong horse";
  expectFailure(wrong, ErrorCode::kPermissionDenied,
                "the database at " + place() +
                    " refuses the account \"rollcall\": check user and "
                    "password");
  wrong.password = "";
  expectFailure(wrong, ErrorCode::kPermissionDenied, "no password is configured");
}

TEST_F(MariadbTrouble, AnUnknownDatabaseIsSaid) {
  DatabaseConfig wrong = config();
  wrong.name = "spectre";
  expectFailure(wrong, ErrorCode::kPermissionDenied,
                "the account \"rollcall\" may not use the database \"spectre\", or there is no "
                "such database; as an administrator: GRANT SELECT ON spectre.* TO 'rollcall'@'%'");
  server().sql("GRANT SELECT ON *.* TO rollcall;");
  expectFailure(wrong, ErrorCode::kNotFound,
                "the server at " + place() + " has no database \"spectre\"");
}

TEST_F(MariadbTrouble, ADatabaseThatIsNotGhostsIsSaid) {
  server().sql("CREATE OR REPLACE DATABASE shop; GRANT SELECT ON shop.* TO rollcall;");
  DatabaseConfig wrong = config();
  wrong.name = "shop";
  expectFailure(wrong, ErrorCode::kNotFound,
                "the database \"shop\" has no table settings: is it Ghost's?");
}

TEST_F(MariadbTrouble, ATableOfAnotherProgramIsSaid) {
  sql("ALTER TABLE posts RENAME COLUMN canonical_url TO link;");
  const Error error = failure(config());
  sql("ALTER TABLE posts RENAME COLUMN link TO canonical_url;");
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("no column canonical_url: is it the database of Ghost"));
}

TEST_F(MariadbTrouble, ADeniedTableIsSaidWithTheGrantThatHelps) {
  sql("REVOKE SELECT ON ghost.posts FROM rollcall;");
  const Error error = failure(config());
  EXPECT_EQ(error.code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(error.message, HasSubstr("may not read the table posts"));
  const std::string grant = "GRANT SELECT ON ghost.posts TO 'rollcall'@'%'";
  ASSERT_THAT(error.message, HasSubstr(grant));
  server().sql(grant + ";");
  EXPECT_NO_THROW(load());
}

TEST_F(MariadbTrouble, ADeniedColumnIsSaidWithTheGrantThatHelps) {
  sql("REVOKE SELECT (slug) ON ghost.users FROM rollcall;");
  const Error error = failure(config());
  EXPECT_EQ(error.code, ErrorCode::kPermissionDenied);
  const std::string grant =
      "GRANT SELECT (id, slug, visibility, created_at, updated_at) ON ghost.users TO "
      "'rollcall'@'%'";
  ASSERT_THAT(error.message, HasSubstr(grant));
  server().sql(grant + ";");
  EXPECT_NO_THROW(load());
}

TEST_F(MariadbTrouble, ARefusedConnectionIsSaid) {
  DatabaseConfig wrong = config();
  wrong.port = 1;
  expectFailure(wrong, ErrorCode::kUnavailable,
                "no connection to the database at 127.0.0.1:1: Connection refused");
  wrong.socket = "/nonexistent/socket";
  expectFailure(wrong, ErrorCode::kUnavailable,
                "no connection to the database at /nonexistent/socket: No such file or directory");
}

TEST_F(MariadbTrouble, AnUnknownHostIsSaid) {
  DatabaseConfig wrong = config();
  wrong.host = "no-such-host.invalid";
  wrong.queryTimeout = seconds(30);
  const Error error = failure(wrong);
  EXPECT_THAT(error.code, AnyOf(ErrorCode::kNotFound, ErrorCode::kUnavailable));
  EXPECT_THAT(error.message, HasSubstr("the database host \"no-such-host.invalid\""));
}

TEST_F(MariadbTrouble, ASocketServesToo) {
  DatabaseConfig local = config();
  local.host.clear();
  local.port = 1;
  local.socket = server().socket();
  EXPECT_NO_THROW(load(local));
}

// --- TLS

class MariadbTls : public MariadbTrouble {
 protected:
  DatabaseConfig encrypted(const std::string& authority) {
    DatabaseConfig config = this->config();
    config.host = "localhost";
    config.tls = true;
    config.caFile = authority.empty() ? "" : certificates().path(authority);
    return config;
  }
};

TEST_F(MariadbTls, EncryptsWhenItIsAskedTo) {
  sql("ALTER USER rollcall REQUIRE SSL;");
  EXPECT_NO_THROW(load(encrypted("ca.pem")));
}

TEST_F(MariadbTls, SaysThatAnAccountMayWantIt) {
  sql("ALTER USER rollcall REQUIRE SSL;");
  expectFailure(config(), ErrorCode::kPermissionDenied, "an account that requires TLS");
}

TEST_F(MariadbTls, RefusesAnUnknownAuthority) {
  expectFailure(encrypted("other.pem"), ErrorCode::kUnavailable,
                "cannot be trusted by " + certificates().path("other.pem"));
  expectFailure(encrypted(""), ErrorCode::kUnavailable,
                "cannot be trusted by the system's authorities");
}

TEST_F(MariadbTls, RefusesACertificateForAnotherName) {
  DatabaseConfig config = encrypted("ca.pem");
  config.host = "127.0.0.1";
  EXPECT_NO_THROW(load(config));
  config.host = "127.0.0.2";
  expectFailure(config, ErrorCode::kUnavailable, "is for another name than \"127.0.0.2\"");
}

TEST_F(MariadbTls, RefusesAnUnusableAuthoritiesFile) {
  expectFailure(encrypted("nothing.pem"), ErrorCode::kUnavailable, "nothing.pem cannot be used");
  expectFailure(encrypted("ca.key"), ErrorCode::kUnavailable, "ca.key cannot be used");
}

TEST_F(MariadbTls, NeverFallsBackToPlainText) {
  const MariadbServer plain({"--skip-ssl"});
  plain.sql("CREATE DATABASE ghost; CREATE USER rollcall; GRANT SELECT ON *.* TO rollcall;");
  DatabaseConfig config = encrypted("ca.pem");
  config.port = plain.port();
  config.password = "";
  expectFailure(config, ErrorCode::kUnavailable, "offers no TLS");
}

TEST_F(MariadbTls, SurvivesAServerThatDies) {
  auto source = makeMysqlSource(clock_, encrypted("ca.pem"));
  ASSERT_TRUE(source->mark(soon(), {}));
  server().kill();
  EXPECT_FALSE(source->mark(soon(), {}));
  server().startAgain();
  const Deadline deadline = soon();
  while (!source->mark(soon(), {})) ASSERT_FALSE(deadline.passed(clock_));
}

// --- Time

class Thaw {
 public:
  explicit Thaw(MariadbServer& server) : server_(server) { server.freeze(); }
  ~Thaw() { server_.thaw(); }

 private:
  MariadbServer& server_;
};

TEST_F(MariadbTrouble, AFrozenServerCostsNoMoreThanTheDeadline) {
  post("p", "p");
  auto connected = makeMysqlSource(clock_, config());
  auto fresh = makeMysqlSource(clock_, config());
  ASSERT_TRUE(connected->mark(soon(), {}));
  const Thaw frozen(server());
  for (ContentSource* source : {connected.get(), fresh.get()}) {
    const MonoTime began = clock_.mono();
    const auto content = source->load(in(milliseconds(700)), {});
    const auto took = clock_.mono() - began;
    ASSERT_FALSE(content);
    EXPECT_EQ(content.error().code, ErrorCode::kDeadlineExceeded) << content.error().message;
    EXPECT_THAT(content.error().message, HasSubstr("did not answer in time"));
    EXPECT_GE(took, milliseconds(700));
    EXPECT_LT(took, milliseconds(1500));
    fmt::print("frozen, deadline 700 ms: {}\n", formatDuration(took));
  }
}

TEST_F(MariadbTrouble, AFrozenServerCostsNoMoreThanTheQueryTimeout) {
  DatabaseConfig quick = config();
  quick.queryTimeout = seconds(1);
  auto source = makeMysqlSource(clock_, quick);
  ASSERT_TRUE(source->mark(soon(), {}));
  {
    const Thaw frozen(server());
    for (int i = 0; i < 2; ++i) {
      const MonoTime began = clock_.mono();
      const auto mark = source->mark(in(seconds(60)), {});
      ASSERT_FALSE(mark);
      EXPECT_EQ(mark.error().code, ErrorCode::kDeadlineExceeded) << mark.error().message;
      EXPECT_LT(clock_.mono() - began, seconds(3));
    }
  }
  const Deadline deadline = soon();
  while (!source->mark(soon(), {})) ASSERT_FALSE(deadline.passed(clock_));
}

TEST_F(MariadbTrouble, AStopEndsAWaitForAFrozenServer) {
  auto source = makeMysqlSource(clock_, config());
  const Thaw frozen(server());
  std::stop_source stop;
  auto answer =
      std::async(std::launch::async, [&] { return source->load(soon(), stop.get_token()); });
  EXPECT_EQ(answer.wait_for(milliseconds(100)), std::future_status::timeout);
  const MonoTime began = clock_.mono();
  stop.request_stop();
  EXPECT_EQ(answer.get().error().code, ErrorCode::kCancelled);
  EXPECT_LT(clock_.mono() - began, milliseconds(1000));
}

TEST_F(MariadbTrouble, AStopEndsASlowQuery) {
  post("p", "p");
  auto source = makeMysqlSource(clock_, config());
  const MariadbSession lock(server(), "USE ghost; LOCK TABLES posts WRITE;\n");
  await("SELECT COUNT(*) FROM information_schema.processlist WHERE command='Sleep' AND db='ghost'");
  std::stop_source stop;
  auto answer =
      std::async(std::launch::async, [&] { return source->load(soon(), stop.get_token()); });
  await(
      "SELECT COUNT(*) FROM information_schema.processlist WHERE user='rollcall' AND state LIKE "
      "'Waiting%'");
  const MonoTime began = clock_.mono();
  stop.request_stop();
  EXPECT_EQ(answer.get().error().code, ErrorCode::kCancelled);
  EXPECT_LT(clock_.mono() - began, milliseconds(1000));
}

TEST_F(MariadbTrouble, TheServerEndsASlowQueryItself) {
  post("p", "p");
  DatabaseConfig quick = config();
  quick.queryTimeout = milliseconds(300);
  auto source = makeMysqlSource(clock_, quick);
  ASSERT_TRUE(source->mark(soon(), {}));
  const auto connections = [&] {
    return server().sql("SELECT id FROM information_schema.processlist WHERE user='rollcall'");
  };
  const std::string before = connections();
  {
    const MariadbSession lock(server(), "USE ghost; LOCK TABLES posts WRITE;\n");
    await(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE command='Sleep' AND db='ghost' "
        "AND user='root'");
    const auto content = source->load(soon(), {});
    ASSERT_FALSE(content);
    EXPECT_EQ(content.error().code, ErrorCode::kDeadlineExceeded);
    EXPECT_THAT(content.error().message, HasSubstr("needed longer than 300 ms for a query"));
  }
  EXPECT_TRUE(source->load(soon(), {}));
  EXPECT_EQ(connections(), before) << "the connection was good for more";
}

TEST_F(MariadbTrouble, AStoppedOrPassedRequestDoesNotEvenConnect) {
  auto source = makeMysqlSource(clock_, config());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(source->mark(soon(), stop.get_token()).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(source->mark(in(seconds(0)), {}).error().code, ErrorCode::kDeadlineExceeded);
}

// --- Coming back

TEST_F(MariadbTrouble, ARestartBetweenTwoQuestionsIsNotNoticed) {
  auto source = makeMysqlSource(clock_, config());
  ASSERT_TRUE(source->mark(soon(), {}));
  server().kill();
  server().startAgain();
  const auto after = source->mark(soon(), {});
  EXPECT_TRUE(after) << after.error().message;
}

TEST_F(MariadbTrouble, AKilledConnectionIsReplaced) {
  auto source = makeMysqlSource(clock_, config());
  ASSERT_TRUE(source->mark(soon(), {}));
  server().sql("KILL USER rollcall;");
  EXPECT_TRUE(source->mark(soon(), {}));
}

TEST_F(MariadbTrouble, ManySourcesKeepFewConnections) {
  sql("DROP USER IF EXISTS crowd; CREATE USER crowd IDENTIFIED BY 'x'; GRANT SELECT ON ghost.* TO "
      "crowd;");
  DatabaseConfig ours = config();
  ours.user = "crowd";
  ours.password = "x";
  const MysqlSources sources = makeMysqlSources(clock_, ours);
  std::vector<std::unique_ptr<ContentSource>> crowd;
  for (int i = 0; i < 12; ++i) crowd.push_back(sources());
  {
    std::vector<std::jthread> threads;
    for (const auto& source : crowd)
      threads.emplace_back([&] { EXPECT_TRUE(source->rows("SELECT SLEEP(0.1)", soon(), {})); });
  }
  for (const auto& source : crowd) EXPECT_TRUE(source->mark(soon(), {}));
  await("SELECT COUNT(*) BETWEEN 1 AND 3 FROM information_schema.processlist WHERE user='crowd'");
}

// After a failover an old connection leads to the old primary.
TEST_F(MariadbTrouble, NoConnectionIsUsedForLong) {
  ManualClock clock;
  const Deadline never(MonoTime::max());
  const auto source = makeMysqlSources(clock, config())();
  const auto session = [&] {
    return *source->rows("SELECT CONNECTION_ID()", never, {})->at(0).at(0);
  };
  const std::string first = session();
  EXPECT_EQ(session(), first);
  clock.advance(std::chrono::seconds(61));
  EXPECT_NE(session(), first);
}

TEST_F(MariadbTrouble, OneDeadConnectionAmongSeveralIsNotNoticed) {
  const MysqlSources sources = makeMysqlSources(clock_, config());
  const auto one = sources();
  const auto other = sources();
  {
    const std::jthread asks([&] { EXPECT_TRUE(one->rows("SELECT SLEEP(0.2)", soon(), {})); });
    EXPECT_TRUE(other->rows("SELECT SLEEP(0.2)", soon(), {}));
  }
  server().sql("KILL USER rollcall;");
  EXPECT_TRUE(one->mark(soon(), {}));
  EXPECT_TRUE(other->mark(soon(), {}));
}

TEST_F(MariadbTrouble, ADeadServerIsTriedAgainWithBackoffAndFoundWhenItIsBack) {
  ManualClock clock;
  auto source = makeMysqlSource(clock, config());
  const auto ask = [&] { return source->mark(Deadline::after(clock, seconds(5)), {}); };
  ASSERT_TRUE(ask());
  server().kill();
  const auto dead = ask();
  ASSERT_FALSE(dead);
  EXPECT_EQ(dead.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(dead.error().message, HasSubstr("Connection refused"));
  server().startAgain();
  const auto early = ask();
  ASSERT_FALSE(early) << "within the first half second";
  EXPECT_EQ(early.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(early.error().message, dead.error().message);
  EXPECT_TRUE(makeMysqlSource(clock, config())->mark(Deadline::after(clock, seconds(5)), {}))
      << "a new source tries at once";
  clock.advance(milliseconds(500));
  EXPECT_TRUE(ask());
}

TEST_F(MariadbTrouble, TheBackoffDoublesUpToTenSeconds) {
  ManualClock clock;
  DatabaseConfig wrong = config();
  wrong.password = "wrong";
  auto source = makeMysqlSource(clock, wrong);
  const auto tried = [&] {
    return source->mark(Deadline::after(clock, seconds(5)), {}).error().code ==
           ErrorCode::kPermissionDenied;
  };
  EXPECT_TRUE(tried());
  for (const int wait : {500, 1000, 2000, 4000, 8000, 10000, 10000}) {
    clock.advance(milliseconds(wait - 1));
    EXPECT_FALSE(tried()) << wait;
    clock.advance(milliseconds(1));
    EXPECT_TRUE(tried()) << wait;
  }
}

}  // namespace
}  // namespace rollcall::testing_support
