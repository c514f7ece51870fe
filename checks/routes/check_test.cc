#include <fmt/format.h>

#include "checks/routes/check_fixture.h"

namespace rollcall::checks::routes::testing_fixture {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST_F(RoutesCheckTest, IsSilentWhenAllPodsRouteByTheFileOrItsAbsence) {
  EXPECT_THAT(found(run()), IsEmpty());
  EXPECT_EQ(rendered(), 0u);
  EXPECT_EQ(pods_.asked.size(), 9u) << "three cheap requests per pod";
  file(kBlog);
  for (const Pod& one : topology_.pods) byBlog(one.name);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
}

TEST_F(RoutesCheckTest, NamesThePodsThatRouteByAnotherFile) {
  file(kBlog);
  byBlog("pod-1");
  byBlog("pod-3");
  const Outcome outcome = run();
  ASSERT_THAT(found(outcome), ElementsAre(Pair("RC561", "pod-2")));
  const Finding& finding = outcome.findings[0];
  EXPECT_THAT(finding.message, HasSubstr("it does not know /blog/, /features/"));
  EXPECT_THAT(finding.message, HasSubstr("it still answers /"));
  EXPECT_THAT(finding.message, HasSubstr("a post at /hello/"));
  EXPECT_THAT(finding.remedy, HasSubstr("kubectl delete pod pod-2"));
}

TEST_F(RoutesCheckTest, APageThatTheThemeCannotDrawIsRoutedAllTheSame) {
  file("collections:\n  /:\n    permalink: /{slug}/\n    template: index\n");
  lists("pod-2", {"/", "/about/", "/features/"}, {"/hello/"});
  pods_.answer("pod-2", "/features/", 400);
  const Outcome outcome = run();
  ASSERT_THAT(found(outcome), ElementsAre(Pair("RC561", "pod-2")));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("it still answers /features/"));
}

TEST_F(RoutesCheckTest, AsksNoPageAgainWhileNothingChanges) {
  file(kBlog);
  byBlog("pod-1");
  byBlog("pod-3");
  run();
  pods_.asked.clear();
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
  EXPECT_EQ(rendered(), 0u);
  byBlog("pod-2");
  EXPECT_THAT(found(run()), IsEmpty());
}

TEST_F(RoutesCheckTest, SaysItOnceWhenNoPodRoutesByTheFile) {
  file(kBlog);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC562", "")));
}

TEST_F(RoutesCheckTest, SaysThatThePodsDifferWhenNobodyKnowsTheFile) {
  useDir_ = false;
  byBlog("pod-1");
  const Outcome settling = run();
  EXPECT_THAT(found(settling), IsEmpty());
  ASSERT_TRUE(settling.again);
  clock_.advance(*settling.again);
  const Outcome outcome = run();
  ASSERT_THAT(found(outcome), ElementsAre(Pair("RC563", "")));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("answers on pod-1 and not on pod-2, pod-3"));
}

TEST_F(RoutesCheckTest, SaysThatTheFileIsBroken) {
  file("routes: [");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC564", "")));
}

TEST_F(RoutesCheckTest, WaitsWhetherABrokenFileIsBeingWritten) {
  file("routes: [", 0s);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  ASSERT_TRUE(outcome.again);
  file("routes:\n", 0s);
  clock_.advance(*outcome.again);
  EXPECT_THAT(run().findings, IsEmpty());
}

TEST_F(RoutesCheckTest, IsAGapWhereTheFileIsBeyondUs) {
  file("routes:\n  /a/: &anchor b\n");
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 1u);
}

TEST_F(RoutesCheckTest, SeesByTheHashThatNoPodHasLoadedTheFile) {
  file(kBlog);
  for (const Pod& one : topology_.pods) byBlog(one.name);
  database_.reply("routes_hash", {{"3d180d52c663d173a6be791ef411ed01"}});
  const auto version = [&](const char* text) {
    pods_.answer(
        "*", "/ghost/api/admin/site/", 200,
        fmt::format(R"({{"site":{{"title":"T","url":"https://example.com/","version":"{}"}}}})",
                    text));
  };
  version("6.56");
  EXPECT_THAT(found(run()), IsEmpty()) << "from 6.55 on the hash is left over";
  version("5.130");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC565", "")));
}

TEST_F(RoutesCheckTest, BelievesARealAnswerMoreThanASitemap) {
  file(kBlog);
  for (const Pod& one : topology_.pods) byBlog(one.name);
  pods_.answer("pod-2", "/sitemap-pages.xml", 200, sitemap({"/blog/", "/gone/"}));
  EXPECT_THAT(found(run()), IsEmpty()) << "a page that was deleted, a route that answers";
}

TEST_F(RoutesCheckTest, DoesNotJudgeAFileThatWasChangedAMomentAgo) {
  file(kBlog, 1s);
  byBlog("pod-1");
  byBlog("pod-3");
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  ASSERT_TRUE(outcome.again);
  clock_.advance(*outcome.again);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
}

TEST_F(RoutesCheckTest, ReadsTheFileThroughAPodWithAnAdminKey) {
  useDir_ = false;
  adminKey_ = "0123456789abcdef01234567:" + std::string(64, 'a');
  pods_.answer("*", kDownload, 200, kBlog);
  byBlog("pod-1");
  byBlog("pod-3");
  clock_.advance(*run().again);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
  pods_.answer("*", kDownload, 401);
  EXPECT_THAT(run().gaps, Contains(testing::Field(&Gap::what, HasSubstr("Admin API"))));
}

TEST_F(RoutesCheckTest, CannotSayAnythingOfAPodThatDoesNotAnswerOrIsPrivate) {
  file(kBlog);
  byBlog("pod-1");
  for (const char* map : {"pages", "posts", "tags", "authors"}) {
    const std::string path = "/sitemap-" + std::string(map) + ".xml";
    pods_.fail("pod-2", path, ErrorCode::kUnavailable);
    pods_.answer("pod-3", path, 302, "", {{"location", "/private/?r=%2F"}});
  }
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 2u);
}

TEST_F(RoutesCheckTest, DoesNotBlamePodsThatLeaveOrAreFencedOut) {
  file(kBlog);
  byBlog("pod-1");
  topology_.pods[1].terminating = true;
  topology_.pods[2].ready = false;
  EXPECT_THAT(found(run()), IsEmpty());
}

TEST_F(RoutesCheckTest, DoesNotApplyToAPrivateSite) {
  database_.reply("is_private", {{"true"}});
  EXPECT_TRUE(run().notApplicable);
}

TEST_F(RoutesCheckTest, GoesWithoutTheDatabaseAsFarAsItCan) {
  content_ = nullptr;
  file(kBlog);
  byBlog("pod-1");
  byBlog("pod-3");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
  useDir_ = false;
  check_.reset();
  EXPECT_THAT(run().notes, Contains(HasSubstr("--content")));
}

TEST_F(RoutesCheckTest, SaysWhenTheContentFolderCannotBeRead) {
  dir_.error = Error{ErrorCode::kDeadlineExceeded, "the volume hangs"};
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 1u);
}

TEST_F(RoutesCheckTest, IsAnErrorWhileTheDatabaseIsDead) {
  database_.error = Error{ErrorCode::kUnavailable, "dead"};
  EXPECT_FALSE(tryRun());
}

}  // namespace
}  // namespace rollcall::checks::routes::testing_fixture
