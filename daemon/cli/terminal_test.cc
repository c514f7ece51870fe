#include "daemon/cli/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "daemon/cli/progress.h"

namespace rollcall {
namespace {

const Environment kXterm = {{"TERM", "xterm"}};

TEST(TableStyle, ColourNeedsATerminalThatCanAndNobodyWhoMinds) {
  const Terminal tty{true, 120};
  EXPECT_TRUE(tableStyle(tty, kXterm, false).color);
  EXPECT_FALSE(tableStyle({false, 0}, kXterm, false).color);
  EXPECT_FALSE(tableStyle(tty, {{"TERM", "dumb"}}, false).color);
  EXPECT_FALSE(tableStyle(tty, {}, false).color);
  EXPECT_FALSE(tableStyle(tty, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}, false).color);
  EXPECT_TRUE(tableStyle(tty, {{"TERM", "xterm"}, {"NO_COLOR", ""}}, false).color);
}

TEST(TableStyle, ColumnsBeatTheTerminalAndNonsenseIsIgnored) {
  const Terminal tty{true, 120};
  EXPECT_EQ(tableStyle(tty, {}, false).width, 120u);
  EXPECT_EQ(tableStyle(tty, {{"COLUMNS", "60"}}, false).width, 60u);
  EXPECT_EQ(tableStyle(tty, {{"COLUMNS", "-5"}}, false).width, 120u);
  EXPECT_EQ(tableStyle(tty, {{"COLUMNS", "1"}}, false).width, 40u);
  EXPECT_EQ(tableStyle({false, 0}, {}, false).width, 100u);
}

TEST(Wrapped, BreaksBetweenWordsAndKeepsLongOnesWhole) {
  EXPECT_EQ(wrapped("one two three", 0, 7), "one two\nthree\n");
  EXPECT_EQ(wrapped("one two", 2, 6), "  one\n  two\n");
  EXPECT_EQ(wrapped("https://example.org/long x", 0, 5), "https://example.org/long\nx\n");
}

class ProgressTest : public testing::Test {
 protected:
  ProgressTest() { EXPECT_EQ(::pipe(pipe_), 0); }
  ~ProgressTest() override {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  // What is drawn next; waits for it.
  std::string drawn() {
    char buffer[256];
    const ssize_t got = ::read(pipe_[0], buffer, sizeof buffer);
    return std::string(buffer, static_cast<std::size_t>(got > 0 ? got : 0));
  }
  ManualClock clock_;
  int pipe_[2] = {-1, -1};
};

TEST_F(ProgressTest, ShowsTheLastWordAfterASecondAndLeavesNoTrace) {
  Progress progress(clock_, pipe_[1], true, 12);
  progress.say("pods: asking 3 pods");
  clock_.advance(std::chrono::milliseconds(1000));
  EXPECT_EQ(drawn(), "\r\033[K1 s  pods: ");
  progress.clear();
  EXPECT_EQ(drawn(), "\r\033[K");
}

TEST_F(ProgressTest, SaysNothingWhenItIsOverInTimeOrNobodyLooks) {
  {
    Progress quick(clock_, pipe_[1], true, 80);
    quick.say("fast");
    clock_.advance(std::chrono::milliseconds(900));
  }
  {
    Progress hidden(clock_, pipe_[1], false, 80);
    hidden.say("unseen");
    clock_.advance(std::chrono::seconds(10));
  }
  EXPECT_EQ(writeAll(pipe_[1], "end"), 0);
  EXPECT_EQ(drawn(), "end");
}

}  // namespace
}  // namespace rollcall
