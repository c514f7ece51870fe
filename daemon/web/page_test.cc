#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "daemon/web/assets.h"
#include "daemon/web/report_pages.h"
#include "tests/support/sample_board.h"

namespace rollcall {
namespace {

using namespace testing_support;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string page(const Report& report) {
  const Board board = boardOf(report);
  return renderPage(&board);
}

TEST(Page, PutsTheVerdictSentenceFirst) {
  const std::string text = page(sampleFail());
  EXPECT_THAT(text, HasSubstr("<main>\n<section id=\"verdict\">\n<h1 class=\"fail\">FAIL: 5 posts "
                              "on 2 of 3 pods: published "
                              "but missing on the pod; also RC110</h1>"));
  EXPECT_THAT(text, HasSubstr("<title>FAIL - Rollcall</title>"));
}

TEST(Page, ShowsPodsFindingsGapsAndChecks) {
  const std::string text = page(sampleFail());
  for (const char* part :
       {"<th scope=\"row\">pod-2</th><td class=\"word fail\">fail</td><td>10.0.0.2:2368</td>"
        "<td>Ghost 5.130</td>",
        "<h2>Pods: 2 fail, 1 pass</h2>",
        "critical RC201 on pod-2 (5 posts): published but missing on the pod",
        "<b>Likely cause:</b> pod-2 booted", "seen since <time datetime=\"2026-01-01T09:59:30Z\">",
        "<pre>curl -sS -o /dev/null -w &#39;%{http_code}\\n&#39; --connect-to",
        "<pre>kubectl delete pod pod-2</pre>", "archives could not run: the database at",
        "pod-3: 2 of 20 newest posts: no answer within 5 s", "not applicable",
        "3 posts changed within the last 5 s and are not judged yet"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(Page, SaysWhetherARestartIsSafeBeforeItsCommand) {
  EXPECT_THAT(page(sampleFail()),
              HasSubstr("<p><b>Restart:</b> NOT safe now: 1 scheduled post is due within 10 minutes"
                        "</p>\n<p><b>Remedy:</b> restart pod-2:</p>\n<div class=\"command\"><pre>"
                        "kubectl delete pod pod-2</pre></div>"));
}

TEST(Page, BoxesEachCommandOfARemedyOfTwo) {
  Report report = sampleFail();
  for (CheckRun& run : report.checks)
    for (Finding& finding : run.outcome.findings)
      finding.remedy = "kubectl describe pod a; kubectl logs a";
  EXPECT_THAT(page(report), HasSubstr("<pre>kubectl describe pod a</pre></div>\n"
                                      "<div class=\"command\"><pre>kubectl logs a</pre></div>"));
}

TEST(Page, RenewsItselfAndLoadsNothing) {
  const std::string text = page(sampleFail());
  EXPECT_THAT(text, HasSubstr("<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>"));
  for (const char* part : {"src=", "@import", "url(", "<link rel=\"stylesheet", "<img", "<iframe"})
    EXPECT_THAT(text, Not(HasSubstr(part)));
}

TEST(Page, SaysSoBeforeTheFirstRun) {
  EXPECT_THAT(renderPage(nullptr), HasSubstr("no check has completed yet"));
  EXPECT_THAT(page(makeReport(sampleSite(), sampleTopology(), {})),
              HasSubstr("no check has completed yet"));
}

TEST(Page, EscapesEverythingFromOutside) {
  const std::string text = page(sampleHostile());
  EXPECT_THAT(text, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;&quot;&#39;|=;"));
  EXPECT_THAT(text, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\xff")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));
}

TEST(Page, NeverShowsTheSlugOfWhatIsNotPublished) {
  const std::string text = page(sampleDraft());
  EXPECT_THAT(text, Not(HasSubstr("secret-plan")));
  EXPECT_THAT(text, HasSubstr("the post 64b7f0000000000000000009 is not published (draft): its "
                              "address is not shown"));
  EXPECT_THAT(text, HasSubstr("critical RC205 on pod-1: served though not published"));
}

TEST(Page, ShowsFindingsWhoseDatabaseStatusIsPublished) {
  Report report = sampleDraft();
  report.checks[1].outcome.findings[0].evidence["db_status"] = "published";
  EXPECT_THAT(page(report), HasSubstr("secret-plan"));
}

TEST(Page, ShowsEachStateOfTheNewestPostsInWordsWithItsAge) {
  const std::string text = page(sampleStates());
  for (const char* part :
       {"<th scope=\"row\"><a href=\"https://example.org/story-1/\">story-1</a></th>",
        "<td class=\"ok\" title=\"story-1 on pod-1: answers as it should; asked at "
        "2026-01-01T10:00:00Z\"><i>ok</i> 1s</td>",
        "<td class=\"missing\" title=\"story-2 on pod-1: answers 404; by its own lists at "
        "2026-01-01T10:00:00Z\"><i>missing</i> 1s</td>",
        "<i>moved</i>", "<i>declared</i>", "<i>error</i>", "<i>served</i>", "<i>settling</i>",
        "<i>timeout</i>", "<i>unknown</i>", "story-10 on pod-1: nothing is known yet"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(Page, TellsTheEvidenceOfAWrongCell) {
  EXPECT_THAT(page(sampleMany(3, 20)),
              HasSubstr("title=\"story-1 on pod-2: pod-2 answers 404 for "
                        "https://example.org/story-1/; asked at 2026-01-01T10:00:00Z\""));
}

TEST(Page, TellsNoOtherChecksFindingOfACell) {
  Report report = sampleMany(3, 20);
  Finding other =
      sampleMissing("pod-2", "story-1", report.checks[1].outcome.tally.newest[0].resource.id);
  other.message = "story-1 is overdue";
  report.checks[0].outcome.findings.push_back(other);
  EXPECT_THAT(page(report), HasSubstr("title=\"story-1 on pod-2: pod-2 answers 404 for "));
}

TEST(Page, SaysSoWhereTheRollWasNotTaken) {
  Report report = sampleFail();
  for (CheckRun& run : report.checks) {
    run.outcome.tally.newest.clear();
    run.outcome.tally.resources.clear();
  }
  EXPECT_THAT(page(report), HasSubstr("the roll was not taken: see the check posts"));
}

TEST(Page, SaysSoWhereNoPostIsPublished) {
  Report report = samplePass();
  report.checks.back().outcome.tally.resources = {{"page", 2}, {"post", 0}};
  EXPECT_THAT(page(report), HasSubstr("<p class=\"soft\">no post is published</p>"));
}

TEST(Page, TellsWhyACheckCouldNotLook) {
  const std::string text = page(sampleFail());
  EXPECT_THAT(text,
              HasSubstr("could not run: the database at mysql://ghost@db:3306/ghost refused"));
  EXPECT_THAT(text, HasSubstr("could not look: pod-3: 2 of 20 newest posts: no answer within 5 s"));
}

TEST(Page, FoldsManyPodsButThoseThatAreNotWell) {
  const std::string text = page(sampleMany(20, 20));
  EXPECT_THAT(text, HasSubstr("<h2>Pods: 2 fail, 18 pass</h2>"));
  EXPECT_THAT(text, HasSubstr("<details id=\"more-pods\"><summary>18 other pods</summary>"));
  EXPECT_LT(text.find("<th scope=\"row\">pod-3</th>"), text.find("more-pods"));
}

TEST(Page, ShowsWhatHappenedAndWhichFailuresThereWere) {
  Timeline timeline;
  timeline.take(samplePass());
  Report report = sampleFail();
  timeline.take(report);
  report = samplePass();
  report.started += std::chrono::minutes(3);
  timeline.take(report);
  const Board board{std::make_shared<const Report>(report),
                    std::make_shared<const Timeline>(timeline)};
  const std::string text = renderPage(&board);
  EXPECT_THAT(text, HasSubstr("<li class=\"fail\"><span>the verdict turned from PASS to FAIL"));
  EXPECT_THAT(text, HasSubstr("RC201 is over on pod-2 after 4 min"));
  EXPECT_THAT(text, HasSubstr("<summary>3 failures since Rollcall started</summary>"));
  EXPECT_THAT(text, HasSubstr("<th scope=\"row\" class=\"critical\">RC201</th><td>pod-2</td>"
                              "<td>5</td>"));
}

TEST(Page, CountsOnlyTheLastFailuresOnceThereWereMore) {
  Timeline timeline;
  Report report = samplePass();
  for (std::size_t i = 0; i <= Timeline::kFailures; ++i) {
    report = sampleFail();
    report.started += std::chrono::minutes(2 * i);
    timeline.take(report);
    report = samplePass();
    report.started += std::chrono::minutes(2 * i + 1);
    timeline.take(report);
  }
  const Board board{std::make_shared<const Report>(report),
                    std::make_shared<const Timeline>(timeline)};
  EXPECT_THAT(renderPage(&board), HasSubstr("<summary>the last 100 failures</summary>"));
}

TEST(Page, SaysWhichReplicaLeadsAndSinceWhen) {
  Report report = samplePass();
  EXPECT_THAT(page(report), HasSubstr("This replica of Rollcall leads since <time"));
  report.leads = false;
  EXPECT_THAT(page(report), HasSubstr("Another replica of Rollcall leads since <time"));
  report.leads.reset();
  EXPECT_THAT(page(report), Not(HasSubstr("replica")));
}

// A secret that found its way into an unusual place is still no text of the page.
TEST(Page, NamesNoDraftWhereverOneStands) {
  Report report = sampleDraft();
  Finding& finding = report.checks[1].outcome.findings[0];
  finding.reproduce = "curl https://example.org/secret-plan/";
  finding.remedy = "purge /secret-plan/";
  finding.evidence["declared"] = "/secret-plan/";
  EXPECT_THAT(page(report), Not(HasSubstr("secret-plan")));
}

TEST(ContentPolicy, NamesTheVeryStyleAndScriptOfThePage) {
  const std::string text = page(samplePass());
  EXPECT_THAT(text, HasSubstr("<style>" + std::string(kPageStyle) + "</style>"));
  EXPECT_THAT(text, HasSubstr("<script>" + std::string(kPageScript) + "</script>"));
  EXPECT_THAT(contentPolicy(), ContainsRegex("style-src 'sha256-[A-Za-z0-9+/]{43}='; script-src "
                                             "'sha256-[A-Za-z0-9+/]{43}='; connect-src 'self'"));
  EXPECT_THAT(contentPolicy(), Not(HasSubstr("unsafe")));
}

TEST(Page, OfFiftyPodsAndFiftyPostsIsRenderedAtOnce) {
  const Board board = boardOf(sampleMany());
  const auto start = std::chrono::steady_clock::now();
  const std::string text = renderPage(&board);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  RecordProperty("milliseconds", std::to_string(took.count()));
  RecordProperty("bytes", std::to_string(text.size()));
  std::cout << text.size() << " bytes in " << took.count() << " ms\n";
  EXPECT_LT(text.size(), 700'000u);
  EXPECT_LT(took.count(), 1'000) << "50 ms on a machine at rest; sanitizers and neighbours cost";
}

TEST(Page, StaysSmallWithThousandsOfFindings) {
  Report report = sampleFail();
  std::vector<Finding>& findings = report.checks[2].outcome.findings;
  findings.clear();
  for (int i = 0; i < 5000; ++i)
    findings.push_back(sampleMissing("pod-" + std::to_string(i % 100), "story", std::to_string(i)));
  EXPECT_LT(page(report).size(), 200'000u);
}

}  // namespace
}  // namespace rollcall
