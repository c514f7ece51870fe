#include <gmock/gmock.h>

#include "checks/database/check_fixture.h"

namespace rollcall::checks::database {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(DatabaseCheckTest, FindsNothingWhereAllIsWell) {
  withReader_ = true;
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_EQ(outcome.tally.restart.migrationLocked, false);
  EXPECT_EQ(pods_.asked.size(), 3U);
}

// --- RC701

TEST_F(DatabaseCheckTest, ADatabaseThatDoesNotAnswerIsAFinding) {
  fail(ErrorCode::kUnavailable);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC701"));
  EXPECT_EQ(outcome.findings[0].message, "as the test asked");
  EXPECT_EQ(outcome.findings[0].evidence.at("error"), "unavailable");
  EXPECT_EQ(judge(outcome, std::nullopt), Verdict::kFail);
  EXPECT_EQ(source_.asked.size(), 2U) << "asked twice";
  EXPECT_THAT(pods_.asked, IsEmpty());
  EXPECT_FALSE(outcome.tally.restart.migrationLocked.has_value());
}

TEST_F(DatabaseCheckTest, ARefusedAccountIsToldFromADeadDatabase) {
  fail(ErrorCode::kPermissionDenied);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC701"));
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("Rollcall's own account"));
  EXPECT_EQ(outcome.findings[0].evidence.at("error"), "permission_denied");
}

