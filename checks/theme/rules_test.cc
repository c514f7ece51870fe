#include "checks/theme/rules.h"

#include <gmock/gmock.h>

namespace rollcall::checks::theme {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Rendering rendering(std::vector<std::string> pages) {
  Rendering rendering;
  for (std::size_t i = 0; i < pages.size(); ++i) rendering.pods[i] = traitsOf(pages[i], "");
  return rendering;
}

TEST(PageFaults, areNoneWhenAllPodsRenderAlikeWhateverTheVolumeSays) {
  Rendering same = rendering({"<p>a</p>", "<p>a</p>"});
  same.certain = {"new"};
  EXPECT_THAT(faultsOf(same), IsEmpty());
  EXPECT_THAT(faultsOf(rendering({"<p>a</p>"})), IsEmpty());
  EXPECT_THAT(faultsOf(rendering({})), IsEmpty());
}

TEST(PageFaults, nameThePodsThatLackWhatTheTemplatesOnTheVolumeAlwaysPrint) {
  Rendering one = rendering({"<p>new</p>", "<p>old</p>", "<p>old</p>"});
  one.certain = {"new"};
  const auto faults = faultsOf(one);
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_EQ(faults[0].fault, Fault::kOldTemplates);
  EXPECT_THAT(faults[0].pods, ElementsAre(1, 2));
  EXPECT_EQ(faults[0].trait, "new");
}

TEST(PageFaults, nameNobodyWhenNoPodShowsWhatIsOnTheVolume) {
  Rendering none = rendering({"<p>a</p>", "<p>b</p>"});
  none.certain = {"new"};
  const auto faults = faultsOf(none);
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_EQ(faults[0].fault, Fault::kDiffers);
  EXPECT_THAT(faults[0].groups, ElementsAre(ElementsAre(0), ElementsAre(1)));
}

TEST(PageFaults, nameThePodsThatLackTheValueInTheDatabase) {
  Rendering one = rendering({"<p>Old words</p>", "<p>New words</p>", "<p>Old words</p>"});
  one.values = {"nowhere shown", "New words"};
  const auto faults = faultsOf(one);
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_EQ(faults[0].fault, Fault::kOldSettings);
  EXPECT_THAT(faults[0].pods, ElementsAre(0, 2));
}

TEST(PageFaults, tellOldTemplatesAndOldSettingsApart) {
  Rendering both = rendering({"<i>new</i><p>Words</p>", "<i>new</i>", "<b>old</b>"});
  both.certain = {"new"};
  both.values = {"Words"};
  const auto faults = faultsOf(both);
  ASSERT_THAT(faults, SizeIs(2));
  EXPECT_EQ(faults[0].fault, Fault::kOldTemplates);
  EXPECT_THAT(faults[0].pods, ElementsAre(2));
  EXPECT_EQ(faults[1].fault, Fault::kOldSettings);
  EXPECT_THAT(faults[1].pods, ElementsAre(1));
}

TEST(PageFaults, tellWhetherThePagesLinkElsewhere) {
  EXPECT_FALSE(faultsOf(rendering({"<p>a</p>", "<p>b</p>"}))[0].otherLinks);
  EXPECT_TRUE(
      faultsOf(rendering({"<p>a</p><a href='/x/'>", "<p>b</p><a href='/y/'>"}))[0].otherLinks);
}

TEST(Groups, keepTheOrderOfThePods) {
  const Groups groups = groupsOf({{0, "x"}, {1, "y"}, {2, "x"}});
  EXPECT_THAT(groups, ElementsAre(ElementsAre(0, 2), ElementsAre(1)));
  EXPECT_EQ(namesOf(groups[0], {"a", "b", "c"}), "a, c");
}

}  // namespace
}  // namespace rollcall::checks::theme
