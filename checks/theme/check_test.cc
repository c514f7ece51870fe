// What the check says of the pods; check_volume_test.cc has what it says of the volume.
#include <gmock/gmock.h>

#include "checks/theme/check_fixture.h"

namespace rollcall::checks::theme {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(ThemeCheckTest, SaysNothingOfAHealthySite) {
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_EQ(clock_.slept, Duration::zero());
}

TEST_F(ThemeCheckTest, RC543NamesThePodAndTheThemeItServes) {
  serves("b", 200);
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC543 b"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("but other"));
  EXPECT_THAT(outcome.findings[0].remedy, HasSubstr("kubectl delete pod b"));
  EXPECT_EQ(clock_.slept, Duration::zero()) << "the change has a date";
}

TEST_F(ThemeCheckTest, RC543TellsAPodThatHasNoSuchFile) {
  pods_.answer("c", "/assets/a.css", 404);
  EXPECT_THAT(claims(run()), ElementsAre("RC543 c"));
  pods_.answer("c", "/assets/a.css", 301, "", {{"location", "/assets/a.css/"}});
  EXPECT_THAT(claims(run()), ElementsAre("RC543 c"));
}

TEST_F(ThemeCheckTest, RC543WaitsForAChangeToSettle) {
  serves("b", 200);
  activeTheme("mine", "1000000");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("not judged yet")));
  EXPECT_EQ(outcome.again, Duration(4s));
}

TEST_F(ThemeCheckTest, RC543IsNotClaimedWhenTheDatabaseChangedMeanwhile) {
  pods_.answer("b", "/assets/a.css", [this](const PodRequest&) -> Result<HttpResponse> {
    activeTheme("other", "0");
    HttpResponse response;
    response.status = 200;
    response.headers = {{"etag", "W/\"c8-1\""}};
    return response;
  });
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, DoesNotMindOtherTimesOfTheSameFile) {
  pods_.answer("b", "/assets/a.css", 200, "", {{"etag", "W/\"64-1\""}});
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, RC544GroupsThePodsWhenNothingProvesWhoIsRight) {
  folder_ = nullptr;
  serves("b", 200);
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC544 "));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("(a, c) (b)"));
  EXPECT_EQ(outcome.findings[0].evidence.at("b"), "200 bytes");
}

TEST_F(ThemeCheckTest, WithoutTheFolderAPodThatStartedSinceIsRight) {
  folder_ = nullptr;
  serves("b", 200);
  topology_.pods[1].startedAt = WallTime(std::chrono::hours(24 * 365 * 57));
  EXPECT_THAT(claims(run()), ElementsAre("RC543 a", "RC543 c"));
}

TEST_F(ThemeCheckTest, PodsOfAnotherGhostMayHaveAnotherEditionOfItsThemes) {
  folder_ = nullptr;
  serves("b", 200);
  runsGhost("b", "6.66");
  topology_.pods[1].startedAt = WallTime(std::chrono::hours(24 * 365 * 57));
  EXPECT_THAT(claims(run()), IsEmpty());
  serves("c", 300);
  EXPECT_THAT(claims(run()), ElementsAre("RC544 ")) << "a and c are of one version";
  pods_.answer("c", "/ghost/api/admin/site/", 503);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "c");
}

TEST_F(ThemeCheckTest, WithoutTheFolderADifferenceIsJudgedByFirstSight) {
  folder_ = nullptr;
  run(Trigger::kInterval);
  serves("b", 200);
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty());
  clock_.advance(5s);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC544 "));
}

TEST_F(ThemeCheckTest, ASizeThatNoThemeHasIsAnOverwrittenFileThatAPodStillRemembers) {
  serves("b", 333);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("b serves /assets/a.css with 333 bytes")));
  EXPECT_THAT(outcome.gaps, IsEmpty());
}

TEST_F(ThemeCheckTest, AFileThatIsNotThereIsJudgedByFirstSight) {
  pods_.answer("b", "/assets/a.css", 404);
  clock_.asleep = [&] { serves("b", 100); };
  EXPECT_THAT(claims(run()), IsEmpty());
  EXPECT_EQ(clock_.slept, Duration(5s));
}

TEST_F(ThemeCheckTest, RC545NamesPodsThatLackWhatTheTemplatesPrint) {
  dir_.write("themes/mine/post.hbs", "{{!< default}}{{#post}}<p>Post</p><i>new</i>{{/post}}");
  renders("a", "/old/", "<p>Post</p><i>new</i>");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC545 b", "RC545 c"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("/old/"));
  EXPECT_EQ(clock_.slept, Duration(5s));
}

TEST_F(ThemeCheckTest, RC546TellsPagesThatDiffer) {
  renders("a", "/", "<p>Home</p><i>new</i>");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC546 "));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("(a) (b, c)"));
}

