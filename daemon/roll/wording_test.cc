#include "daemon/roll/wording.h"

#include <gmock/gmock.h>

namespace rollcall::roll {
namespace {
using testing::HasSubstr;
using namespace std::chrono_literals;

const WallTime kChanged{std::chrono::seconds(1'767'261'600)};  // 2026-01-01T10:00:00Z

std::string causeOfMissing(std::optional<WallTime> startedAt) {
  Entry entry;
  entry.updatedAt = kChanged;
  Claim claim;
  claim.pod = "pod-2";
  claim.answer.state = State::kMissing;
  Scene scene{.entry = entry, .path = "/a/"};
  scene.version = ghost::parseVersion("5.130");
  scene.startedAt = startedAt;
  return causeOf(claim, scene);
}

TEST(CauseOf, namesWhenThePodWasStarted) {
  EXPECT_EQ(causeOfMissing(kChanged - 120s),
            "Ghost 5.130 keeps its routes in memory; this pod was started at "
            "2026-01-01T09:58:00.000Z, and the change of 2026-01-01T10:00:00.000Z went through "
            "another one");
}

TEST(CauseOf, saysThatAPodWhichStartedLaterShouldHaveSeenTheChange) {
  EXPECT_THAT(causeOfMissing(kChanged + 60s),
              HasSubstr("yet this pod was started at 2026-01-01T10:01:00.000Z, after the change"));
}

TEST(CauseOf, doesWithoutTheStartWhenNobodyTellsIt) {
  EXPECT_THAT(causeOfMissing(std::nullopt), HasSubstr("has not been restarted since"));
}

}  // namespace
}  // namespace rollcall::roll
