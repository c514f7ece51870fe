#include "checks/schedule/rules.h"

#include <gmock/gmock.h>

namespace rollcall::checks::schedule {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr WallTime kDue{std::chrono::seconds(1'800'000'000)};
constexpr std::int64_t kDueMs = 1'800'000'000'000;

TEST(DueSoon, CountsWhatIsDueWithinTenMinutesAndWhatMayFireThisMoment) {
  struct Case {
    Duration late;
    std::uint64_t counted;
  };
  for (const Case& one :
       {Case{-601s, 0}, Case{-600s, 1}, Case{-1s, 1}, Case{0s, 1}, Case{180s, 1}, Case{181s, 0}})
    EXPECT_EQ(dueSoon({Scheduled{.late = one.late}}, 180s), one.counted) << one.late.count();
}

TEST(IsStuck, GivesBigNewslettersMoreTime) {
  struct Case {
    std::uint64_t recipients;
    Duration age;
    bool stuck;
  };
  for (const Case& one :
       {Case{0, 30min, false}, Case{0, 31min, true}, Case{1, 30min + 26s, false},
        Case{1000, 30min + 27s, true}, Case{1001, 30min + 27s, false}, Case{100'000, 60min, false},
        Case{100'000, 74min, true}, Case{0, -5min, false}})
    EXPECT_EQ(isStuck(Email{.recipients = one.recipients, .age = one.age}, 30min), one.stuck)
        << one.recipients << " " << one.age.count();
}

Pair pairOf(const std::string& before, std::int64_t first = kDueMs + 90) {
  return {.type = "post",
          .id = "1",
          .slug = "a",
          .due = kDue,
          .first = first,
          .second = first + 80,
          .before = before};
}

TEST(FiredTwice, NeedsToKnowThatThePostWasScheduled) {
  struct Case {
    std::string before;
    KnownDue known;
    std::size_t found;
  };
  const KnownDue seen{{"1", kDue}};
  const KnownDue another{{"1", kDue + 1s}};
  for (const Case& one : {Case{"scheduled", {}, 1}, Case{"draft", {}, 0}, Case{"draft", seen, 1},
                          Case{"draft", another, 0}, Case{"", {}, 0}, Case{"", seen, 1},
                          // A person saved a published post twice.
                          Case{"published", {}, 0}, Case{"published", seen, 0}})
    EXPECT_EQ(firedTwice({pairOf(one.before)}, one.known).size(), one.found) << one.before;
}

TEST(FiredTwice, IsNotBeforeTheTimeOfThePost) {
  EXPECT_EQ(firedTwice({pairOf("scheduled", kDueMs - 70)}, {}).size(), 1U);
  EXPECT_THAT(firedTwice({pairOf("scheduled", kDueMs - 5000)}, {}), IsEmpty());
  EXPECT_EQ(firedTwice({pairOf("scheduled", kDueMs + 3'600'000)}, {}).size(), 1U)
      << "pods that boot publish what is overdue";
}

TEST(FiredTwice, SaysEachPostOnce) {
  Pair third = pairOf("published", kDueMs + 170);
  EXPECT_EQ(firedTwice({pairOf("scheduled"), pairOf("scheduled"), third}, {}).size(), 1U);
}

TEST(ReadRows, DropsWhatIsNoDateOrNumber) {
  const Row good{"post", "1", "a", "2027-01-15 08:00:00", "2027-01-15 07:00:00", "61"};
  Row noDate = good;
  noDate[3] = std::nullopt;
  Row noNumber = good;
  noNumber[5] = "soon";
  const auto posts = readScheduled({good, noDate, noNumber, Row{"post"}});
  ASSERT_EQ(posts.size(), 1U);
  EXPECT_EQ(posts[0].due, kDue);
  EXPECT_EQ(posts[0].late, 61s);
  EXPECT_THAT(readEmails({Row{"1"}}), IsEmpty());
  EXPECT_THAT(readPairs({Row{"post", "1", "a", "2027-01-15 08:00:00", "x", "2", "draft"}, Row{}}),
              IsEmpty());
}

TEST(ReadRows, WhatIsDueCenturiesFromNowIsNotLate) {
  const auto posts = readScheduled(
      {Row{"post", "1", "a", "2400-01-15 08:00:00", "2027-01-15 07:00:00", "-11770000000"},
       Row{"post", "2", "b", "1600-01-15 08:00:00", "2027-01-15 07:00:00", "13480000000"}});
  ASSERT_EQ(posts.size(), 2U);
  EXPECT_LT(posts[0].late, Duration::zero());
  EXPECT_GT(posts[1].late, Duration::zero());
}

TEST(ReadRows, AnEmailWithoutNumbersIsStillAnEmail) {
  const auto emails = readEmails(
      {Row{"e", "p", "pending", std::nullopt, std::nullopt}, Row{"f", "q", "pending", "-4", "9"}});
  ASSERT_EQ(emails.size(), 2U);
  EXPECT_EQ(emails[0].recipients, 0U);
  EXPECT_EQ(emails[1].recipients, 0U);
  EXPECT_EQ(emails[1].age, 9s);
}

TEST(WhoHoldsTheTimer, NamesPodsThatBootedSince) {
  Topology topology;
  topology.pods = {{.name = "a", .startedAt = kDue - 2h}, {.name = "b", .startedAt = kDue + 1min}};
  EXPECT_THAT(whoHoldsTheTimer(topology, kDue), HasSubstr("(b at 2027-01-15T08:01:00.000Z)"));
  EXPECT_THAT(whoHoldsTheTimer(topology, kDue + 1h), HasSubstr("no pod booted since"));
}

TEST(WhoHoldsTheTimer, DoesNotSayThatNobodyBootedWhenItIsNotKnown) {
  Topology topology;
  topology.pods = {{.name = "a", .startedAt = kDue - 2h}, {.name = "b"}};
  EXPECT_THAT(whoHoldsTheTimer(topology, kDue), HasSubstr("is not known"));
  EXPECT_THAT(whoHoldsTheTimer({}, kDue), HasSubstr("is not known"));
  topology.pods.pop_back();
  EXPECT_THAT(whoHoldsTheTimer(topology, std::nullopt), HasSubstr("is not known"));
}

}  // namespace
}  // namespace rollcall::checks::schedule
