#include "daemon/roll/roll_call.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"

namespace rollcall::roll {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::FakeContentDir;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;

const FindingDef kMissing{"RC201", Severity::kCritical, "", "", ""};
const FindingDef kMoved{"RC202", Severity::kCritical, "", "", ""};
const FindingDef kServed{"RC203", Severity::kCritical, "", "", ""};
const FindingDef kDeclared{"RC204", Severity::kCritical, "", "", ""};
const FindingDef kError{"RC205", Severity::kCritical, "", "", ""};
const FindingDef kMissingAll{"RC211", Severity::kCritical, "", "", ""};
const FindingDef kMovedAll{"RC212", Severity::kWarning, "", "", ""};

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

// Three pods of one site; each test says what they list and answer.
class RollCallTest : public testing::Test {
 protected:
  RollCallTest() {
    for (const char* name : {"a", "b", "c"}) topology_.pods.push_back({.name = name});
    site_.url = site_.admin = *parseUrl("http://e.org");
    source_.now = kNow;
    version("5.130");
    pods_.answer("*", "/", 200);
  }

  void version(const std::string& text) {
    pods_.answer(
        "*", "/ghost/api/admin/site/", 200,
        fmt::format(R"({{"site":{{"title":"t","url":"http://e.org/","version":"{}"}}}})", text),
        {{"content-type", "application/json"}});
  }
  Entry& post(std::string_view slug, Duration age = 24h) {
    return source_.add(ResourceType::kPost, slug, slug,
                       kNow - std::chrono::duration_cast<std::chrono::milliseconds>(age));
  }
  void lists(const std::string& pod, const std::vector<std::string>& slugs) {
    std::string xml = "<urlset>";
    for (const std::string& slug : slugs)
      xml += fmt::format("<url><loc>http://e.org/{}/</loc></url>", slug);
    pods_.answer(pod, "/sitemap-posts.xml", 200, xml + "</urlset>");
  }
  // The Content API's lists of Ghost 6: (id, path) of posts. The site has a key from now on.
  void tells(const std::string& pod,
             const std::vector<std::pair<std::string, std::string>>& posts) {
    source_.key = "0123456789abcdef";
    const std::string query = "/?key=0123456789abcdef&fields=id,slug,url&limit=100&page=1";
    const auto list = [](std::string_view type, const std::string& items) {
      return fmt::format(R"({{"{}":[{}],"meta":{{"pagination":{{"page":1,"pages":1}}}}}})", type,
                         items);
    };
    std::string items;
    for (const auto& [id, path] : posts)
      items += fmt::format(R"({}{{"id":"{}","slug":"{}","url":"http://e.org{}"}})",
                           items.empty() ? "" : ",", id, id, path);
    pods_.answer(pod, "/ghost/api/content/posts" + query, 200, list("posts", items));
    pods_.answer(pod, "/ghost/api/content/pages" + query, 200, list("pages", ""));
  }
  void knowRoutes() {
    folder_.write("settings/routes.yaml", "collections:\n  /:\n    permalink: /{slug}/\n");
    dir_ = &folder_;
  }
  void serves(const std::string& pod, const std::string& slug, int status = 200) {
    pods_.answer(pod, "/" + slug + "/", status);
  }
  Outcome run(Trigger trigger = Trigger::kOnce) {
    const CheckContext context{.topology = topology_,
                               .site = site_,
                               .clock = clock_,
                               .pods = pods_,
                               .content = &source_,
                               .dir = dir_,
                               .leads = leads_,
                               .trigger = trigger,
                               .budget = budget_,
                               .deadline = Deadline(MonoTime(1h))};
    auto outcome = roll_.run(context);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : Outcome{};
  }
  // "RC201 b slug", sorted.
  static std::vector<std::string> claims(const Outcome& outcome) {
    std::vector<std::string> lines;
    for (const Finding& finding : outcome.findings)
      lines.push_back(
          fmt::format("{} {} {}", finding.def->code, finding.pod, finding.resource->slug));
    std::ranges::sort(lines);
    return lines;
  }
  std::size_t asked(const std::string& pod, const std::string& path) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        pods_.asked, [&](const auto& one) { return one.pod == pod && one.path == path; }));
  }

  static Settings settings() {
    Settings made;
    made.types = {ResourceType::kPost, ResourceType::kPage};
    made.views = true;
    made.newest = 2;
    made.hidden = 2;
    made.sweep = 0;
    made.onePod = {&kMissing, &kMoved, &kServed, &kDeclared, &kError};
    made.allPods = {&kMissingAll, &kMovedAll, &kServed, &kDeclared, &kError};
    return made;
  }

  std::deque<std::string> slugs_;  // outlive the rows that point at them
  Topology topology_;
  Site site_;
  ManualClock clock_;
  FakePodClient pods_;
  FakeContentSource source_;
  FakeContentDir folder_;
  ContentDir* dir_ = nullptr;
  AskBudget budget_;
  bool leads_ = true;
  RollCall roll_{settings()};
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(RollCallTest, saysNothingWhenEveryPodServesEverything) {
  post("one"), post("two");
  lists("*", {"one", "two"});
  serves("*", "one"), serves("*", "two");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_EQ(outcome.tally.resources.at("post"), 2u);
  EXPECT_EQ(outcome.tally.podResources.at({"b", "post", "ok"}), 2u);
}

