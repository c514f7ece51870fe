#include <fmt/format.h>
#include <gmock/gmock.h>

#include <deque>

#include "daemon/core/registry.h"
#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"

namespace rollcall::checks {
const CheckSpec& sitemapSpec();

namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::FakeContentDir;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr WallTime kLongAgo = kNow - 24h;
constexpr const char* kRoutes = "settings/routes.yaml";
constexpr const char* kTop = ".";  // whether it is Ghost's content folder

// Three pods of Ghost 6.65 whose content folder has no routes.yaml; tests say what they list.
class SitemapCheckTest : public testing::Test {
 protected:
  SitemapCheckTest() : check_(sitemapSpec().make(Params(sitemapSpec().params))) {
    for (const char* name : {"a", "b", "c"}) topology_.pods.push_back({.name = name});
    site_.url = site_.admin = *parseUrl("https://e.org");
    source_.now = kNow;
    files_.makeFolder("settings");
    for (const char* pod : {"a", "b", "c"}) version(pod, "6.65");
  }
  void TearDown() override {
    EXPECT_THAT(files_.asked, Each(AnyOf(kRoutes, kTop))) << "nothing else is read";
  }

  void version(const std::string& pod, const std::string& text) {
    pods_.answer(
        pod, "/ghost/api/admin/site/", 200,
        fmt::format(R"({{"site":{{"title":"t","url":"https://e.org/","version":"{}"}}}})", text));
  }
  Entry& add(ResourceType type, std::string_view slug, WallTime updated = kLongAgo) {
    return source_.add(type, slug, slug, updated);
  }
  static std::string urlset(const std::vector<std::string>& paths) {
    std::string xml = "<?xml version=\"1.0\"?><urlset>";
    for (const std::string& path : paths)
      xml += fmt::format("<url><loc>https://e.org{}</loc><lastmod>{}</lastmod></url>", path,
                         formatTime(kLongAgo));
    return xml + "</urlset>";
  }
  // The pod's index and its sitemaps, by type: {"posts", {"/a/"}}.
  void lists(const std::string& pod,
             const std::map<std::string, std::vector<std::string>>& sitemaps) {
    std::string index = "<sitemapindex>";
    for (const auto& [type, paths] : sitemaps) {
      index += fmt::format("<sitemap><loc>https://e.org/sitemap-{}.xml</loc></sitemap>", type);
      pods_.answer(pod, fmt::format("/sitemap-{}.xml", type), 200, urlset(paths));
    }
    pods_.answer(pod, "/sitemap.xml", 200, index + "</sitemapindex>");
  }
  void everyPodLists(const std::map<std::string, std::vector<std::string>>& sitemaps) {
    for (const Pod& pod : topology_.pods) lists(pod.name, sitemaps);
  }
  Result<Outcome> tryRun(Trigger trigger) {
    const CheckContext context{.topology = topology_,
                               .site = site_,
                               .clock = clock_,
                               .pods = pods_,
                               .content = &source_,
                               .dir = dir_,
                               .routesFile = routesFile_,
                               .trigger = trigger,
                               .deadline = Deadline(MonoTime(1h))};
    return check_->run(context);
  }
  Outcome run(Trigger trigger = Trigger::kOnce) {
    return testing_support::expectOutcome(tryRun(trigger));
  }
  // "RC401 b slug", sorted.
  static std::vector<std::string> claims(const Outcome& outcome) {
    std::vector<std::string> lines;
    for (const Finding& finding : outcome.findings)
      lines.push_back(fmt::format("{} {} {}", finding.def->code, finding.pod,
                                  finding.resource ? finding.resource->slug : ""));
    std::ranges::sort(lines);
    return lines;
  }

  Topology topology_;
  Site site_;
  ManualClock clock_;
  FakePodClient pods_;
  FakeContentSource source_;
  FakeContentDir files_;
  ContentDir* dir_ = &files_;
  std::string routesFile_;
  std::unique_ptr<Check> check_;
};

TEST_F(SitemapCheckTest, TellsWhichPodsItReached) {
  everyPodLists({});
  pods_.fail("b", "/ghost/api/admin/site/", ErrorCode::kUnavailable);
  topology_.pods[2].terminating = true;
  const Tally tally = run().tally;
  EXPECT_TRUE(tally.pods.at("a").reachable);
  EXPECT_EQ(tally.pods.at("a").version, "6.65");
  EXPECT_FALSE(tally.pods.at("a").privateMode.has_value());
  EXPECT_FALSE(tally.pods.at("b").reachable);
  EXPECT_FALSE(tally.pods.contains("c"));
}

TEST_F(SitemapCheckTest, SaysNothingWhenEveryPodListsEverything) {
  add(ResourceType::kPost, "one"), add(ResourceType::kPage, "two"), add(ResourceType::kTag, "t");
  add(ResourceType::kAuthor, "ada");
  everyPodLists({{"posts", {"/one/"}},
                 {"pages", {"/", "/two/"}},
                 {"tags", {"/tag/t/"}},
                 {"authors", {"/author/ada/"}}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_FALSE(outcome.notApplicable);
}

TEST_F(SitemapCheckTest, NamesThePodThatDoesNotListAPost) {
  add(ResourceType::kPost, "one"), add(ResourceType::kPost, "two");
  everyPodLists({{"posts", {"/one/", "/two/"}}});
  lists("b", {{"posts", {"/one/"}}});
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC401 b two"));
  const Finding& finding = outcome.findings.front();
  EXPECT_EQ(finding.message, "b's sitemap does not list the post \"two\" at /two/");
  EXPECT_EQ(finding.resource->type, "post");
  EXPECT_EQ(finding.resource->id, "two");
  EXPECT_EQ(finding.resource->url, "https://e.org/two/");
  EXPECT_THAT(finding.cause, HasSubstr("b (Ghost 6.65) built its sitemap before this change"));
  EXPECT_THAT(finding.reproduce, HasSubstr("/sitemap-posts.xml"));
  EXPECT_THAT(finding.remedy, HasSubstr("kubectl delete pod b"));
  EXPECT_EQ(finding.evidence.at("db_status"), "published");
}

TEST_F(SitemapCheckTest, ATypeThatThePodDoesNotListAtAllIsMissing) {
  add(ResourceType::kTag, "first"), add(ResourceType::kPost, "one");
  everyPodLists({{"posts", {"/one/"}}, {"tags", {"/tag/first/"}}});
  lists("c", {{"posts", {"/one/"}}});
  EXPECT_THAT(claims(run()), ElementsAre("RC401 c first"));
}

TEST_F(SitemapCheckTest, LeftOversAreAttributedWhereTheDatabaseStillKnowsThem) {
  Entry& draft = add(ResourceType::kPost, "unpublished");
  draft.isPublic = false;
  draft.status = "draft";
  everyPodLists({{"pages", {"/"}}});
  lists("c", {{"posts", {"/unpublished/", "/deleted/"}}, {"tags", {"/tag/empty/"}}});
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome),
              ElementsAre("RC402 c deleted", "RC402 c empty", "RC402 c unpublished"));
  for (const Finding& finding : outcome.findings) {
    const bool known = finding.resource->slug == "unpublished";
    EXPECT_EQ(finding.resource->id, known ? "unpublished" : "");
    EXPECT_THAT(finding.message, HasSubstr(known ? "not public (draft)" : "belongs to nothing"));
  }
}

TEST_F(SitemapCheckTest, AnOldDateIsAFinding) {
  add(ResourceType::kPost, "edited", kLongAgo + 1h);
  everyPodLists({{"posts", {"/edited/"}}});
  pods_.answer("a", "/sitemap-posts.xml", 200,
               "<urlset><url><loc>https://e.org/edited/</loc><lastmod>" +
                   formatTime(kLongAgo + 1h) + "</lastmod></url></urlset>");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC403 b edited", "RC403 c edited"));
  EXPECT_EQ(outcome.findings[0].evidence.at("lastmod"), formatTime(kLongAgo));
}

TEST_F(SitemapCheckTest, WrongOnAllPodsIsAnotherFinding) {
  add(ResourceType::kPost, "one"), add(ResourceType::kPost, "edited", kLongAgo + 1h);
  everyPodLists({{"posts", {"/edited/", "/gone/"}}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC411  one", "RC412  gone", "RC413  edited"));
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("wrong on all 3 pods"));
}

TEST_F(SitemapCheckTest, APodThatCouldNotBeReadKeepsAFindingFromBeingOneOfAllPods) {
  add(ResourceType::kPost, "one");
  everyPodLists({{"pages", {"/"}}});
  pods_.failAll("c", ErrorCode::kDeadlineExceeded);
  pods_.fail("c", "/ghost/api/admin/site/", ErrorCode::kDeadlineExceeded);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC401 a one", "RC401 b one"));
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_EQ(outcome.gaps[0].pod, "c");
  EXPECT_EQ(outcome.gaps[0].why.code, ErrorCode::kDeadlineExceeded);
}

TEST_F(SitemapCheckTest, WhatNobodyCouldLookAtIsAGapAndNoFinding) {
  struct Row {
    const char* what;
    const char* path;
    int status;
    const char* location;
    const char* why;
  };
  for (const Row& row :
       {Row{"booting", "/ghost/api/admin/site/", 503, "", "answers 503 when asked"},
        Row{"index 503", "/sitemap.xml", 503, "", "answers 503"},
        Row{"index 500", "/sitemap.xml", 500, "", "answers 500"},
        Row{"private", "/sitemap.xml", 302, "https://e.org/private/", "serves the site as private"},
        Row{"redirect", "/sitemap.xml", 301, "https://e.org/x/", "redirects its sitemaps"},
        Row{"posts 503", "/sitemap-posts.xml", 503, "", "answers 503"}}) {
    SCOPED_TRACE(row.what);
    add(ResourceType::kPost, "one"), add(ResourceType::kPost, "two");
    everyPodLists({{"posts", {"/one/"}}});
    pods_.answer("b", row.path, row.status, "<html>", {{"location", row.location}});
    const Outcome outcome = run();
    EXPECT_THAT(claims(outcome), ElementsAre("RC401 a two", "RC401 c two"));
    ASSERT_EQ(outcome.gaps.size(), 1u);
    EXPECT_EQ(outcome.gaps[0].pod, "b");
    EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr(row.why));
    source_.entries.clear();
    version("b", "6.65");
  }
}

TEST_F(SitemapCheckTest, ASitemapThatCannotBeUsedIsAFindingOfThatPodAlone) {
  struct Row {
    const char* path;
    int status;
    std::string body;
    const char* why;
  };
  std::string many = "<urlset>";
  for (int i = 0; i < 50'001; ++i) many += "<url><loc>https://e.org/x/</loc></url>";
  for (const Row& row :
       {Row{"/sitemap.xml", 404, "<html>", "/sitemap.xml cannot be used: the pod answers 404"},
        Row{"/sitemap.xml", 200, "<!DOCTYPE html>", "DOCTYPE"},
        Row{"/sitemap.xml", 200, urlset({"/one/"}), "not the kind of sitemap"},
        Row{"/sitemap-posts.xml", 404, "", "/sitemap-posts.xml cannot be used"},
        Row{"/sitemap-posts.xml", 200, "<urlset><url><loc>https://e.org/one/</loc>",
            "ends in the middle"},
        Row{"/sitemap-posts.xml", 200, many, "more than 50000 entries"},
        Row{"/sitemap-posts.xml", 200,
            "<urlset>" + std::string(2'000'000, 'x') + "<url><loc>&x;</loc></url>", "entity"}}) {
    SCOPED_TRACE(row.why);
    add(ResourceType::kPost, "one"), add(ResourceType::kPost, "two");
    everyPodLists({{"posts", {"/one/", "/two/"}}});
    pods_.answer("b", row.path, row.status, row.body);
    const Outcome outcome = run();
    std::vector<std::string> unreadable;
    for (const Finding& finding : outcome.findings)
      if (finding.def->code == "RC404") unreadable.push_back(finding.message);
    ASSERT_THAT(unreadable, ElementsAre(HasSubstr(row.why)));
    for (const std::string& line : claims(outcome)) EXPECT_THAT(line, HasSubstr(" b ")) << line;
    for (const std::string& line : claims(outcome))
      EXPECT_THAT(line, testing::Not(HasSubstr("RC401")));
    EXPECT_THAT(outcome.gaps, IsEmpty());
    source_.entries.clear();
  }
}

TEST_F(SitemapCheckTest, DoesNotApplyToPodsThatRouteFromMemory) {
  for (const char* pod : {"a", "b", "c"}) version(pod, "5.130");
  version("b", "6.56");
  const Outcome outcome = run();
  ASSERT_TRUE(outcome.notApplicable);
  EXPECT_THAT(*outcome.notApplicable, HasSubstr("Ghost 5.130, 6.56 keeps its routes in memory"));
  for (const auto& asked : pods_.asked) EXPECT_EQ(asked.path, "/ghost/api/admin/site/");
}

TEST_F(SitemapCheckTest, ThatItDoesNotApplyThePodsTellWithoutTheDatabase) {
  source_.error = Error{ErrorCode::kDeadlineExceeded, "no answer"};
  for (const char* pod : {"a", "b", "c"}) version(pod, "6.56");
  pods_.fail("c", "/ghost/api/admin/site/", ErrorCode::kUnavailable);
  EXPECT_TRUE(run().notApplicable);
  version("b", "6.57");
  EXPECT_FALSE(tryRun(Trigger::kOnce)) << "there is something to look at";
  for (const char* pod : {"a", "b"})
    pods_.fail(pod, "/ghost/api/admin/site/", ErrorCode::kUnavailable);
  EXPECT_FALSE(tryRun(Trigger::kOnce)) << "nobody knows whether there is";
}

TEST_F(SitemapCheckTest, Ghost4IsAskedWhereItsApiLives) {
  for (const char* pod : {"a", "b", "c"}) {
    pods_.answer(pod, "/ghost/api/admin/site/", 404);
    pods_.answer(pod, "/ghost/api/v4/admin/site/", 200,
                 R"({"site":{"title":"t","url":"https://e.org/","version":"4.48"}})");
  }
  EXPECT_TRUE(run().notApplicable);
}

TEST_F(SitemapCheckTest, AmongMixedVersionsOnlyTheNewOnesAreJudged) {
  add(ResourceType::kPost, "one");
  version("a", "6.56");
  everyPodLists({{"pages", {"/"}}});
  EXPECT_THAT(claims(run()), ElementsAre("RC401 b one", "RC401 c one"));
}

TEST_F(SitemapCheckTest, NoPodThatAnswersIsUnknownAndNotInapplicable) {
  for (const char* pod : {"a", "b", "c"})
    pods_.fail(pod, "/ghost/api/admin/site/", ErrorCode::kUnavailable);
  const Outcome outcome = run();
  EXPECT_FALSE(outcome.notApplicable);
  EXPECT_EQ(outcome.gaps.size(), 3u);
}

TEST_F(SitemapCheckTest, APrivateSiteHasNoSitemaps) {
  source_.settings.isPrivate = true;
  EXPECT_TRUE(run().notApplicable);
  EXPECT_THAT(pods_.asked,
              Each(testing::Field(&testing_support::Asked::path, "/ghost/api/admin/site/")));
}

TEST_F(SitemapCheckTest, ALeavingPodIsNeitherAskedNorCounted) {
  add(ResourceType::kPost, "one");
  everyPodLists({{"pages", {"/"}}});
  topology_.pods[2].terminating = true;
  EXPECT_THAT(claims(run()), ElementsAre("RC411  one"));
  for (const auto& asked : pods_.asked) EXPECT_NE(asked.pod, "c");
}

TEST_F(SitemapCheckTest, ADeadDatabaseIsAnErrorAndNoFinding) {
  source_.error = Error{ErrorCode::kUnavailable, "refused"};
  const auto outcome = tryRun(Trigger::kOnce);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable);
}

TEST_F(SitemapCheckTest, AYoungChangeSettlesFirst) {
  add(ResourceType::kPost, "new", kNow - 1s);
  everyPodLists({{"pages", {"/"}}});
  lists("a", {{"posts", {"/new/"}}});
  pods_.answer("a", "/sitemap-posts.xml", 200,
               "<urlset><url><loc>https://e.org/new/</loc><lastmod>2030-01-01</lastmod></url>"
               "</urlset>");
  const Outcome early = run(Trigger::kChange);
  EXPECT_THAT(claims(early), IsEmpty());
  EXPECT_EQ(early.again, Duration(4s));
  EXPECT_THAT(early.notes, ElementsAre(HasSubstr("not judged yet")));
  source_.now = kNow + 4s;
  EXPECT_THAT(claims(run(Trigger::kChange)), ElementsAre("RC401 b new", "RC401 c new"));
  source_.entries[0].updatedAt = source_.now;  // edited again: no flapping
  EXPECT_THAT(claims(run(Trigger::kChange)), ElementsAre("RC401 b new", "RC401 c new"));
}

TEST_F(SitemapCheckTest, WhatChangedWhileThePodsWereAskedIsNotClaimed) {
  add(ResourceType::kPost, "one"), add(ResourceType::kPost, "two");
  everyPodLists({{"posts", {"/one/"}}});
  lists("b", {{"posts", {"/one/", "/two/"}}});
  source_.changedSince["two"] = {true, false, "two", kNow};
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_EQ(outcome.again, Duration(1s));
}

TEST_F(SitemapCheckTest, WhatWasPublishedWhileThePodsWereAskedIsNoLeftOver) {
  add(ResourceType::kPost, "one");
  everyPodLists({{"posts", {"/one/"}}});
  pods_.answer("b", "/sitemap-posts.xml", [this](const PodRequest&) -> Result<HttpResponse> {
    add(ResourceType::kPost, "two", kNow);
    HttpResponse response;
    response.status = 200;
    response.body = urlset({"/one/", "/two/"});
    return response;
  });
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(SitemapCheckTest, TheRoutesOfTheContentFolderTellTheAddresses) {
  files_.write(kRoutes,
               "routes: {/about/: about}\n"
               "collections: {/blog/: {permalink: '/blog/{year}/{slug}/'}}\n"
               "taxonomies: {tag: '/thema/{slug}/'}\n");
  add(ResourceType::kPost, "one"), add(ResourceType::kTag, "t"), add(ResourceType::kAuthor, "ada");
  everyPodLists(
      {{"posts", {"/blog/2027/one/"}}, {"pages", {"/about/", "/blog/"}}, {"tags", {"/thema/t/"}}});
  lists("c", {{"posts", {"/one/"}}, {"pages", {"/"}}});
  EXPECT_THAT(claims(run()), ElementsAre("RC401 c one", "RC401 c t", "RC402 c ", "RC402 c one"));
}

TEST_F(SitemapCheckTest, BrokenRoutesAreAnErrorThatNamesThem) {
  files_.write(kRoutes, "collections: {/: {permalink: '/:slug/'}}");
  const auto outcome = tryRun(Trigger::kOnce);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("routes.yaml line 1"));
  routesFile_ = "/nonexistent/routes.yaml";
  EXPECT_THAT(tryRun(Trigger::kOnce).error().message, HasSubstr("/nonexistent/routes.yaml"));
}

TEST_F(SitemapCheckTest, AContentFolderThatHangsIsAGapAndTheRoutesAreAssumed) {
  files_.error = Error{ErrorCode::kDeadlineExceeded, "the volume hangs"};
  add(ResourceType::kPost, "one");
  everyPodLists({{"posts", {"/2027/one/"}}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_EQ(outcome.gaps[0].pod, "");
}

TEST_F(SitemapCheckTest, WithAssumedRoutesTheAddressIsTheOneAnotherPodLists) {
  dir_ = nullptr;
  add(ResourceType::kPost, "one"), add(ResourceType::kPost, "two");
  everyPodLists({{"posts", {"/2027/one/", "/2027/two/"}}});
  lists("b", {{"posts", {"/2027/one/"}}});
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC401 b two"));
  EXPECT_EQ(outcome.findings[0].resource->url, "https://e.org/2027/two/");
}

TEST_F(SitemapCheckTest, WithAssumedRoutesWhatAnswersAmongThePagesIsARouteAndNoLeftOver) {
  dir_ = nullptr;
  add(ResourceType::kPage, "two");
  everyPodLists({{"pages", {"/", "/two/"}}});
  lists("b", {{"pages", {"/", "/two/", "/features/", "/gone/"}}});
  pods_.answer("b", "/features/", 200, "a route that was uploaded through this pod");
  EXPECT_THAT(claims(run()), ElementsAre("RC402 b gone"));
  pods_.answer("b", "/gone/", 301, "", {{"location", "/404/"}});
  pods_.answer("b", "/features/", 404);
  const Outcome outcome = run();
  ASSERT_EQ(outcome.findings.size(), 2u) << "what was claimed stays, what is a page no more is one";
}

TEST_F(SitemapCheckTest, ASubdirectoryIsNoPartOfTheAddress) {
  site_.url = site_.admin = *parseUrl("https://e.org/blog");
  dir_ = nullptr;
  add(ResourceType::kPost, "one"), add(ResourceType::kPost, "two");
  everyPodLists({{"posts", {"/blog/one/", "/blog/two/"}}});
  for (const char* pod : {"a", "b", "c"})
    pods_.answer(pod, "/sitemap.xml", 200,
                 "<sitemapindex><sitemap><loc>https://e.org/blog/sitemap-posts.xml</loc></sitemap>"
                 "</sitemapindex>");
  pods_.answer("b", "/sitemap-posts.xml", 200, urlset({"/blog/one/"}));
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC401 b two"));
  EXPECT_EQ(outcome.findings[0].resource->url, "https://e.org/blog/two/");
}

TEST_F(SitemapCheckTest, SitemapsAreOnlyEverFetchedFromThePodAndByTheirKnownNames) {
  for (const char* pod : {"a", "b", "c"})
    pods_.answer(pod, "/sitemap.xml", 200,
                 "<sitemapindex><sitemap><loc>https://evil.org/sitemap-posts.xml</loc></sitemap>"
                 "<sitemap><loc>https://e.org/ghost/api/admin/db/</loc></sitemap>"
                 "<sitemap><loc>https://e.org/sitemap-posts.xml?x=1</loc></sitemap>"
                 "<sitemap><loc>file:///etc/passwd</loc></sitemap></sitemapindex>");
  pods_.answer("*", "/sitemap-posts.xml", 200, urlset({}));
  run();
  EXPECT_EQ(pods_.asked.size(), 9u);
  for (const auto& asked : pods_.asked)
    EXPECT_THAT(asked.path,
                testing::AnyOf("/ghost/api/admin/site/", "/sitemap.xml", "/sitemap-posts.xml"));
}

TEST_F(SitemapCheckTest, TooManySitemapsAreAGap) {
  check_ = sitemapSpec().make(Params(std::vector<ParamDef>{{"max_sitemaps", std::int64_t{1}, ""}}));
  add(ResourceType::kTag, "t");
  everyPodLists({{"posts", {}}, {"tags", {"/tag/t/"}}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 3u);
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("lists 2 sitemaps, more than max_sitemaps"));
}

TEST_F(SitemapCheckTest, AnAddressOfAPodCannotSteerATerminal) {
  everyPodLists({{"pages", {"/"}}});
  lists("b", {{"posts",
               {"/a\xc2\x9b"
                "31m\u202e&#233;/"}}});
  const Outcome outcome = run();
  ASSERT_EQ(outcome.findings.size(), 1u);
  for (const char c : outcome.findings[0].message + outcome.findings[0].resource->url +
                          outcome.findings[0].resource->slug)
    EXPECT_TRUE(c >= ' ' && c < 0x7f);
}

}  // namespace
}  // namespace rollcall::checks
