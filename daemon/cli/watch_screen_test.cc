#include "daemon/cli/watch_screen.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(FrameOf, ClearsTheRestOfEachLineAndAllBelow) {
  EXPECT_EQ(frameOf("one\ntwo\n", 10), "\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J");
}

TEST(FrameOf, NeverScrollsAndSaysWhatIsLeftOut) {
  EXPECT_EQ(frameOf("1\n2\n3\n4\n5\n", 4),
            "\x1b[H1\x1b[K\r\n2\x1b[K\r\n3\x1b[K\r\n... 2 more lines; a higher window shows "
            "them\x1b[K\x1b[J");
  EXPECT_EQ(frameOf("1\n2\n3\n4\n", 4), "\x1b[H1\x1b[K\r\n2\x1b[K\r\n3\x1b[K\r\n4\x1b[K\x1b[J");
}

TEST(NewEvents, AreThoseOfTheLastRoundAndNoMoreThanAsked) {
  Timeline timeline;
  timeline.take(testing_support::samplePass());
  std::size_t before = timeline.told();
  timeline.take(testing_support::samplePass());
  EXPECT_THAT(newEvents(timeline, before, 8), IsEmpty());
  timeline.take(testing_support::sampleFail());
  EXPECT_THAT(newEvents(timeline, before, 8), SizeIs(6));
  EXPECT_THAT(newEvents(timeline, before, 1),
              ElementsAre("10:00:01Z  the verdict turned from PASS to FAIL"));
}

TEST(WatchScreen, GivesTheTerminalBackOnceOnly) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  {
    WatchScreen screen(ends[1], true);
    screen.restore();
    screen.restore();
  }
  ::close(ends[1]);
  char text[200];
  const ssize_t size = ::read(ends[0], text, sizeof text);
  ::close(ends[0]);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(size)),
            "\x1b[?1049h\x1b[?25l\x1b[?25h\x1b[?1049l");
}

}  // namespace
}  // namespace rollcall
