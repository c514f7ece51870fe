#include "checks/database/rules.h"

#include <gmock/gmock.h>

namespace rollcall::checks::database {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(WritableOf, TellsReadersOfAuroraFromServersThatWereMadeReadOnly) {
  struct Case {
    Variables variables;
    Writable writable;
    std::string why;
  };
  const Case cases[] = {
      {{{"read_only", "OFF"}}, Writable::kYes, ""},
      {{{"read_only", "0"}, {"super_read_only", "0"}}, Writable::kYes, ""},
      {{{"read_only", "ON"}}, Writable::kReadOnly, "read_only=ON"},
      {{{"read_only", "1"}, {"super_read_only", "1"}},
       Writable::kReadOnly,
       "read_only=1, super_read_only=1"},
      // MariaDB 11.8 and later know more than ON and OFF.
      {{{"read_only", "NO_LOCK_NO_ADMIN"}}, Writable::kReadOnly, "read_only=NO_LOCK_NO_ADMIN"},
      {{{"read_only", "OFF"}, {"innodb_read_only", "ON"}},
       Writable::kReadOnly,
       "innodb_read_only=ON"},
      {{{"read_only", "ON"}, {"innodb_read_only", "ON"}, {"aurora_server_id", "db-2"}},
       Writable::kAuroraReader,
       "read_only=ON, innodb_read_only=ON"},
      {{{"read_only", "OFF"}, {"innodb_read_only", "OFF"}, {"aurora_server_id", "db-1"}},
       Writable::kYes,
       ""},
      {{{"read_only", "ON"}, {"innodb_read_only", "OFF"}, {"aurora_server_id", "db-1"}},
       Writable::kReadOnly,
       "read_only=ON"},
      {{}, Writable::kUnknown, ""},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(writableOf(one.variables), one.writable) << one.why;
    EXPECT_EQ(whyReadOnly(one.variables), one.why);
  }
}

TEST(ReadVariables, KeepsPairsInLowerCase) {
  const Variables variables = readVariables({Row{"Threads_connected", "7"}, Row{"x"},
                                             Row{std::nullopt, "y"}, Row{"empty", std::nullopt}});
  EXPECT_EQ(variables, (Variables{{"threads_connected", "7"}, {"empty", ""}}));
}

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

TEST(BeatOf, ReadsTheClockAtTheMiddleOfTheRoundTrip) {
  EXPECT_EQ(beatOf(kNow + 3s, kNow, kNow + 2s, 2s).skew, Duration(2s));
  EXPECT_EQ(beatOf(kNow + 1s, kNow, kNow + 2s, 2s).skew, Duration(0s));
  EXPECT_EQ(beatOf(kNow - 4s, kNow, kNow, 1ms).skew, Duration(-4s));
}

TEST(ClocksDiffer, AllowsForWhereInTheRoundTripTheClockWasRead) {
  struct Case {
    Duration roundTrip;
    Duration skew;
    bool differ;
  };
  for (const Case& one : {Case{0s, 2s, false}, Case{0s, 2001ms, true}, Case{0s, -2001ms, true},
                          Case{1s, 2500ms, false}, Case{1s, -2501ms, true}, Case{10s, 5s, false}})
    EXPECT_EQ(clocksDiffer({one.roundTrip, one.skew}, 2s), one.differ) << one.skew.count();
}

TEST(Fastest, IsTheOneWithTheShortestRoundTrip) {
  EXPECT_EQ(fastest({{3s, 1s}, {1s, 2s}, {2s, 3s}}).skew, Duration(2s));
}

TEST(NearLimit, IsAtTheShareOrBeyond) {
  EXPECT_FALSE(nearLimit({79, 100}, 80));
  EXPECT_TRUE(nearLimit({80, 100}, 80));
  EXPECT_TRUE(nearLimit({151, 151}, 100));
  EXPECT_FALSE(nearLimit({150, 151}, 100));
}

TEST(ConnectionsOf, NeedsBothNumbers) {
  EXPECT_TRUE(connectionsOf({{"threads_connected", "7"}}, {{"max_connections", "151"}}));
  EXPECT_FALSE(connectionsOf({}, {{"max_connections", "151"}}));
  EXPECT_FALSE(connectionsOf({{"threads_connected", "7"}}, {}));
  EXPECT_FALSE(connectionsOf({{"threads_connected", "7"}}, {{"max_connections", "0"}}));
  EXPECT_FALSE(connectionsOf({{"threads_connected", "many"}}, {{"max_connections", "151"}}));
}

TEST(HeldInEveryTimeZone, AllowsForTheWidestOnes) {
  struct Case {
    Duration age;
    Duration held;
  };
  for (const Case& one : {Case{-14h, 0s}, Case{3s, 0s}, Case{5h + 3s, 0s}, Case{12h, 0s},
                          Case{14h, 0s}, Case{14h + 1s, 1s}, Case{38h, 24h}})
    EXPECT_EQ(heldInEveryTimeZone(one.age), one.held) << one.age.count();
}

TEST(ReadCollations, TakesWhatMostColumnsHaveAsTheCommonOne) {
  const Collations collations = readCollations(
      {Row{"posts", "utf8mb4_0900_ai_ci", "9"}, Row{"tags", "utf8mb4_general_ci", "3"},
       Row{"tags", "utf8mb4_0900_ai_ci", "1"}, Row{"users", "latin1_swedish_ci", "2"}, Row{}});
  EXPECT_EQ(collations.tables, 3U);
  EXPECT_EQ(collations.common, "utf8mb4_0900_ai_ci");
  EXPECT_THAT(collations.others,
              ElementsAre("tags (utf8mb4_general_ci)", "users (latin1_swedish_ci)"));
  EXPECT_THAT(collations.narrow, ElementsAre("users (latin1_swedish_ci)"));
}

TEST(ReadCollations, FindsNoDifferenceWhereThereIsNone) {
  const Collations alike = readCollations(
      {Row{"posts", "utf8mb4_general_ci", "9"}, Row{"tags", "utf8mb4_general_ci", "3"}});
  EXPECT_THAT(alike.others, IsEmpty());
  EXPECT_THAT(alike.narrow, IsEmpty());
  EXPECT_EQ(readCollations({}).tables, 0U);
  EXPECT_EQ(readCollations({Row{"posts", "utf8mb3_general_ci", "9"}}).narrow.size(), 1U);
}

TEST(Agreed, KeepsWhatBothLooksSaw) {
  const Collations before{.tables = 3, .common = "a", .others = {"x", "y"}, .narrow = {"y"}};
  const Collations later{.tables = 4, .common = "b", .others = {"w", "y"}, .narrow = {"w"}};
  const Collations both = agreed(before, later);
  EXPECT_EQ(both.tables, 4U);
  EXPECT_EQ(both.common, "b");
  EXPECT_THAT(both.others, ElementsAre("y"));
  EXPECT_THAT(both.narrow, IsEmpty());
  EXPECT_FALSE(isWell(both));
  EXPECT_TRUE(isWell(agreed(Collations{.tables = 3}, later)));
}

TEST(Few, SaysHowManyMoreThereAre) {
  EXPECT_EQ(few({"a"}), "a");
  EXPECT_EQ(few({"a", "b", "c", "d", "e"}), "a, b, c, d, e");
  EXPECT_EQ(few({"a", "b", "c", "d", "e", "f", "g"}), "a, b, c, d, e and 2 more");
}

}  // namespace
}  // namespace rollcall::checks::database