TEST_F(RollCallTest, theSweepIsTheLeadersAlone) {
  Settings sweeping = settings();
  sweeping.sweep = 1;
  RollCall roll(sweeping);
  roll_ = roll;
  Duration age = 24h;
  for (const char* slug : {"one", "two", "three", "four"})
    post(slug, age += 24h), serves("*", slug);
  lists("*", {"one", "two", "three", "four"});
  const auto sweeps = [&] {
    return std::ranges::count_if(pods_.asked,
                                 [](const auto& one) { return one.reason == Reason::kSweep; });
  };
  leads_ = false;
  for (int i = 0; i < 4; ++i) run(Trigger::kInterval);
  EXPECT_EQ(sweeps(), 0);
  leads_ = true;
  for (int i = 0; i < 4; ++i) run(Trigger::kInterval);
  EXPECT_GT(sweeps(), 0);
}

TEST_F(RollCallTest, namesThePodThatMissesAPost) {
  post("one");
  lists("*", {"one"}), lists("b", {});
  serves("*", "one"), serves("b", "one", 404);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC201 b one"));
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("keeps its routes in memory"));
  EXPECT_EQ(outcome.findings[0].resource->url, "http://e.org/one/");
  EXPECT_EQ(outcome.findings[0].evidence.at("in_sitemap"), "false");
}

TEST_F(RollCallTest, theViewLeadsToAPostThatNoSampleWouldHit) {
  post("new1", 1h), post("new2", 2h), post("old", 240h);
  lists("*", {"new1", "new2", "old"}), lists("c", {"new1", "new2"});
  for (const char* slug : {"new1", "new2", "old"}) serves("*", slug);
  serves("c", "old", 404);
  EXPECT_THAT(claims(run()), ElementsAre("RC201 c old"));
}