TEST_F(DatabaseCheckTest, ADatabaseThatAnswersTheSecondTimeIsWell) {
  fail(ErrorCode::kUnavailable);
  clock_.asleep = [&] { source_.error.reset(); };
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(DatabaseCheckTest, AFrozenDatabaseIsAFindingWhenItHadAFairChance) {
  fail(ErrorCode::kDeadlineExceeded);
  slow_.takes = 5s;
  EXPECT_THAT(claims(run()), ElementsAre("RC701"));
  slow_.takes = 1s;
  const auto hasty = tryRun(Trigger::kOnce, 1s);
  ASSERT_FALSE(hasty) << "our own time was too short to tell";
  EXPECT_EQ(hasty.error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(DatabaseCheckTest, BeingStoppedIsNoFinding) {
  fail(ErrorCode::kCancelled);
  EXPECT_EQ(tryRun().error().code, ErrorCode::kCancelled);
  fail(ErrorCode::kUnavailable);
  stop_.request_stop();
  EXPECT_EQ(tryRun().error().code, ErrorCode::kCancelled);
}

TEST_F(DatabaseCheckTest, ADatabaseThatDiesInTheMiddleIsAFindingToo) {
  for (const char* part : {kVariables, kStatus, kLock, kSchema, kTables}) {
    slow_.before = [&](const std::string& sql) {
      if (sql.find(part) != std::string::npos) fail(ErrorCode::kUnavailable);
    };
    EXPECT_THAT(claims(run()), ElementsAre("RC701")) << part;
    source_.error.reset();
  }
}

TEST_F(DatabaseCheckTest, AQuestionThatFailsWhileTheDatabaseAnswersIsAGap) {
  topology_.pods.clear();
  connected("90");
  for (const char* part : {kLock, kSchema, kTables}) {
    const auto before = source_.replies.at(part);
    source_.refuse(part, ErrorCode::kDeadlineExceeded);
    const Outcome outcome = run();
    EXPECT_THAT(claims(outcome), ElementsAre("RC705")) << part;
    EXPECT_EQ(outcome.gaps.size(), 1U) << part;
    source_.replies.at(part) = before;
    check_ = databaseSpec().make(Params(databaseSpec().params));
  }
  source_.refuse(kStatus, ErrorCode::kUnavailable);
  EXPECT_EQ(run().gaps.size(), 1U);
}

TEST_F(DatabaseCheckTest, WhatWasFoundStaysWhenTheTimeRunsOutLater) {
  connected("90");
  withReader_ = true;
  for (const char* part : {kLock, kSchema, kTables, kNewest}) {
    const MonoTime began = clock_.mono();
    slow_.before = [&](const std::string& sql) {
      if (sql.find(part) == std::string::npos) return;
      clock_.advance(began + 19500ms - clock_.mono());
      fail(ErrorCode::kDeadlineExceeded);
    };
    const auto outcome = tryRun();
    source_.error.reset();
    ASSERT_TRUE(outcome) << part << outcome.error().message;
    EXPECT_THAT(claims(*outcome), ElementsAre("RC705")) << part;
    ASSERT_FALSE(outcome->gaps.empty()) << part;
    EXPECT_EQ(outcome->gaps.back().what, "the newest change") << "not looked at either";
    check_ = databaseSpec().make(Params(databaseSpec().params));
  }
}

TEST_F(DatabaseCheckTest, WhatWasFoundStaysWhenAnAnswerMakesNoSense) {
  connected("90");
  source_.refuse(kLock, ErrorCode::kProtocol);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC705"));
  EXPECT_EQ(outcome.gaps.size(), 3U) << "the lock, and the schema and collations after it";
  source_.refuse(kLock, ErrorCode::kCancelled);
  EXPECT_EQ(tryRun().error().code, ErrorCode::kCancelled);
  connected("7");
  source_.refuse(kLock, ErrorCode::kProtocol);
  EXPECT_EQ(tryRun().error().code, ErrorCode::kProtocol) << "nothing was found";
}

// --- The server

TEST_F(DatabaseCheckTest, AReadOnlyServerIsFound) {
  variables({{"read_only", "ON"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC702"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("read_only=ON"));
}

TEST_F(DatabaseCheckTest, AnAuroraReaderIsToldApart) {
  variables({{"read_only", "ON"}, {"innodb_read_only", "ON"}, {"aurora_server_id", "db-2"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC703"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("the Aurora reader db-2"));
}

TEST_F(DatabaseCheckTest, ASwitchThatIsUnderWayIsNotClaimed) {
  variables({{"read_only", "ON"}});
  clock_.asleep = [&] { variables({{"read_only", "OFF"}}); };
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(DatabaseCheckTest, WithoutTimeForASecondLookNothingIsClaimedAndAGapIsLeft) {
  variables({{"read_only", "ON"}});
  const auto outcome = tryRun(Trigger::kOnce, 1s);
  ASSERT_TRUE(outcome);
  EXPECT_THAT(claims(*outcome), IsEmpty());
  EXPECT_EQ(outcome->gaps.size(), 1U);
}

TEST_F(DatabaseCheckTest, AServerThatSaysNothingOfWritesGivesANote) {
  variables({});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("does not say whether it takes writes")));
}

TEST_F(DatabaseCheckTest, ASlowDatabaseIsFound) {
  slow_.takes = 300ms;
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC704"));
  EXPECT_EQ(outcome.findings[0].evidence.at("round_trip_ms"), "300");
  clock_.asleep = [&] { slow_.takes = 10ms; };
  EXPECT_THAT(claims(run()), IsEmpty()) << "for a moment only";
}

TEST_F(DatabaseCheckTest, ConnectionsNearTheLimitAreFound) {
  connected("80");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC705"));
  EXPECT_EQ(outcome.findings[0].message, "80 of the database's 100 connections are taken");
  connected("79");
  EXPECT_THAT(claims(run()), IsEmpty());
  connected("99");
  clock_.asleep = [&] { connected("20"); };
  EXPECT_THAT(claims(run()), IsEmpty()) << "a peak that passed";
}

TEST_F(DatabaseCheckTest, ClocksThatDifferAreFound) {
  source_.reply(kBeat, {Row{"2027-01-15 08:00:05.500000"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC710"));
  EXPECT_EQ(outcome.findings[0].message, "the database's clock is 5.5 s ahead of Rollcall's");
  source_.reply(kBeat, {Row{"2027-01-15 07:59:50.000000"}});
  EXPECT_THAT(run().findings[0].message, HasSubstr("10.0 s behind"));
  source_.reply(kBeat, {Row{"2027-01-15 08:00:01.900000"}});
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(DatabaseCheckTest, AServerThatTellsNoTimeIsAnError) {
  source_.reply(kBeat, {Row{"noon"}});
  EXPECT_EQ(tryRun().error().code, ErrorCode::kProtocol);
}

// --- Migrations

TEST_F(DatabaseCheckTest, ALockThatIsHeldForLongInEveryTimeZoneIsFound) {
  source_.reply(kLock, {Row{"2027-01-14 06:00:00", std::to_string(26 * 3600)}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC706"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("for at least 12 h"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("2027-01-14 06:00:00 by the clock"));
  EXPECT_EQ(outcome.tally.restart.migrationLocked, true);
}

TEST_F(DatabaseCheckTest, ALockThatIsYoungInSomeTimeZoneIsANoteThatForbidsRestarts) {
  // Of this moment in New York, in Honolulu, in UTC, in Auckland, and without a date.
  for (const std::optional<std::string>& age :
       {std::optional<std::string>("18003"), std::optional<std::string>("36003"),
        std::optional<std::string>("3"), std::optional<std::string>("-46797"),
        std::optional<std::string>("50999"), std::optional<std::string>()}) {
    source_.reply(kLock, {Row{"2027-01-15 03:00:00", age}});
    for (const Trigger trigger : {Trigger::kOnce, Trigger::kInterval}) {
      const Outcome outcome = run(trigger);
      EXPECT_THAT(claims(outcome), IsEmpty());
      EXPECT_THAT(outcome.notes, ElementsAre(AllOf(HasSubstr("the migration lock is held"),
                                                   HasSubstr("2027-01-15 03:00:00"))));
      EXPECT_EQ(outcome.tally.restart.migrationLocked, true);
    }
  }
}

TEST_F(DatabaseCheckTest, TheNoteOnALockSaysSinceWhenAtTheLatest) {
  source_.reply(kLock, {Row{"2027-01-14 17:55:00", std::to_string(14 * 3600 + 300)}});
  EXPECT_THAT(run().notes, ElementsAre(HasSubstr("for at least 5 min")));
}

TEST_F(DatabaseCheckTest, TheDaemonCountsALockFromItsFirstSight) {
  source_.reply(kLock, {Row{"2027-01-15 03:00:00", "18003"}});
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty());
  clock_.advance(9min);
  EXPECT_THAT(claims(run(Trigger::kChange)), IsEmpty());
  clock_.advance(2min);
  const Outcome outcome = run(Trigger::kInterval);
  EXPECT_THAT(claims(outcome), ElementsAre("RC706"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("for at least 11 min"));
}

TEST_F(DatabaseCheckTest, ALockOfTheFutureIsFoundWhenTheDaemonSawItForLong) {
  source_.reply(kLock, {Row{"2027-01-15 10:00:00", "-7200"}});
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty());
  clock_.advance(11min);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC706"));
  source_.reply(kLock, {});
  run(Trigger::kInterval);
  source_.reply(kLock, {Row{"2027-01-15 10:00:00", "-7200"}});
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty()) << "it is another one";
}

TEST_F(DatabaseCheckTest, APodOlderThanTheSchemaIsFoundAfterASecondLook) {
  version("b", "6.64");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC707 b"));
  EXPECT_EQ(outcome.findings[0].message,
            "b runs Ghost 6.64, and the database was migrated by Ghost 6.65");
  EXPECT_EQ(pods_.asked.size(), 4U) << "b was asked again";
}

TEST_F(DatabaseCheckTest, APodNewerThanTheSchemaIsWell) {
  source_.reply(kSchema, {Row{"6.60"}});
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(DatabaseCheckTest, APodThatMayNotBeBlamedIsNot) {
  version("b", "5.1");
  topology_.pods[1].ready = false;
  version("c", "5.1");
  topology_.pods[2].terminating = true;
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(DatabaseCheckTest, APodThatDoesNotAnswerIsAGap) {
  pods_.failAll("b", ErrorCode::kUnavailable);
  pods_.fail("b", "/ghost/api/admin/site/", ErrorCode::kUnavailable);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1U);
  EXPECT_EQ(outcome.gaps[0].pod, "b");
}

TEST_F(DatabaseCheckTest, TheDaemonAsksPodsSeldomAndThoseThatFailedEachTime) {
  pods_.fail("b", "/ghost/api/admin/site/", ErrorCode::kUnavailable);
  run(Trigger::kInterval);
  EXPECT_EQ(pods_.asked.size(), 3U);
  run(Trigger::kInterval);
  EXPECT_EQ(pods_.asked.size(), 4U);
  version("b", "6.65");
  EXPECT_THAT(run(Trigger::kInterval).gaps, IsEmpty());
  EXPECT_EQ(pods_.asked.size(), 5U);
  run(Trigger::kInterval);
  EXPECT_EQ(pods_.asked.size(), 5U);
  run(Trigger::kInterval);
  EXPECT_EQ(pods_.asked.size(), 8U);
}

TEST_F(DatabaseCheckTest, AnUpdateSeenBetweenTwoRoundsBlamesNoPodThatHasIt) {
  run(Trigger::kInterval);
  source_.reply(kSchema, {Row{"6.66"}});
  for (const char* name : {"a", "b", "c"}) version(name, "6.66");
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty());
}

// --- Tables

TEST_F(DatabaseCheckTest, TablesThatDifferAreFoundAfterASecondLook) {
  tables({{"tags", "utf8mb4_general_ci", "4"}, {"users", "latin1_swedish_ci", "4"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC708", "RC709"));
  EXPECT_THAT(outcome.findings[0].message,
              HasSubstr("other collations than utf8mb4_0900_ai_ci: tags (utf8mb4_general_ci), "
                        "users (latin1_swedish_ci)"));
  EXPECT_THAT(outcome.findings[1].message, HasSubstr("1 of Ghost's 32 tables"));
  EXPECT_EQ(looksAtTables(), 2);
}

TEST_F(DatabaseCheckTest, ATableThatIsBeingConvertedIsNotClaimed) {
  tables({{"tags", "utf8mb4_general_ci", "4"}, {"users", "latin1_swedish_ci", "4"}});
  clock_.asleep = [&] { tables({{"tags", "utf8mb4_general_ci", "4"}}); };
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC708"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("1 of Ghost's 31 tables"));
  EXPECT_THAT(outcome.findings[0].message, Not(HasSubstr("users")));
  tables({{"tags", "utf8mb4_general_ci", "4"}});
  clock_.asleep = [&] { tables({}); };
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(DatabaseCheckTest, WithoutTimeForASecondLookAtTheTablesAGapIsLeft) {
  tables({{"tags", "utf8mb4_general_ci", "4"}});
  const auto outcome = tryRun(Trigger::kOnce, 1s);
  ASSERT_TRUE(outcome);
  EXPECT_THAT(claims(*outcome), IsEmpty());
  ASSERT_EQ(outcome->gaps.size(), 1U);
  EXPECT_EQ(outcome->gaps[0].what, "collations a second time");
}

TEST_F(DatabaseCheckTest, TheDaemonClaimsOfTablesWhatTwoRunsAgreeOn) {
  tables({{"tags", "utf8mb4_general_ci", "4"}});
  const Outcome first = run(Trigger::kInterval);
  EXPECT_THAT(claims(first), IsEmpty());
  EXPECT_THAT(first.notes, ElementsAre(HasSubstr("when two looks agree")));
  EXPECT_TRUE(first.again.has_value());
  EXPECT_THAT(claims(run(Trigger::kChange)), ElementsAre("RC708"));
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC708"));
  EXPECT_EQ(looksAtTables(), 3) << "in every run while there is something wrong";
  tables({{"users", "utf8mb4_general_ci", "4"}});
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty()) << "it is another one";
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC708"));
  tables({});
  const Outcome healed = run(Trigger::kInterval);
  EXPECT_THAT(claims(healed), IsEmpty()) << "at once";
  EXPECT_THAT(healed.notes, IsEmpty());
  EXPECT_FALSE(healed.again.has_value());
}

TEST_F(DatabaseCheckTest, TheDaemonLooksSeldomAtTablesThatAreWell) {
  run(Trigger::kInterval);
  run(Trigger::kInterval);
  EXPECT_EQ(looksAtTables(), 1);
  tables({{"tags", "utf8mb4_general_ci", "4"}});
  clock_.advance(11min);
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty());
  EXPECT_EQ(looksAtTables(), 2);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC708"));
}

// --- The reader

TEST_F(DatabaseCheckTest, AReplicaThatLagsIsFound) {
  withReader_ = true;
  newest(source_, "2027-01-15 07:59:00", 60);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC711"));
  EXPECT_EQ(outcome.findings[0].message,
            "the reader does not show the change of 2027-01-15T07:59:00.000Z, which the writer has "
            "had for 1 min");
  clock_.asleep = [&] { newest(reader_, "2027-01-15 07:59:00", 60); };
  EXPECT_THAT(claims(run()), IsEmpty()) << "it came meanwhile";
}

TEST_F(DatabaseCheckTest, AYoungChangeMayBeOnItsWayToTheReplica) {
  withReader_ = true;
  newest(source_, "2027-01-15 07:59:55", 5);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_TRUE(outcome.again.has_value());
}

TEST_F(DatabaseCheckTest, AReaderThatDoesNotAnswerIsAGap) {
  withReader_ = true;
  reader_.error = Error{ErrorCode::kUnavailable, "as the test asked"};
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1U);
  EXPECT_EQ(outcome.gaps[0].what, "the reader (database.reader)");
}

// --- Rights

TEST_F(DatabaseCheckTest, SaysWhichRightsItMissesAndDoesTheRest) {
  source_.refuse(kLock, ErrorCode::kPermissionDenied);
  source_.refuse(kSchema, ErrorCode::kPermissionDenied);
  source_.reply(kTables, {Row{"posts", "utf8mb4_general_ci", "9"}});
  variables({{"read_only", "ON"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC702"));
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes,
              ElementsAre(HasSubstr("ON ghost.migrations_lock"), HasSubstr("ON ghost.migrations"),
                          HasSubstr("between 1 tables")));
  EXPECT_FALSE(outcome.tally.restart.migrationLocked.has_value());
  EXPECT_THAT(pods_.asked, IsEmpty()) << "their versions are of no use";
}

TEST_F(DatabaseCheckTest, TheQuestionsOnlyRead) {
  withReader_ = true;
  run();
  for (const std::string& sql : source_.asked)
    EXPECT_TRUE(sql.starts_with("SELECT ") || sql.starts_with("SHOW ")) << sql;
}

}  // namespace
}  // namespace rollcall::checks::database
