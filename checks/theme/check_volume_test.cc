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

TEST_F(ThemeCheckTest, WhatCannotBeLookedAtIsAGapAndNotMissing) {
  const FakeContentDir whole = dir_;
  for (const char* path : {"themes/mine", "themes/mine/post.hbs"}) {
    dir_ = whole;
    dir_.makeUnknown(path);
    noPodServesFiles();
    const Outcome outcome = run();
    EXPECT_THAT(claims(outcome), IsEmpty()) << path;
    ASSERT_THAT(outcome.gaps, SizeIs(1)) << path;
    EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr(path));
  }
}

TEST_F(ThemeCheckTest, ALinkToNowhereInPlaceOfATemplateIsMissing) {
  dir_.linkToNowhere("themes/mine/post.hbs");
  EXPECT_THAT(claims(run()), ElementsAre("RC542 "));
}

TEST_F(ThemeCheckTest, AFolderThatCannotBeListedOnlyDropsTheFilesInIt) {
  dir_.write("themes/mine/assets/built/b.css", std::string(50, 'x'));
  for (const char* pod : {"a", "b", "c"})
    pods_.answer(pod, "/assets/built/b.css", 200, "", {{"etag", "W/\"32-1\""}});
  const FakeContentDir whole = dir_;
  for (const char* refused : {"themes/mine/assets/built", "themes/other/assets/built"})
    for (const ErrorCode code : {ErrorCode::kProtocol, ErrorCode::kPermissionDenied}) {
      check_ = themeSpec().make(Params(themeSpec().params));
      dir_ = whole;
      dir_.refuse(refused, code);
      serves("b", 200);
      const Outcome outcome = run();
      EXPECT_THAT(claims(outcome), ElementsAre("RC543 b")) << refused;
      EXPECT_THAT(outcome.gaps, IsEmpty()) << refused;
    }
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

TEST_F(ThemeCheckTest, WhereNoFileCanBeChosenItSaysSo) {
  dir_.refuse("themes/other/assets", ErrorCode::kPermissionDenied);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("themes/other/assets")));
}

TEST_F(ThemeCheckTest, AVolumeThatHangsInTheMidstIsStillAGap) {
  dir_.refuse("themes/other/assets", ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(run().gaps, SizeIs(1));
}

TEST_F(ThemeCheckTest, TheVolumeIsConfirmedWithoutRenderingAPage) {
  run(Trigger::kInterval);
  dir_.remove("themes/mine/post.hbs");
  for (int i = 0; i < 2; ++i) {
    run(Trigger::kInterval);
    clock_.advance(5s);
  }
  pods_.asked.clear();
  for (int i = 0; i < 4; ++i)
    EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC542 ")) << i;
  EXPECT_EQ(rendered(), 3u * 2u) << "no more than of a healthy site";
}

TEST_F(ThemeCheckTest, AMissingThemeIsConfirmedWithoutRenderingAPage) {
  noPodServesFiles();
  dir_.clear();
  dir_.makeFolder("themes");
  dir_.linkToNowhere("themes/mine");
  for (const char* path : {"/", "/old/"})
    pods_.answer("*", path, 500,
                 "<h2>The currently active theme &quot;mine&quot; is missing.</h2>");
  EXPECT_THAT(claims(run()), ElementsAre("RC541 "));
  EXPECT_EQ(rendered(), 3u * 2u);
}

}  // namespace
}  // namespace rollcall::checks::theme