TEST_F(RollCallTest, aViewAloneIsNoClaim) {
  post("new1", 1h), post("new2", 2h), post("old", 240h);
  lists("*", {"new1", "new2", "old"}), lists("c", {"new1", "new2"});
  for (const char* slug : {"new1", "new2", "old"}) serves("*", slug);
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(RollCallTest, aReportReallyAsksForEverything) {
  post("new1", 1h), post("new2", 2h), post("old", 240h);
  lists("*", {"new1", "new2", "old"});
  for (const char* slug : {"new1", "new2", "old"}) serves("*", slug);
  serves("c", "old", 404);
  EXPECT_THAT(claims(run()), IsEmpty());
  budget_.everything = true;
  EXPECT_THAT(claims(run()), ElementsAre("RC201 c old"));
  for (const char* pod : {"a", "b", "c"}) EXPECT_GE(asked(pod, "/old/"), 1u) << pod;
}

TEST_F(RollCallTest, onDatabaseRoutedVersionsAnOldSitemapAccusesNobody) {
  version("6.65");
  post("one", 1h), post("two", 2h), post("three", 3h);
  lists("*", {"one", "two", "three"}), lists("b", {});
  for (const char* slug : {"one", "two", "three"}) serves("*", slug);
  EXPECT_THAT(claims(run()), IsEmpty());
  EXPECT_EQ(asked("b", "/three/"), 0u);
}

TEST_F(RollCallTest, aSitemapThatProvesNothingIsNotAskedForBesideTheListsThatDo) {
  post("one");
  serves("*", "one"), lists("*", {"one"});
  tells("*", {{"one", "/one/"}});
  for (const bool lazy : {true, false}) {
    version(lazy ? "6.65" : "6.56");
    pods_.asked.clear();
    const Outcome outcome = run();
    EXPECT_THAT(claims(outcome), IsEmpty());
    EXPECT_THAT(outcome.gaps, IsEmpty());
    EXPECT_EQ(outcome.tally.podResources.at({"b", "post", "ok"}), 1u);
    EXPECT_EQ(asked("b", "/sitemap-posts.xml"), lazy ? 0u : 1u);
    EXPECT_EQ(asked("b", "/sitemap-pages.xml"), lazy ? 0u : 1u);
  }
}

TEST_F(RollCallTest, whereNoListCanBeReadTheSitemapsTellWhichPermalinksHold) {
  version("6.65");
  post("one");
  serves("*", "one"), lists("*", {"one"}), serves("b", "one", 404);
  source_.key = "0123456789abcdef";  // which the pods refuse
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC201 b one"));
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_EQ(asked("a", "/sitemap-posts.xml"), 1u);
}

TEST_F(RollCallTest, betweenTwoReadingsOfTheListsSitemapsTellWhereNobodyKnowsTheRoutes) {
  Settings settings = this->settings();
  settings.apiEvery = 1h;
  roll_ = RollCall(settings);
  version("6.65");
  post("one"), post("two", 48h);
  serves("*", "one"), serves("*", "two"), lists("*", {"one", "two"});
  tells("*", {{"one", "/one/"}, {"two", "/two/"}});
  run(Trigger::kInterval);
  EXPECT_EQ(asked("a", "/sitemap-posts.xml"), 0u);
  run(Trigger::kInterval);
  EXPECT_EQ(asked("a", "/sitemap-posts.xml"), 1u);
}

TEST_F(RollCallTest, betweenTwoReadingsOfTheListsNobodyAsksForSitemapsWhereTheRoutesAreKnown) {
  Settings settings = this->settings();
  settings.apiEvery = 1h;
  roll_ = RollCall(settings);
  knowRoutes();
  version("6.65");
  post("one"), post("two", 48h);
  serves("*", "one"), serves("*", "two"), lists("*", {"one", "two"});
  tells("*", {{"one", "/one/"}, {"two", "/two/"}});
  for (int i = 0; i < 3; ++i) {
    const Outcome outcome = run(Trigger::kInterval);
    EXPECT_THAT(claims(outcome), IsEmpty());
    EXPECT_THAT(outcome.gaps, IsEmpty());
    EXPECT_EQ(outcome.tally.podResources.at({"b", "post", "ok"}), 2u);
  }
  EXPECT_EQ(asked("a", "/sitemap-posts.xml"), 0u);
}

TEST_F(RollCallTest, whatAPodListsThoughItIsNotPublicIsAsked) {
  version("6.65");
  post("newer", 1h);
  serves("*", "newer");
  for (const char* slug : {"never", "gone"}) {
    Entry& hidden = post(slug);
    hidden.isPublic = false;
    hidden.status = "draft";
    hidden.publishedAt.reset();
  }
  tells("*", {{"newer", "/newer/"}});
  tells("b", {{"newer", "/newer/"}, {"gone", "/gone/"}});
  pods_.answer("b", "/gone/", 200, R"(<link rel="canonical" href="http://e.org/gone/"/>)");
  EXPECT_THAT(claims(run()), ElementsAre("RC203 b gone"));
  EXPECT_EQ(asked("b", "/never/"), 0u);
}

TEST_F(RollCallTest, wrongEverywhereIsAnotherCode) {
  post("one"), post("other", 48h);
  lists("*", {"other"});
  serves("*", "other");
  EXPECT_THAT(claims(run()), ElementsAre("RC211  one"));
}

TEST_F(RollCallTest, aRedirectToNotFoundIsCalledByItsName) {
  post("one");
  lists("*", {"one"}), lists("b", {});
  serves("*", "one");
  pods_.answer("b", "/one/", 301, "",
               {{"location", "/404/"}, {"cache-control", "public, max-age=31536000"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC202 b one"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("to /404/ (301, which browsers and CDNs"));
  EXPECT_THAT(outcome.findings[0].remedy, HasSubstr("purge /one/ at the CDN"));
}

TEST_F(RollCallTest, anUnpublishedPostThatIsServedIsFound) {
  Entry& hidden = post("secret");
  hidden.isPublic = false;
  hidden.status = "draft";
  pods_.answer("b", "/secret/", 200, R"(<link rel="canonical" href="http://e.org/secret/"/>)");
  EXPECT_THAT(claims(run()), ElementsAre("RC203 b secret"));
}

TEST_F(RollCallTest, aGapTellsNoSlugOfWhatIsNotPublished) {
  Entry& hidden = post("secret");
  hidden.isPublic = false;
  hidden.status = "draft";
  pods_.answer("b", "/secret/", 301, "", {{"location", "https://e.org/secret/"}});
  const Outcome outcome = run();
  ASSERT_THAT(outcome.gaps, testing::SizeIs(1));
  EXPECT_THAT(outcome.gaps[0].why.message,
              HasSubstr("redirects to https://e.org: its url differs"));
}

TEST_F(RollCallTest, aLeftOverInTheSitemapThatDoesNotAnswerIsAskedOnce) {
  Entry& hidden = post("gone");
  hidden.isPublic = false;
  hidden.status = "draft";
  hidden.publishedAt.reset();
  post("newer", 1h);
  serves("*", "newer");
  lists("*", {"newer"}), lists("b", {"newer", "gone"});
  EXPECT_THAT(claims(run()), IsEmpty());
  EXPECT_THAT(claims(run()), IsEmpty());
  EXPECT_EQ(asked("b", "/gone/"), 1u);
}

TEST_F(RollCallTest, aChangeThatSettlesIsNotClaimedButAskedAgain) {
  post("fresh", 2s);
  lists("*", {});
  serves("*", "fresh"), serves("b", "fresh", 404);
  const Outcome early = run();
  EXPECT_THAT(claims(early), IsEmpty());
  EXPECT_EQ(early.tally.podResources.at({"b", "post", "settling"}), 1u);
  ASSERT_TRUE(early.again);
  EXPECT_EQ(*early.again, 3s);
  source_.now += 3s;
  EXPECT_THAT(claims(run(Trigger::kChange)), ElementsAre("RC201 b fresh"));
}

TEST_F(RollCallTest, anEditOfAPostKnownToBeMissingDoesNotHideIt) {
  post("one");
  lists("*", {"one"}), lists("b", {});
  serves("*", "one"), serves("b", "one", 404);
  run(Trigger::kInterval);
  source_.entries[0].updatedAt = kNow - 1s;
  EXPECT_THAT(claims(run(Trigger::kChange)), ElementsAre("RC201 b one"));
}

TEST_F(RollCallTest, aRunForAChangeAsksOnlyForWhatChangedAndKeepsTheRest) {
  post("one"), post("two", 48h);
  lists("*", {"one", "two"}), lists("b", {"two"});
  serves("*", "one"), serves("*", "two"), serves("b", "one", 404);
  run(Trigger::kInterval);
  source_.now += 30s;
  post("three", -20s);
  serves("*", "three"), serves("c", "three", 404);
  pods_.asked.clear();
  EXPECT_THAT(claims(run(Trigger::kChange)), ElementsAre("RC201 b one", "RC201 c three"));
  EXPECT_EQ(asked("a", "/two/"), 0u);
  EXPECT_EQ(asked("a", "/sitemap-posts.xml"), 0u);
}

TEST_F(RollCallTest, aRestartedPodIsClearedOnceItServesAgain) {
  post("new1", 1h), post("new2", 2h), post("old", 240h);
  lists("*", {"new1", "new2", "old"}), lists("c", {"new1", "new2"});
  for (const char* slug : {"new1", "new2", "old"}) serves("*", slug);
  serves("c", "old", 404);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC201 c old"));
  lists("c", {"new1", "new2", "old"});
  serves("c", "old");
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty());
}

TEST_F(RollCallTest, aPodThatCannotBeReachedIsAGapAndAccusesNoPost) {
  post("one");
  lists("*", {"one"});
  serves("*", "one");
  pods_.failAll("b", ErrorCode::kUnavailable);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_EQ(outcome.gaps[0].pod, "b");
}

TEST_F(RollCallTest, aBootingPodIsAGapAndItsOldClaimsRest) {
  post("one");
  lists("*", {"one"}), lists("b", {});
  serves("*", "one"), serves("b", "one", 404);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC201 b one"));
  for (const char* path : {"/ghost/api/admin/site/", "/one/", "/sitemap-posts.xml", "/"})
    pods_.answer("b", path, 503);
  const Outcome booting = run(Trigger::kInterval);
  EXPECT_THAT(claims(booting), IsEmpty());
  EXPECT_EQ(booting.gaps.size(), 1u);
}

TEST_F(RollCallTest, aRunForAChangeThatAsksNothingKeepsTheGapOfALostPod) {
  post("one");
  lists("*", {"one"}), lists("b", {});
  serves("*", "one"), serves("b", "one", 404);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC201 b one"));
  pods_.answer("b", "/ghost/api/admin/site/", [](const PodRequest&) -> Result<HttpResponse> {
    return Error{ErrorCode::kUnavailable, "connection refused"};
  });
  EXPECT_EQ(run(Trigger::kInterval).gaps.size(), 1u);
  source_.entries.clear();
  const Outcome after = run(Trigger::kChange);
  EXPECT_EQ(after.gaps.size(), 1u);
  EXPECT_THAT(claims(after), IsEmpty());
}

TEST_F(RollCallTest, aRunForAChangeDoesNotForgetWhatWasProvenBefore) {
  for (const char* slug : {"p1", "p2", "p3", "p4"}) post(slug), serves("*", slug);
  lists("*", {"p1", "p2", "p3", "p4"});
  EXPECT_EQ(run(Trigger::kInterval).tally.podResources.at({"a", "post", "ok"}), 4u);
  source_.now += 10s;
  EXPECT_EQ(run(Trigger::kChange).tally.podResources.at({"a", "post", "ok"}), 4u);
}

TEST_F(RollCallTest, aHungPodIsGivenUpAfterTwoQuestions) {
  for (const char* slug : {"p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"}) post(slug);
  lists("*", {}), lists("a", {});
  for (const char* slug : {"p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"}) {
    serves("*", slug);
    pods_.fail("b", "/" + std::string(slug) + "/", ErrorCode::kDeadlineExceeded);
  }
  budget_.parallel = 2;
  const Outcome outcome = run();
  std::size_t pages = 0;
  for (const auto& one : pods_.asked) pages += one.pod == "b" && one.path.starts_with("/p");
  EXPECT_LE(pages, 4u);
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 1u);
}

TEST_F(RollCallTest, aPodThatFailsEverywhereAccusesNoPost) {
  post("one");
  lists("*", {"one"});
  serves("*", "one"), serves("b", "one", 500), serves("b", "", 500);
  pods_.answer("b", "/", 500);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 1u);
}

TEST_F(RollCallTest, aPodThatFailsForPostsButNotItsFrontPageIsFound) {
  post("one");
  lists("*", {"one"});
  serves("*", "one"), serves("b", "one", 400);
  EXPECT_THAT(claims(run()), ElementsAre("RC205 b one"));
}

TEST_F(RollCallTest, aPageThatFailsIsAskedAgainBeforeThatIsClaimed) {
  post("one"), post("two");
  lists("*", {"one", "two"});
  serves("*", "one"), serves("*", "two");
  int failures = 2;
  pods_.answer("b", "/one/", [&](const PodRequest&) -> Result<HttpResponse> {
    HttpResponse response;
    response.status = failures-- > 0 ? 500 : 200;
    return response;
  });
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_EQ(asked("b", "/one/"), 3u);
  EXPECT_EQ(asked("b", "/two/"), 1u);
}

TEST_F(RollCallTest, aRowThatChangedMeanwhileIsNotClaimed) {
  post("one");
  lists("*", {"one"}), lists("b", {});
  serves("*", "one"), serves("b", "one", 404);
  source_.changedSince["one"] = {true, true, "one-renamed", kNow};
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_TRUE(outcome.again);
}

TEST_F(RollCallTest, suspectsBeyondTheBudgetAreListedUnconfirmedWhileAllAskedWereConfirmed) {
  std::vector<std::string> slugs;
  for (int i = 0; i < 20; ++i) slugs.push_back(fmt::format("post-{:02}", i));
  for (const std::string& slug : slugs) post(slug), serves("*", slug), serves("b", slug, 404);
  lists("*", slugs), lists("b", {});
  budget_.pages = 6;
  const Outcome outcome = run();
  EXPECT_EQ(outcome.findings.size(), 20u);
  EXPECT_EQ(
      std::ranges::count_if(outcome.findings,
                            [](const Finding& f) { return f.evidence.at("confirmed") == "true"; }),
      6);
}

TEST_F(RollCallTest, oneSuspectThatIsFineKeepsTheRestFromBeingListed) {
  std::vector<std::string> slugs;
  for (int i = 0; i < 20; ++i) slugs.push_back(fmt::format("post-{:02}", i));
  for (const std::string& slug : slugs) post(slug), serves("*", slug), serves("b", slug, 404);
  serves("b", "post-01");
  lists("*", slugs), lists("b", {});
  budget_.pages = 6;
  const Outcome outcome = run();
  EXPECT_EQ(outcome.findings.size(), 5u);
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_EQ(outcome.gaps[0].what, "14 suspects");
}

TEST_F(RollCallTest, thePodsOwnWordAgainstItsAnswerIsAFinding) {
  version("6.65");
  post("one");
  serves("*", "one");
  tells("*", {{"one", "/one/"}}), tells("c", {{"one", "/404/"}});
  EXPECT_THAT(claims(run()), ElementsAre("RC204 c one"));
}

TEST_F(RollCallTest, aForeignCanonicalIsAbsentFromTheSitemapByRight) {
  post("one", 1h), post("two", 2h);
  post("three", 3h).canonicalUrl = "https://elsewhere.org/x";
  lists("*", {"one", "two"});
  for (const char* slug : {"one", "two", "three"}) serves("*", slug);
  EXPECT_THAT(claims(run()), IsEmpty());
  EXPECT_EQ(asked("a", "/three/"), 0u);
}

TEST_F(RollCallTest, aSlugBeyondAsciiIsTheSameEscapedAndRaw) {
  post("caf\u00e9");
  lists("*", {"caf\u00e9"});
  serves("*", "caf%C3%A9");
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(RollCallTest, aRestartDoesNotTurnARedirectOfAllPodsIntoAFaultOfTheOthers) {
  post("one");
  lists("*", {"one"});
  pods_.answer("*", "/one/", 301, "", {{"location", "/new-home/"}});
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC212  one"));
  pods_.failAll("b", ErrorCode::kUnavailable);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC212  one"));
}

// The slug was changed through a pod that is down now: the others know the old one only.
TEST_F(RollCallTest, whileTheOnePodIsDownThatTookTheChangeTheOthersAreNamed) {
  post("new-slug"), post("other", 48h);
  lists("*", {"old-slug", "other"});
  serves("*", "other");
  pods_.answer("*", "/new-slug/", 301, "", {{"location", "/old-slug/"}});
  pods_.failAll("a", ErrorCode::kUnavailable);
  EXPECT_THAT(claims(run()), ElementsAre("RC202 b new-slug", "RC202 c new-slug"));
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC202 b new-slug", "RC202 c new-slug"));
  EXPECT_THAT(claims(run(Trigger::kChange)), testing::Not(testing::Contains("RC212  new-slug")));
}

TEST_F(RollCallTest, aRedirectOfPodsThatHaveThePostByNowIsOfAllPods) {
  post("new-slug"), post("other", 48h);
  lists("*", {"old-slug", "other"});
  serves("*", "other");
  pods_.answer("*", "/new-slug/", 301, "", {{"location", "/new-home/"}});
  pods_.failAll("a", ErrorCode::kUnavailable);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC202 b new-slug", "RC202 c new-slug"));
  lists("b", {"new-slug", "other"}), lists("c", {"new-slug", "other"});
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC212  new-slug"));
}

TEST_F(RollCallTest, aRunForAChangeAsksAgainWhatWasWrongBeforeThePodsRestart) {
  post("one");
  lists("*", {"one"}), lists("b", {});
  serves("*", "one"), serves("b", "one", 404);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC201 b one"));
  lists("b", {"one"}), serves("b", "one");
  source_.now += 20s;
  post("two", -14s);
  serves("*", "two");
  EXPECT_THAT(claims(run(Trigger::kChange)), IsEmpty());
}

TEST_F(RollCallTest, aRunForAChangeDoesNotTakeAnUnaskedPodForAWrongOne) {
  post("one");
  lists("*", {"one"}), lists("b", {}), lists("c", {});
  serves("*", "one");
  for (const char* pod : {"b", "c"})
    pods_.answer(pod, "/one/", 301, "", {{"location", "/old-one/"}});
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC202 b one", "RC202 c one"));
  source_.now += 20s;
  post("two", -14s);
  serves("*", "two");
  EXPECT_THAT(claims(run(Trigger::kChange)), ElementsAre("RC202 b one", "RC202 c one"));
}

TEST_F(RollCallTest, aClaimIsForgottenWhenAnotherResourceTakesTheAddress) {
  post("x");
  lists("*", {"x"}), lists("b", {});
  serves("*", "x"), serves("b", "x", 404);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC201 b x"));
  source_.entries[0].isPublic = false;
  source_.entries[0].status = "draft";
  source_.add(ResourceType::kPage, "page-x", "x", kNow - 1h);
  serves("b", "x");
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty());
}

TEST_F(RollCallTest, anotherDeclaredAddressDoesNotConfirmThatOthersAreMissing) {
  knowRoutes();
  version("6.65");
  std::vector<std::pair<std::string, std::string>> right, wrong;
  for (int i = 0; i < 20; ++i) {
    slugs_.push_back(fmt::format("post-{:02}", i));
    const std::string& slug = slugs_.back();
    post(slug), serves("*", slug);
    right.emplace_back(slug, "/" + slug + "/");
    wrong.emplace_back(slug, "/other/" + slug + "/");
  }
  tells("*", right), tells("c", wrong);
  budget_.pages = 6;
  const Outcome outcome = run();
  for (const Finding& finding : outcome.findings) EXPECT_EQ(finding.def->code, "RC204");
  EXPECT_EQ(outcome.findings.size(), 6u);
  EXPECT_EQ(outcome.gaps.size(), 1u);
}

TEST_F(RollCallTest, whereNobodyKnowsTheRoutesAnotherAddressOfEveryPostIsADispute) {
  version("6.65");
  post("one"), post("two", 48h);
  serves("*", "one"), serves("*", "two");
  tells("*", {{"one", "/one/"}, {"two", "/two/"}});
  tells("c", {{"one", "/other/one/"}, {"two", "/other/two/"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_EQ(outcome.gaps[0].what, "2 posts");
}

TEST_F(RollCallTest, thousandsThatRecoverAreAskedWithinTheBudget) {
  for (int i = 0; i < 40; ++i) slugs_.push_back(fmt::format("post-{:02}", i));
  std::vector<std::string> all(slugs_.begin(), slugs_.end());
  for (const std::string& slug : slugs_) {
    post(slug, std::chrono::hours(24 + source_.entries.size()));
    serves("*", slug), serves("b", slug, 404);
  }
  lists("*", all), lists("b", {});
  budget_.pages = 20;
  EXPECT_EQ(run(Trigger::kInterval).findings.size(), 40u);
  lists("b", all);
  for (const std::string& slug : slugs_) serves("b", slug);
  pods_.asked.clear();
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty());
  EXPECT_LE(std::ranges::count_if(
                pods_.asked, [](const auto& one) { return one.pod == "b" && one.path[1] == 'p'; }),
            30);
}

TEST_F(RollCallTest, aRunForAChangeStaysShortWhateverIsKnownToBeWrong) {
  for (int i = 0; i < 15; ++i) slugs_.push_back(fmt::format("post-{:02}", i));
  std::vector<std::string> all(slugs_.begin(), slugs_.end());
  for (const std::string& slug : slugs_) {
    post(slug, std::chrono::hours(24 + source_.entries.size()));
    serves("*", slug), serves("b", slug, 404);
  }
  lists("*", all), lists("b", {});
  EXPECT_EQ(run(Trigger::kInterval).findings.size(), 15u);
  source_.now += 20s;
  post("new", -14s);
  serves("*", "new"), serves("b", "new", 404);
  pods_.asked.clear();
  EXPECT_EQ(run(Trigger::kChange).findings.size(), 16u);
  EXPECT_EQ(std::ranges::count_if(pods_.asked, [](const auto& one) { return one.pod == "b"; }), 2);
}

TEST_F(RollCallTest, pagesTooLargeToReadDoNotMakeThePodLost) {
  post("one", 1h), post("two", 2h), post("three", 3h);
  lists("*", {"one", "two", "three"}), lists("b", {"one", "two"});
  for (const char* slug : {"one", "two", "three"}) serves("*", slug);
  pods_.fail("b", "/one/", ErrorCode::kProtocol), pods_.fail("b", "/two/", ErrorCode::kProtocol);
  serves("b", "three", 404);
  EXPECT_THAT(claims(run()), ElementsAre("RC201 b three"));
}

TEST_F(RollCallTest, aRunForAChangeRepeatsTheGapsOfTheFullRun) {
  post("one");
  lists("*", {"one"});
  serves("*", "one");
  pods_.answer("b", "/sitemap-posts.xml", 500);
  EXPECT_EQ(run(Trigger::kInterval).gaps.size(), 1u);
  source_.now += 20s;
  post("two", -14s);
  serves("*", "two");
  EXPECT_EQ(run(Trigger::kChange).gaps.size(), 1u);
}

TEST_F(RollCallTest, aBrokenThemeIsNotBlamedOnPostsBecauseADraftIsRightlyMissing) {
  post("one");
  Entry& hidden = post("later");
  hidden.isPublic = false;
  hidden.status = "scheduled";
  lists("*", {"one"});
  serves("*", "one"), serves("b", "one", 400);
  pods_.answer("b", "/", 400);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 1u);
}

TEST_F(RollCallTest, assumedPermalinksAreNotAssertedWhileNoPodSaysAWord) {
  post("one");
  pods_.answer("*", "/sitemap-posts.xml", 500);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_FALSE(outcome.gaps.empty());
}

TEST_F(RollCallTest, aPodThatSendsAddressesWithoutEndIsNotKeptInMemory) {
  post("one");
  serves("*", "one"), lists("*", {"one"});
  std::string xml = "<urlset>";
  const std::string junk(8000, 'j');
  for (int i = 0; i < 5000; ++i)
    xml += "<url><loc>http://e.org/" + junk + std::to_string(i) + "/</loc></url>";
  pods_.answer("b", "/sitemap-posts.xml", 200, xml + "</urlset>");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_EQ(outcome.gaps[0].what, "the pod's sitemaps");
}

TEST_F(RollCallTest, aPrivateSiteIsNotAskedAtAll) {
  post("one");
  source_.settings.isPrivate = true;
  const Outcome outcome = run();
  EXPECT_TRUE(outcome.notApplicable);
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(RollCallTest, aTerminatingPodIsNeverBlamed) {
  post("one");
  lists("*", {"one"});
  serves("*", "one"), serves("b", "one", 404);
  topology_.pods[1].terminating = true;
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(RollCallTest, theTimeToAllPodsIsMeasured) {
  post("old");
  lists("*", {"old"});
  serves("*", "old");
  run(Trigger::kInterval);
  post("fresh", 0s);
  source_.entries.back().publishedAt = source_.entries.back().updatedAt = kNow + 10s;
  source_.now = kNow + 11s;
  serves("*", "fresh"), serves("c", "fresh", 404);
  EXPECT_THAT(run(Trigger::kChange).tally.propagationSeconds, IsEmpty());
  source_.now = kNow + 13s;
  serves("c", "fresh");
  EXPECT_THAT(run(Trigger::kChange).tally.propagationSeconds, ElementsAre(3.0));
  EXPECT_THAT(run(Trigger::kChange).tally.propagationSeconds, IsEmpty());
}

// "one a:ok b:missing! c:-", newest first; "!" for a real GET, "-" for nothing known.
std::vector<std::string> newest(const Outcome& outcome) {
  std::vector<std::string> lines;
  for (const RollRow& row : outcome.tally.newest) {
    std::string line = row.resource.slug;
    for (const char* pod : {"a", "b", "c"}) {
      const auto cell = row.cells.find(pod);
      line += cell == row.cells.end() ? fmt::format(" {}:-", pod)
                                      : fmt::format(" {}:{}{}", pod, cell->second.state,
                                                    cell->second.confirmed ? "!" : "");
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

TEST_F(RollCallTest, theNewestPostsAreShownWithHowEachWasLearned) {
  post("n1", 1h), post("n2", 2h), post("n3", 3h);
  Entry& draft = post("plan", 30min);
  draft.isPublic = false;
  draft.status = "draft";
  source_.add(ResourceType::kPage, "about", "about", kNow - std::chrono::hours(1));
  lists("*", {"n1", "n2", "n3"}), lists("b", {"n1", "n2"});
  for (const char* slug : {"n1", "n2", "n3", "about"}) serves("*", slug);
  serves("b", "n3", 404);
  EXPECT_THAT(newest(run()),
              ElementsAre("n1 a:ok! b:ok! c:ok!", "n2 a:ok b:ok c:ok", "n3 a:ok b:missing! c:ok"));
}

TEST_F(RollCallTest, aRunForAChangeKeepsTheTimeAtWhichTheOthersWereLearned) {
  post("one"), post("two", 48h);
  lists("*", {"one", "two"});
  serves("*", "one"), serves("*", "two");
  run(Trigger::kInterval);
  const WallTime before = clock_.wall();
  clock_.advance(30s);
  source_.now += 30s;
  post("three", -20s);
  serves("*", "three"), serves("c", "three", 404);
  const Outcome outcome = run(Trigger::kChange);
  EXPECT_THAT(newest(outcome), ElementsAre("three a:ok! b:ok! c:missing!", "one a:ok! b:ok! c:ok!",
                                           "two a:ok! b:ok! c:ok!"));
  EXPECT_EQ(outcome.tally.newest[0].cells.at("a").asOf, before + 30s);
  EXPECT_EQ(outcome.tally.newest[2].cells.at("a").asOf, before);
}

TEST_F(RollCallTest, aNewPostThatSettlesIsShownSo) {
  post("fresh", 2s);
  lists("*", {});
  serves("*", "fresh"), serves("b", "fresh", 404);
  EXPECT_THAT(newest(run()), ElementsAre("fresh a:ok! b:settling! c:ok!"));
}

TEST_F(RollCallTest, aPodThatCannotBeLookedAtIsShownSoAndForgetsNothing) {
  version("6.65");
  post("one", 1h), post("two", 2h), post("three", 3h);
  for (const char* slug : {"one", "two", "three"}) serves("*", slug);
  run(Trigger::kInterval);
  pods_.failAll("b", ErrorCode::kUnavailable);
  EXPECT_THAT(newest(run(Trigger::kInterval)),
              ElementsAre("one a:ok! b:unknown c:ok!", "two a:ok! b:unknown c:ok!",
                          "three a:- b:unknown c:-"));
}

TEST_F(RollCallTest, onlyTheNewestFiftyPostsAreShown) {
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) names.push_back(fmt::format("p{:02}", i));
  for (int i = 0; i < 60; ++i)
    post(names[static_cast<std::size_t>(i)], std::chrono::hours(i + 1)),
        serves("*", names[static_cast<std::size_t>(i)]);
  lists("*", names);
  const Outcome outcome = run();
  ASSERT_EQ(outcome.tally.newest.size(), kNewestRows);
  EXPECT_EQ(outcome.tally.newest.back().resource.slug, "p49");
}

// Ghost 6.65, where only the Content API's lists prove what nobody asks for.
class UnreadListsTest : public RollCallTest {
 protected:
  UnreadListsTest() {
    Settings made = settings();
    made.newest = 1;
    made.apiEvery = 5min;
    roll_ = RollCall(made);
    source_.key = "0123456789abcdef";
    post("one", 1h), post("two", 2h), post("three", 3h), post("four", 4h);
    for (const Pod& pod : topology_.pods) lists(pod.name, "one two three four", 1);
  }
  // What the pod's list of posts has on each of so many pages; with no page it answers 500.
  void lists(const std::string& pod, const std::string& slugs, std::size_t pages) {
    pods_.answerAll(pod, [=](const PodRequest& request) -> Result<HttpResponse> {
      HttpResponse response;
      response.status = 200;
      const bool posts = request.path.starts_with("/ghost/api/content/posts/");
      if (request.path == "/ghost/api/admin/site/")
        response.body = R"({"site":{"title":"t","url":"http://e.org/","version":"6.65"}})";
      else if (posts && pages == 0)
        response.status = 500;
      else if (posts)
        response.body = fmt::format(R"({{"posts":[{}],"meta":{{"pagination":{{"pages":{}}}}}}})",
                                    items(slugs), pages);
      else if (request.path.starts_with("/ghost/api/content/pages/"))
        response.body = R"({"pages":[],"meta":{"pagination":{"pages":1}}})";
      else if (request.path.starts_with("/sitemap-"))
        response.status = 404;
      return response;
    });
  }
  static std::string items(std::string_view slugs) {
    std::string all;
    for (std::size_t at = 0; at < slugs.size();) {
      const std::size_t end = std::min(slugs.find(' ', at), slugs.size());
      const std::string_view slug = slugs.substr(at, end - at);
      all += fmt::format(R"({}{{"id":"{}","slug":"{}","url":"http://e.org/{}/"}})",
                         all.empty() ? "" : ",", slug, slug, slug);
      at = end + 1;
    }
    return all;
  }
  static std::vector<std::string> gaps(const Outcome& outcome) {
    std::vector<std::string> lines;
    for (const Gap& gap : outcome.gaps)
      lines.push_back(fmt::format("{}: {}: {}", gap.pod, gap.what, gap.why.message));
    return lines;
  }
};

TEST_F(UnreadListsTest, readToTheEndLeavesNoGap) {
  EXPECT_THAT(gaps(run()), IsEmpty());
}

// 200,000 posts on Ghost 6, which gives at most 100 a page. "one" was really asked for.
TEST_F(UnreadListsTest, whatComesBeyondThePagesThatAreReadCouldNotBeLookedAt) {
  lists("b", "two", 2'001);
  const Outcome outcome = run();
  EXPECT_THAT(
      gaps(outcome),
      ElementsAre("b: 2 posts or pages: its Content API's list of posts goes on after 2,000 "
                  "pages, and no more are read"));
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_EQ(asked("b",
                  "/ghost/api/content/posts/"
                  "?key=0123456789abcdef&fields=id,slug,url&limit=100&page=2000"),
            1u);
}

TEST_F(UnreadListsTest, aListThatFailsIsAGapThatLastsUntilItIsReadAgain) {
  lists("b", "", 0);
  const std::vector<std::string> told{
      "b: 3 posts or pages: the pod answers 500 when asked for its Content API's list of posts"};
  EXPECT_EQ(gaps(run(Trigger::kInterval)), told);
  lists("b", "one two three four", 1);
  EXPECT_EQ(gaps(run(Trigger::kInterval)), told);
  EXPECT_EQ(gaps(run(Trigger::kChange)), told);
  clock_.advance(5min);
  EXPECT_THAT(gaps(run(Trigger::kInterval)), IsEmpty());
}

TEST_F(UnreadListsTest, whereTheSitemapsProveTheRestNoGapIsLeft) {
  lists("b", "", 0);
  pods_.answer("b", "/ghost/api/admin/site/", 200,
               R"({"site":{"title":"t","url":"http://e.org/","version":"6.56"}})");
  RollCallTest::lists("b", {"one", "two", "three", "four"});
  EXPECT_THAT(gaps(run()), IsEmpty());
}

}  // namespace
}  // namespace rollcall::roll
