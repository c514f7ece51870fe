#include "daemon/db/mysql_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

DatabaseConfig config() {
  DatabaseConfig config;
  config.host = "10.0.0.5";
  config.name = "ghost";
  config.user = "ro";
  config.password = "s3cret-word";
  return config;
}

TEST(MysqlErrors, AreSentencesThatNameWhatToMend) {
  struct Row {
    unsigned number;
    const char* text;
    ErrorCode code;
    const char* sentence;
  };
  const std::vector<Row> rows = {
      {1045, "Access denied for user 'ro'@'10.1.1.1' (using password: YES)",
       ErrorCode::kPermissionDenied,
       "the database at 10.0.0.5:3306 refuses the account \"ro\": check user and password; an "
       "account that requires TLS is refused like this too"},
      {1049, "Unknown database 'ghost'", ErrorCode::kNotFound,
       "the server at 10.0.0.5:3306 has no database \"ghost\""},
      {1044, "Access denied for user 'ro'@'%' to database 'ghost'", ErrorCode::kPermissionDenied,
       "the account \"ro\" may not use the database \"ghost\", or there is no such database; as "
       "an administrator: GRANT SELECT ON ghost.* TO 'ro'@'%'"},
      {1146, "Table 'ghost.posts' doesn't exist", ErrorCode::kNotFound,
       "the database \"ghost\" has no table posts: is it Ghost's?"},
      {1142, "SELECT command denied to user 'ro'@'10.1.1.1' for table `ghost`.`posts`",
       ErrorCode::kPermissionDenied,
       "the account \"ro\" may not read the table posts; as an administrator: GRANT SELECT ON "
       "ghost.posts TO 'ro'@'10.1.%'"},
      {1142, "SELECT command denied to user 'ro'@'10.1.1.1' for table 'posts'",
       ErrorCode::kPermissionDenied,
       "the account \"ro\" may not read the table posts; as an administrator: GRANT SELECT ON "
       "ghost.posts TO 'ro'@'10.1.%'"},
      {2003, "Can't connect to server on '10.0.0.5' (111)", ErrorCode::kUnavailable,
       "no connection to the database at 10.0.0.5:3306: Connection refused"},
      {2005, "Unknown server host '10.0.0.5' (-2)", ErrorCode::kNotFound,
       "the database host \"10.0.0.5\" is unknown"},
      {2013, "Lost connection to server during query", ErrorCode::kUnavailable,
       "the database at 10.0.0.5:3306 closed the connection"},
      {1969, "Query execution was interrupted (max_statement_time exceeded)",
       ErrorCode::kDeadlineExceeded,
       "the database at 10.0.0.5:3306 needed longer than 5.0 s for a query"},
      {3024, "Query execution was interrupted, maximum statement execution time exceeded",
       ErrorCode::kDeadlineExceeded,
       "the database at 10.0.0.5:3306 needed longer than 5.0 s for a query"},
      {1130, "Host '10.1.1.1' is not allowed to connect to this MariaDB server",
       ErrorCode::kPermissionDenied,
       "the database at 10.0.0.5:3306 takes no connection from this address: Host '10.1.1.1' is "
       "not allowed to connect to this MariaDB server"},
      {1040, "Too many connections", ErrorCode::kUnavailable,
       "the database at 10.0.0.5:3306 answered error 1040: Too many connections"},
  };
  for (const Row& row : rows) {
    const Error error = explainMysqlError(row.number, row.text, config(), "ro@10.1.%");
    EXPECT_EQ(error.code, row.code) << row.text;
    EXPECT_EQ(error.message, row.sentence);
  }
}

TEST(MysqlErrors, OfTheBinaryLogNameTheRightsItTakes) {
  EXPECT_EQ(explainBinlogError(1227,
                               "Access denied; you need (at least one of) the BINLOG MONITOR "
                               "privilege(s) for this operation",
                               config(), "ro@10.1.%")
                .message,
            "the account \"ro\" may not follow the binary log; as an administrator: GRANT "
            "REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'ro'@'10.1.%'");
  EXPECT_EQ(
      explainBinlogError(1236, "log event entry exceeded max_allowed_packet", config(), "").message,
      "the database at 10.0.0.5:3306 ended the feed: log event entry exceeded "
      "max_allowed_packet");
  EXPECT_EQ(explainBinlogError(0, "", config(), "").message,
            "the database at 10.0.0.5:3306 ended the feed");
  EXPECT_EQ(explainBinlogError(2013, "Lost connection", config(), "").message,
            "the database at 10.0.0.5:3306 closed the connection");
}

TEST(MysqlErrors, KnowWhatMeansThatAnIdleConnectionIsGone) {
  for (const unsigned lost : {2006U, 2013U, 1053U, 1927U, 4031U, 3169U})
    EXPECT_TRUE(meansConnectionLost(lost)) << lost;
  for (const unsigned other : {1045U, 1142U, 1969U, 2002U})
    EXPECT_FALSE(meansConnectionLost(other));
}

TEST(MysqlErrors, KeepHostileTextPrintableAndShort) {
  const Error error =
      explainMysqlError(1234, "bad\n\x1b[31m" + std::string(5000, 'x'), config(), "");
  EXPECT_THAT(error.message, Not(HasSubstr("\n")));
  EXPECT_THAT(error.message, Not(HasSubstr("\x1b")));
  EXPECT_LT(error.message.size(), 400U);
}

TEST(MysqlErrors, QuoteUnusualDatabaseNames) {
  DatabaseConfig odd = config();
  odd.name = "my-ghost";
  const Error error =
      explainMysqlError(1142, "SELECT command denied to user 'ro'@'h' for table 'posts'", odd, "");
  EXPECT_THAT(error.message, HasSubstr("GRANT SELECT ON `my-ghost`.posts TO 'ro'@'%'"));
}

TEST(DatabaseConfig, IsDescribedWithoutItsPassword) {
  DatabaseConfig v6 = config();
  v6.host = "fd00::5";
  DatabaseConfig local = config();
  local.socket = "/run/mysqld.sock";
  EXPECT_EQ(config().describe(), "mysql://ro@10.0.0.5:3306/ghost");
  EXPECT_EQ(v6.describe(), "mysql://ro@[fd00::5]:3306/ghost");
  EXPECT_EQ(local.describe(), "mysql://ro@unix(/run/mysqld.sock)/ghost");
}

}  // namespace
}  // namespace rollcall