TEST_F(ThemeCheckTest, RC546IsNotClaimedWhenItPassesByItself) {
  renders("a", "/", "<p>Home</p><i>new</i>");
  clock_.asleep = [&] { renders("a", "/", "<p>Home</p>"); };
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, APageThatIsAnotherOneEachTimeIsNoDifference) {
  int times = 0;
  pods_.answer("a", "/", [&](const PodRequest&) -> Result<HttpResponse> {
    HttpResponse response;
    response.status = 200;
    response.body = page(fmt::format("<p>{}</p>", std::string(++times, 'x')));
    return response;
  });
  EXPECT_THAT(claims(run()), IsEmpty());
  EXPECT_GE(times, 2);
}

TEST_F(ThemeCheckTest, SettingsTiersAndListsExplainADifference) {
  renders("a", "/old/", "<p>Post</p><i>new</i>");
  pods_.answer("a", kSettingsPath, 200, "{\"settings\":{\"title\":\"x\"}}");
  Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("settings or tiers differ as well")));
  pods_.answer("a", kSettingsPath, 200, "{\"settings\":{}}");
  pods_.answer("b", kTiersPath, 200, "{\"tiers\":[1]}");
  EXPECT_THAT(claims(run()), IsEmpty());
  renders("a", "/old/", "<p>Post</p>");
  renders("a", "/", "<p>Home</p><p>Another post</p><a href='/another/'>");
  outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("list other addresses")));
}

TEST_F(ThemeCheckTest, WithoutAContentKeyADifferenceIsANote) {
  source_.key.reset();
  renders("a", "/old/", "<p>Post</p><i>new</i>");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("is not known")));
  EXPECT_THAT(outcome.gaps, IsEmpty());
}

TEST_F(ThemeCheckTest, ATemplateOfTheRoutesIsNoDifference) {
  dir_.write("settings/routes.yaml", "collections:\n  /:\n    template: mine\n");
  renders("a", "/", "<p>Mine</p>");
  EXPECT_THAT(claims(run()), IsEmpty());
  dir_.write("settings/routes.yaml",
             "collections:\n  /:\n    permalink: /{slug}/\n    template: index\n");
  EXPECT_THAT(claims(run()), Not(IsEmpty()));
}

TEST_F(ThemeCheckTest, PodsOfAnotherVersionAreNotCompared) {
  pods_.answer("a", "/", 200, "<meta name=generator content='Ghost 6.66'><p>Other</p>");
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, RC547NamesPodsThatDoNotShowTheValueInTheDatabase) {
  custom({{"heading", "text", "Welcome back"}});
  renders("a", "/old/", "<p>Post</p><h1>Welcome back</h1>");
  EXPECT_THAT(claims(run()), ElementsAre("RC547 b", "RC547 c"));
}

TEST_F(ThemeCheckTest, RC547NamesTheSettingsThatAStaffTokenReads) {
  adminKey_ = "6b0785f72955b418707a8296:6f3085263d43dc3b5bcf0992f7c80779";
  custom({{"layout", "select", "Stacked"}, {"show", "boolean", "true"}});
  const auto say = [&](const std::string& pod, const std::string& layout) {
    pods_.answer(pod, kCustomPath, 200,
                 "{\"custom_theme_settings\":[{\"key\":\"layout\",\"value\":\"" + layout +
                     "\"},{\"key\":\"show\",\"value\":true},{\"key\":\"new\",\"value\":null}]}");
  };
  say("a", "Stacked"), say("b", "Left"), say("c", "Stacked");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC547 b"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("layout"));
}

TEST_F(ThemeCheckTest, ReadsSettingsAsGhostKeepsThemAndAsItServesThem) {
  adminKey_ = "6b0785f72955b418707a8296:6f3085263d43dc3b5bcf0992f7c80779";
  const std::string kept = "__GHOST_URL__/content/images/2026/01/x.png";
  struct Case {
    std::string type, kept, served;
    bool same;
  };
  const Case cases[] = {
      {"image", kept, "\"https://e.org/content/images/2026/01/x.png\"", true},
      {"image", kept, "\"https://cdn.example/c/e/content/images/2026/01/x.png\"", true},
      {"image", kept, "\"https://e.org/content/images/2026/01/y.png\"", false},
      {"image", kept, "null", false},
      {"image", kept, "\"https://cdn.example/x.png\"", true},  // of a storage of its own
      {"image", "", "null", true},
      {"boolean", "0", "false", true},
      {"boolean", "1", "true", true},
      {"boolean", "0", "true", false},
      {"boolean", "false", "false", true},
      {"boolean", "true", "false", false},
      {"text", "1", "\"true\"", false},
  };
  for (const Case& one : cases) {
    custom({{"what", one.type, one.kept}});
    pods_.answer("*", kCustomPath, 200,
                 "{\"custom_theme_settings\":[{\"key\":\"what\",\"value\":" + one.served + "}]}");
    EXPECT_EQ(claims(run()).empty(), one.same) << one.type << " " << one.kept << " " << one.served;
  }
}

