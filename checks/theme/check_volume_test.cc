// What the check says of the volume: a theme that is not there, or not whole.
#include <gmock/gmock.h>

#include "checks/theme/check_fixture.h"

namespace rollcall::checks::theme {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(ThemeCheckTest, RC541TellsAnEmptyVolumeAndHowToFillIt) {
  activeTheme("source");
  noPodServesFiles();
  dir_.clear();
  dir_.makeFolder("themes");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC541 "));
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("empty volume"));
  EXPECT_THAT(outcome.findings[0].remedy, HasSubstr("init container"));
  EXPECT_THAT(outcome.findings[0].remedy, HasSubstr("kubectl exec"));
  activeTheme("mine");
  const Outcome own = run();
  ASSERT_THAT(claims(own), ElementsAre("RC541 "));
  EXPECT_THAT(own.findings[0].remedy, HasSubstr("upload the theme \"mine\" again"));
  EXPECT_THAT(own.findings[0].remedy, HasSubstr("init container"));
}

TEST_F(ThemeCheckTest, RC541TellsALinkToNowhereAndAThemeThatWasRemoved) {
  activeTheme("gone");
  noPodServesFiles();
  EXPECT_THAT(claims(run()), ElementsAre("RC541 "));
  dir_.linkToNowhere("themes/gone");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC541 "));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("link to nowhere"));
}

TEST_F(ThemeCheckTest, RC541IsNotClaimedWhenTheThemeIsBackAtTheSecondLook) {
  const FakeContentDir kept = dir_;
  noPodServesFiles();
  dir_.clear();
  dir_.makeFolder("themes");
  clock_.asleep = [&] { dir_ = kept; };
  EXPECT_THAT(claims(run()), IsEmpty());
  EXPECT_EQ(clock_.slept, Duration(5s));
}

TEST_F(ThemeCheckTest, ALinkOutOfTheFolderIsNotMissingWhileThePodsServeTheTheme) {
  activeTheme("source");
  dir_.linkToNowhere("themes/source");
  Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("the pods have it")));
  serves("b", 200);
  EXPECT_THAT(claims(run()), ElementsAre("RC544 ")) << "then pods are compared among themselves";
  // In private mode no pod says anything.
  activeTheme("source", "60000000", true);
  for (const char* pod : {"a", "b", "c"})
    for (const char* path : {"/", "/old/", "/assets/a.css"})
      pods_.answer(pod, path, 302, "", {{"location", "https://e.org/private/?r=%2F"}});
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, RC541TellsAMissingThemeWhenEveryPageFails) {
  activeTheme("source");
  dir_.linkToNowhere("themes/source");
  for (const char* pod : {"a", "b", "c"}) pods_.failAll(pod, ErrorCode::kUnavailable);
  for (const char* path : {"/", "/old/"}) pods_.answer("*", path, 404);
  for (const char* pod : {"a", "b", "c"}) pods_.answer(pod, "/", 500);
  EXPECT_THAT(claims(run()), ElementsAre("RC541 "));
}

TEST_F(ThemeCheckTest, RC542NamesTheFilesThatAreMissing) {
  dir_.remove("themes/mine/package.json");
  dir_.remove("themes/mine/post.hbs");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC542 "));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("package.json, post.hbs"));
}

TEST_F(ThemeCheckTest, AFolderThatIsNotThePodsOwnAccusesNobody) {
  for (const char* pod : {"a", "b", "c"}) serves(pod, 333);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("is that folder the pods' own?")));
}

TEST_F(ThemeCheckTest, AFolderThatCannotBeReadIsAGap) {
  dir_.error = Error{ErrorCode::kDeadlineExceeded, "hangs"};
  const Outcome outcome = run();
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "");
  EXPECT_THAT(claims(outcome), IsEmpty());
}

}  // namespace
}  // namespace rollcall::checks::theme
