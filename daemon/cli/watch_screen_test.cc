#include "daemon/cli/watch_screen.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Frame {
  const char* what;
  std::string text;
  std::size_t columns;
  std::size_t rows;
  std::string frame;  // below what clears the screen
};

TEST(FrameOf, NeverScrollsAndSaysWhatIsLeftOut) {
  const std::string more = " more lines; a higher window shows them";
  const std::string wide = std::string(50, 'x');
  const Frame rows[] = {
      {"it fits", "one\ntwo\n", 60, 10, "one\r\ntwo"},
      {"it fits exactly", "1\n2\n3\n4\n", 60, 4, "1\r\n2\r\n3\r\n4"},
      {"too high", "1\n2\n3\n4\n5\n", 60, 4, "1\r\n2\r\n3\r\n... 2" + more},
      {"a line as wide as the terminal", wide + "\n2\n3\n", 50, 3, wide + "\r\n2\r\n3"},
      {"a line of two rows", wide + "\n2\n3\n", 49, 4, wide + "\r\n2\r\n3"},
      {"a line of two rows, too high", wide + "\n2\n3\n", 49, 3, wide + "\r\n... 2" + more},
      {"a line that does not fit whole", "1\n" + wide + "\n3\n", 49, 3, "1\r\n... 2" + more},
      {"what is left out takes two rows", "1\n2\n3\n4\n5\n", 40, 4, "1\r\n2\r\n... 3" + more},
      {"colours take no room", "\x1b[31m" + wide + "\x1b[0m\n2\n3\n", 50, 3,
       "\x1b[31m" + wide + "\x1b[0m\r\n2\r\n3"},
      {"nothing fits", wide + wide + wide + "\n2\n", 49, 3, "... 2" + more},
      {"the size is unknown", std::string(70, 'x') + "\n", 0, 0, std::string(70, 'x')},
  };
  for (const Frame& row : rows)
    EXPECT_EQ(frameOf(row.text, {true, row.columns, row.rows}), "\x1b[H\x1b[J" + row.frame)
        << row.what;
}

TEST(NewEvents, AreThoseOfTheLastRoundAndHowManyMoreThereWere) {
  Timeline timeline;
  timeline.take(testing_support::samplePass());
  std::size_t before = timeline.told();
  timeline.take(testing_support::samplePass());
  EXPECT_THAT(newEvents(timeline, before, 8), IsEmpty());
  timeline.take(testing_support::sampleFail());
  EXPECT_THAT(newEvents(timeline, before, 6), SizeIs(6));
  EXPECT_THAT(newEvents(timeline, before, 1),
              ElementsAre("10:00:01Z  the verdict turned from PASS to FAIL", "and 5 more before"));
}

// A terminal's other end.
class WatchScreenTest : public testing::Test {
 protected:
  WatchScreenTest() { EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0); }
  ~WatchScreenTest() override { ::close(ends_[0]); }
  // All that was written; nothing can be written after it.
  std::string written() {
    ::close(ends_[1]);
    std::string text;
    char buffer[4096];
    while (true) {
      const ssize_t size = ::read(ends_[0], buffer, sizeof buffer);
      if (size <= 0) return text;
      text.append(buffer, static_cast<std::size_t>(size));
    }
  }
  int ends_[2] = {-1, -1};
};

const std::string kBorrowed = "\x1b[?1049h\x1b[?25l";
const std::string kGivenBack = "\x1b[?25h\x1b[?1049l";

TEST_F(WatchScreenTest, GivesTheTerminalBackOnceOnly) {
  {
    WatchScreen screen(ends_[1], true);
    EXPECT_EQ(screen.show("a\n", {}), 0);
    screen.restore();
    screen.restore();
  }
  EXPECT_EQ(written(), kBorrowed + "\x1b[H\x1b[Ja" + kGivenBack);
}

TEST_F(WatchScreenTest, BorrowsNothingThatItDoesNotDrawOn) {
  WatchScreen(ends_[1], true).restore();
  EXPECT_EQ(written(), "");
}

TEST_F(WatchScreenTest, DrawsNothingOnceItIsGivenBack) {
  WatchScreen screen(ends_[1], true);
  screen.show("a\n", {});
  screen.restore();
  EXPECT_EQ(screen.show("late\n", {}), 0);
  EXPECT_THAT(written(), EndsWith("\x1b[Ja" + kGivenBack));
}

TEST_F(WatchScreenTest, IsGivenBackAfterAFrameThatIsBeingDrawn) {
  ::fcntl(ends_[1], F_SETPIPE_SZ, 4096);
  WatchScreen screen(ends_[1], true);
  std::jthread draws([&] { screen.show(std::string(100'000, 'x') + "\n", {true, 200'000, 10}); });
  pollfd begun{ends_[0], POLLIN, 0};
  ASSERT_EQ(::poll(&begun, 1, -1), 1);  // and not ended: a pipe holds less
  std::jthread ends([&] { screen.restore(); });
  std::string text;
  char buffer[4096];
  while (!text.ends_with(kGivenBack)) {
    const ssize_t size = ::read(ends_[0], buffer, sizeof buffer);
    ASSERT_GT(size, 0);
    text.append(buffer, static_cast<std::size_t>(size));
  }
  draws.join();
  ends.join();
  EXPECT_THAT(text + written(), EndsWith("x" + kGivenBack));
}

}  // namespace
}  // namespace rollcall
