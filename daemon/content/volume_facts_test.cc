#include "daemon/content/volume_facts.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;

MountLook mountWith(Duration wrote, VolumeSpace space) {
  MountLook look;
  FolderLook& folder = look.folders.emplace_back();
  folder.wrote = wrote;
  folder.space = space;
  return look;
}

TEST(VolumeFacts, AreTheWorstOfAllMounts) {
  const VolumeFacts facts = factsOf({mountWith(20ms, {1'000, 900, 100, 10, false}),
                                     mountWith(5ms, {10'000, 950, 0, 0, false}),
                                     mountWith(7ms, {500, 400, 100, 50, false})});
  EXPECT_DOUBLE_EQ(facts.writeSeconds.value(), 0.02);
  EXPECT_EQ(facts.sizeBytes, 10'000u);
  EXPECT_EQ(facts.freeBytes, 950u);
  EXPECT_EQ(facts.freeInodes, 10u);
  EXPECT_FALSE(facts.hungSince);
}

TEST(VolumeFacts, SayNothingOfWhatWasNotLearned) {
  const VolumeFacts facts = factsOf({mountWith({}, {}), MountLook{}});
  EXPECT_FALSE(facts.writeSeconds || facts.sizeBytes || facts.freeBytes || facts.freeInodes);
}

TEST(VolumeFacts, OfAHangSaySinceWhenAndNothingElse) {
  MountLook hung = mountWith(1ms, {1'000, 900, 100, 10, false});
  hung.hungSince = WallTime(2s);
  MountLook longer = hung;
  longer.hungSince = WallTime(1s);
  const VolumeFacts facts = factsOf({mountWith(20ms, {1'000, 900, 100, 10, false}), hung, longer});
  EXPECT_EQ(facts.hungSince, WallTime(1s));
  EXPECT_FALSE(facts.writeSeconds || facts.sizeBytes || facts.freeBytes || facts.freeInodes);
}

}  // namespace
}  // namespace rollcall
