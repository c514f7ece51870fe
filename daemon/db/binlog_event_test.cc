#include "daemon/db/binlog_event.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace rollcall {
namespace {

using Kind = BinlogEvent::Kind;

std::string number(std::size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

std::string zero() {
  return std::string(1, '\0');
}

// A packet with an event of `type`, whose head says what no reader here looks at.
std::string packet(std::size_t type, const std::string& body) {
  return zero() + number(1'700'000'000, 4) + number(type, 1) + number(7, 4) +
         number(19 + body.size(), 4) + number(4711, 4) + number(0, 2) + body;
}

std::string named(const std::string& name) {
  return number(name.size(), 1) + name + zero();
}

std::string tableMap(const std::string& schema, const std::string& table) {
  return packet(19, number(42, 6) + number(1, 2) + named(schema) + named(table) + number(2, 1) +
                        "\x03\x0f" + number(0, 3));
}

std::string query(const std::string& schema, const std::string& statement, std::size_t type = 2,
                  const std::string& status = "12345") {
  return packet(type, number(9, 4) + number(0, 4) + number(schema.size(), 1) + number(0, 2) +
                          number(status.size(), 2) + status + schema + zero() + statement);
}

TEST(BinlogEvent, IsReadAsFarAsItTellsOfTables) {
  struct Row {
    const char* what;
    std::string packet;
    BinlogEvent event;
  };
  const std::string longest(255, 'n');
  const std::vector<Row> rows = {
      {"rows", tableMap("ghost", "posts"), {Kind::kRows, "ghost", "posts", ""}},
      {"empty names", tableMap("", ""), {Kind::kRows, "", "", ""}},
      {"the longest names", tableMap(longest, longest), {Kind::kRows, longest, longest, ""}},
      {"a statement",
       query("ghost", "UPDATE posts SET x=1"),
       {Kind::kStatement, "ghost", "", "UPDATE posts SET x=1"}},
      {"no default schema",
       query("", "DROP DATABASE ghost"),
       {Kind::kStatement, "", "", "DROP DATABASE ghost"}},
      {"a packed statement of MariaDB",
       query("ghost", "\x81\x20xxxx", 165),
       {Kind::kSealed, "ghost", "", ""}},
      {"a packed transaction of MySQL", packet(40, "zstd"), {Kind::kSealed, "", "", ""}},
      {"the end of a transaction", packet(16, number(5, 8)), {}},
      {"rows themselves", packet(23, number(42, 6) + "rows"), {}},
      {"a heartbeat", packet(27, "mysql-bin.000001"), {}},
      {"an unknown type", packet(255, "?"), {}},
      {"an error", "\xff" + tableMap("ghost", "posts").substr(1), {}},
      {"nothing", "", {}},
      {"a status alone", zero(), {}},
      {"a head alone", packet(19, ""), {}},
      {"a name without its zero",
       packet(19, number(42, 6) + number(1, 2) + number(5, 1) + "ghostX" + named("posts")),
       {}},
      {"a name longer than the event",
       packet(19, number(42, 6) + number(1, 2) + number(200, 1) + "ghost" + zero()),
       {}},
      {"status variables longer than the event",
       packet(2, number(9, 8) + number(5, 1) + number(0, 2) + number(65535, 2) + "ghost"),
       {}},
  };
  for (const Row& row : rows) EXPECT_EQ(readBinlogEvent(row.packet), row.event) << row.what;
}

TEST(BinlogEvent, TouchesWhatIsWatched) {
  struct Row {
    std::string packet;
    bool touches;
  };
  const std::vector<Row> rows = {
      {tableMap("ghost", "posts"), true},
      {tableMap("ghost", "tags"), true},
      {tableMap("GHOST", "Posts"), true},
      {tableMap("ghost", "sessions"), false},
      {tableMap("ghost", "posts_meta"), false},
      {tableMap("shop", "posts"), false},
      {tableMap("ghost2", "posts"), false},
      {query("ghost", "UPDATE posts SET title='x'"), true},
      {query("ghost", "update `posts` set title='x'"), true},
      {query("ghost", "ALTER TABLE `ghost`.`posts` ADD x INT"), true},
      {query("", "DELETE FROM ghost.posts"), true},
      {query("shop", "DELETE FROM Ghost.POSTS"), true},
      {query("shop", "DELETE FROM posts"), false},
      {query("ghost", "DELETE FROM posts_meta"), false},
      {query("ghost", "INSERT INTO sessions VALUES ('posts')"), true},
      {query("ghost", "BEGIN"), false},
      {query("ghost", "COMMIT"), false},
      {query("ghost", ""), false},
      {query("ghost", "UPDATE sessions SET x='" + std::string(5000, 'x') + "' /* posts */"), false},
      {query("ghost", "UPDATE posts SET html='" + std::string(100'000, 'x') + "'"), true},
      {query("ghost", "packed", 165), true},
      {query("shop", "packed", 165), false},
      {packet(40, "zstd"), true},
      {packet(16, number(5, 8)), false},
      {"", false},
  };
  constexpr std::string_view kTables[] = {"posts", "tags"};
  for (const Row& row : rows)
    EXPECT_EQ(mayTouch(readBinlogEvent(row.packet), "ghost", kTables), row.touches)
        << row.packet.substr(20, 80);
}

// Each beginning of an event, in memory of its own that a sanitizer watches the end of.
TEST(BinlogEvent, EndsWhereItsPacketEnds) {
  constexpr std::string_view kTables[] = {"posts"};
  for (const std::string& whole : {tableMap("ghost", "posts"), query("ghost", "DELETE FROM posts")})
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<long>(size));
      (void)mayTouch(readBinlogEvent({cut.data(), cut.size()}), "ghost", kTables);
    }
}

TEST(BinlogEvent, MayBeGarbage) {
  constexpr std::string_view kTables[] = {"posts"};
  std::mt19937 random(8);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<char> bytes(random() % 64);
    for (char& byte : bytes) byte = static_cast<char>(random());
    constexpr char kTypes[] = {2, 19, 40, static_cast<char>(165)};
    if (!bytes.empty()) bytes[0] = '\0';
    if (bytes.size() > 5) bytes[5] = kTypes[random() % sizeof kTypes];
    (void)mayTouch(readBinlogEvent({bytes.data(), bytes.size()}), "ghost", kTables);
  }
}

}  // namespace
}  // namespace rollcall