TEST_F(ThemeCheckTest, AnIntegrationsKeyIsANote) {
  adminKey_ = "6b0785f72955b418707a8296:6f3085263d43dc3b5bcf0992f7c80779";
  for (const int status : {501, 403}) {
    pods_.answer("*", kCustomPath, status);
    const Outcome outcome = run();
    EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("staff access token")));
    EXPECT_THAT(outcome.gaps, IsEmpty());
  }
}

TEST_F(ThemeCheckTest, WithoutTheRightToCustomSettingsItSaysSo) {
  source_.refuse(kCustomSql, ErrorCode::kPermissionDenied);
  const Outcome outcome = run();
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("GRANT SELECT")));
  EXPECT_THAT(outcome.gaps, IsEmpty());
}

TEST_F(ThemeCheckTest, WithoutADatabaseThePodsAreStillCompared) {
  content_ = nullptr;
  serves("b", 200);
  EXPECT_THAT(claims(run()), ElementsAre("RC544 "));
}

TEST_F(ThemeCheckTest, ADatabaseThatFailsIsAnError) {
  source_.error = Error{ErrorCode::kUnavailable, "gone"};
  EXPECT_FALSE(tryRun());
}

TEST_F(ThemeCheckTest, APodThatCannotBeAskedIsAGapAndNotBlamed) {
  serves("b", 200);
  pods_.answer("b", "/assets/a.css", 503), pods_.answer("b", "/", 503);
  pods_.answer("b", "/old/", 503);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "b");
}

TEST_F(ThemeCheckTest, APageThatFailsOnceIsAskedAgain) {
  int asked = 0;
  pods_.answer("b", "/old/", [&asked](const PodRequest&) -> Result<HttpResponse> {
    HttpResponse response;
    response.status = ++asked == 1 ? 500 : 200;
    response.body = page("<p>Post</p>");
    return response;
  });
  const Outcome outcome = run();
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_EQ(asked, 2);
}

TEST_F(ThemeCheckTest, WithoutTimeForASecondLookADifferenceIsAGap) {
  renders("b", "/", "<p>Other</p>");
  deadline_ = Deadline(MonoTime(4s));
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("no time to look again"));
  EXPECT_EQ(clock_.slept, Duration::zero());
}

TEST_F(ThemeCheckTest, APodWhoseThemeIsMissingOrBrokenIsTheBusinessOfPods) {
  for (const int status : {500, 400}) {
    pods_.answer("b", "/assets/a.css", 404);
    pods_.answer("b", "/", status), pods_.answer("b", "/old/", status);
    EXPECT_THAT(claims(run()), IsEmpty()) << status;
  }
}

TEST_F(ThemeCheckTest, NeitherAsksNorBlamesPodsThatAreLeavingOrNotReady) {
  serves("b", 200), serves("c", 200);
  topology_.pods[1].terminating = true;
  topology_.pods[2].ready = false;
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, APrivateSiteIsNotCompared) {
  activeTheme("mine", "60000000", true);
  for (const char* path : {"/", "/old/", "/assets/a.css"})
    pods_.answer("b", path, 302, "", {{"location", "https://e.org/private/?r=%2F"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("private")));
}

TEST_F(ThemeCheckTest, TheDaemonRendersOnePageInEverySecondRunAndClaimsAfterTheWindow) {
  run(Trigger::kInterval), run(Trigger::kInterval);
  pods_.asked.clear();
  for (int i = 0; i < 4; ++i) run(Trigger::kInterval);
  EXPECT_EQ(rendered(), 3u * 2u) << "three pods, two pages in turn";
  renders("a", "/", "<p>Home</p><i>new</i>");
  Outcome seen;
  for (int i = 0; i < 4 && !seen.again; ++i) seen = run(Trigger::kInterval);
  EXPECT_THAT(claims(seen), IsEmpty());
  EXPECT_EQ(seen.again, Duration(5s));
  clock_.advance(5s);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC546 "));
  renders("a", "/", "<p>Home</p>");
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty());
  EXPECT_EQ(clock_.slept, Duration::zero());
}

TEST_F(ThemeCheckTest, TheDaemonLooksAtAllPagesWhenTheDatabaseChanged) {
  run(Trigger::kInterval), run(Trigger::kInterval), run(Trigger::kInterval);
  custom({{"layout", "select", "Stacked"}});
  EXPECT_TRUE(run(Trigger::kInterval).again);
  pods_.asked.clear();
  run(Trigger::kInterval);
  EXPECT_EQ(rendered(), 3u * 2u);
}

}  // namespace
}  // namespace rollcall::checks::theme
