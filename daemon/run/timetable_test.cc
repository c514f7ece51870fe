#include "daemon/run/timetable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

namespace rollcall {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr MonoTime kStart{seconds(1'000)};

// One row with an interval of 10 s that has run once. Times are seconds after its second tick.
class OneRow {
 public:
  OneRow() : table_({{"one", seconds(10)}}, kStart) {
    table_.due(kStart);
    table_.ended(0, kStart, {});
    zero_ = table_.next();
  }
  // "interval", "change" or "" when nothing starts.
  std::string due(double at) {
    const auto starts = table_.due(time(at));
    if (starts.empty()) return "";
    return starts.at(0).trigger == Trigger::kChange ? "change" : "interval";
  }
  void ended(double at, std::optional<Duration> again = {}) { table_.ended(0, time(at), again); }
  void change() { table_.change(0); }
  void hurry() { table_.hurry(0); }
  double next() const { return std::chrono::duration<double>(table_.next() - zero_).count(); }
  std::uint64_t missed() { return table_.takeMissed(0); }

 private:
  MonoTime time(double at) const {
    return zero_ + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(at));
  }
  Timetable table_;
  MonoTime zero_{};
};

// A step is done at a time; `want` is what due() says right after it.
enum class Do { kNothing, kChange, kHurry, kEnd, kEndAgainIn2s };
struct Step {
  double at;
  Do what;
  std::string want;
};
struct Story {
  std::string name;
  std::vector<Step> steps;
  std::uint64_t missed;
};

class TimetableStory : public testing::TestWithParam<Story> {};

TEST_P(TimetableStory, Unfolds) {
  OneRow row;
  for (const Step& step : GetParam().steps) {
    switch (step.what) {
      case Do::kNothing:
        break;
      case Do::kChange:
        row.change();
        break;
      case Do::kHurry:
        row.hurry();
        break;
      case Do::kEnd:
        row.ended(step.at);
        break;
      case Do::kEndAgainIn2s:
        row.ended(step.at, seconds(2));
        break;
    }
    EXPECT_EQ(row.due(step.at), step.want) << "at " << step.at;
  }
  EXPECT_EQ(row.missed(), GetParam().missed);
}

const Story kStories[] = {
    {"TicksInItsRhythm",
     {{0, Do::kNothing, "interval"},
      {1, Do::kEnd, ""},
      {9.9, Do::kNothing, ""},
      {10, Do::kNothing, "interval"},
      {12, Do::kEnd, ""},
      {20, Do::kNothing, "interval"}},
     0},
    {"NeverOverlapsItself", {{0, Do::kNothing, "interval"}, {10, Do::kNothing, ""}}, 0},
    {"TicksInsideALongRunAreDroppedAndCounted",
     {{0, Do::kNothing, "interval"},
      {35, Do::kEnd, ""},
      {39, Do::kNothing, ""},
      {40, Do::kNothing, "interval"}},
     3},
    {"TicksNobodyAskedForInTimeAreCounted",
     {{0, Do::kNothing, "interval"},
      {1, Do::kEnd, ""},
      {45, Do::kNothing, "interval"},
      {46, Do::kEnd, ""},
      {50, Do::kNothing, "interval"}},
     3},
    {"AChangeStartsAnIdleRowAtOnceAndLeavesTheRhythm",
     {{0, Do::kNothing, "interval"},
      {1, Do::kEnd, ""},
      {3, Do::kChange, "change"},
      {4, Do::kEnd, ""},
      {10, Do::kNothing, "interval"}},
     0},
    {"AChangeDuringARunRunsRightAfterIt",
     {{0, Do::kNothing, "interval"}, {1, Do::kChange, ""}, {2, Do::kEnd, "change"}},
     0},
    {"ManyChangesDuringARunAreOneRun",
     {{0, Do::kNothing, "interval"},
      {1, Do::kChange, ""},
      {2, Do::kChange, ""},
      {3, Do::kEnd, "change"},
      {4, Do::kEnd, ""}},
     0},
    {"ATickInsideAChangeRunIsKept",
     {{0, Do::kNothing, "interval"},
      {1, Do::kEnd, ""},
      {9, Do::kChange, "change"},
      {12, Do::kEnd, "interval"},
      {13, Do::kEnd, ""},
      {20, Do::kNothing, "interval"}},
     0},
    {"SteadyChangesDoNotStarveTheRhythm",
     {{0, Do::kNothing, "interval"},
      {1, Do::kEnd, ""},
      {9, Do::kChange, "change"},
      {11, Do::kChange, ""},
      {12, Do::kEnd, "interval"}},
     0},
    {"TheRhythmDoesNotStarveChanges",
     {{0, Do::kNothing, "interval"}, {9, Do::kChange, ""}, {10, Do::kEnd, "change"}},
     1},
    {"ARunMayAskForAnother",
     {{0, Do::kNothing, "interval"},
      {1, Do::kEndAgainIn2s, ""},
      {2.9, Do::kNothing, ""},
      {3, Do::kNothing, "change"},
      {4, Do::kEnd, ""},
      {9, Do::kNothing, ""}},
     0},
    {"ARunBeforeThenTakesItsPlace",
     {{0, Do::kNothing, "interval"},
      {1, Do::kEndAgainIn2s, ""},
      {2, Do::kChange, "change"},
      {2.5, Do::kEnd, ""},
      {3, Do::kNothing, ""}},
     0},
    {"HurryRunsAtOnceAndLeavesTheRhythm",
     {{0, Do::kNothing, "interval"},
      {1, Do::kEnd, ""},
      {3, Do::kHurry, "interval"},
      {4, Do::kEnd, ""},
      {10, Do::kNothing, "interval"}},
     0},
    {"ATickInsideAHurriedRunIsDroppedAndNotCounted",
     {{0, Do::kNothing, "interval"},
      {1, Do::kEnd, ""},
      {9, Do::kHurry, "interval"},
      {11, Do::kEnd, ""},
      {20, Do::kNothing, "interval"},
      {31, Do::kEnd, ""}},
     1},
    {"HurryDuringARunRunsRightAfterIt",
     {{0, Do::kNothing, "interval"}, {1, Do::kHurry, ""}, {2, Do::kEnd, "interval"}},
     0},
};

INSTANTIATE_TEST_SUITE_P(Timetable, TimetableStory, testing::ValuesIn(kStories),
                         [](const auto& row) { return row.param.name; });

TEST(TimetableTest, FirstRunsAreAtOnceAndSecondOnesSpreadOverAtMostTwoSeconds) {
  Timetable posts({{"posts", seconds(60)}}, kStart);
  Timetable pods({{"pods", seconds(60)}}, kStart);
  for (Timetable* table : {&posts, &pods}) {
    EXPECT_EQ(table->next(), kStart);
    EXPECT_EQ(table->due(kStart).size(), 1u);
    table->ended(0, kStart + seconds(1), {});
    EXPECT_GT(table->next(), kStart + seconds(58));
    EXPECT_LE(table->next(), kStart + seconds(60));
  }
  EXPECT_NE(posts.next(), pods.next());
}

TEST(TimetableTest, ARunningTableHasNothingNext) {
  Timetable table({{"one", seconds(10)}}, kStart);
  EXPECT_EQ(table.due(kStart + seconds(2)).size(), 1u);
  EXPECT_EQ(table.next(), MonoTime::max());
  table.change(0);
  EXPECT_EQ(table.next(), MonoTime::max());
}

TEST(TimetableTest, NextIsTheEarliestOfAllRows) {
  Timetable table({{"one", seconds(10)}, {"two", seconds(10)}}, kStart);
  EXPECT_EQ(table.due(kStart + seconds(2)).size(), 2u);
  table.ended(0, kStart + seconds(3), seconds(1));
  EXPECT_EQ(table.next(), kStart + seconds(4));
}

TEST(TimetableTest, AgainIsNeverABusyLoop) {
  Timetable table({{"one", seconds(10)}}, kStart);
  EXPECT_EQ(table.due(kStart + seconds(2)).size(), 1u);
  table.ended(0, kStart + seconds(2), Duration::zero());
  EXPECT_EQ(table.next(), kStart + seconds(2) + milliseconds(100));
}

// Runs that take no time, while there is a change every 10 ms.
std::size_t runsDuringChanges(Timetable& table, MonoTime from, Duration span) {
  std::size_t runs = 0;
  for (MonoTime now = from; now < from + span; now += milliseconds(10)) {
    table.change(0);
    const std::size_t begun = table.due(now).size();
    if (begun > 0) table.ended(0, now, {});
    runs += begun;
  }
  return runs;
}

TEST(TimetableTest, ChangesThatGoOnAreLookedAtTwiceASecond) {
  Timetable table({{"one", seconds(60)}}, kStart);
  EXPECT_EQ(table.due(kStart).size(), 1u);
  table.ended(0, kStart, {});
  EXPECT_EQ(runsDuringChanges(table, kStart, milliseconds(100)), 10u) << "the first ones at once";
  runsDuringChanges(table, kStart, seconds(5));
  EXPECT_EQ(runsDuringChanges(table, kStart + seconds(5), seconds(20)), 40u);
  EXPECT_LE(table.next(), kStart + milliseconds(25'500));
  EXPECT_EQ(runsDuringChanges(table, kStart + seconds(40), milliseconds(100)), 10u);
}

TEST(TimetableTest, ARowWithAnIntervalOfNothingStillRests) {
  Timetable table({{"one", Duration::zero()}}, kStart);
  const MonoTime first = table.next();
  EXPECT_EQ(table.due(first).size(), 1u);
  table.ended(0, first, {});
  EXPECT_GT(table.next(), first);
}

}  // namespace
}  // namespace rollcall
