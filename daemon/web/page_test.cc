#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/web/report_pages.h"
#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using namespace testing_support;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string page(const Report& report) {
  return renderPage(&report);
}

TEST(Page, PutsTheVerdictSentenceFirst) {
  const std::string text = page(sampleFail());
  EXPECT_THAT(text, HasSubstr("<main>\n<h1 class=\"fail\">FAIL: 5 posts on 2 of 3 pods: published "
                              "but missing on the pod; also RC110</h1>"));
  EXPECT_THAT(text, HasSubstr("<title>FAIL - Rollcall</title>"));
}

TEST(Page, ShowsPodsFindingsGapsAndChecks) {
  const std::string text = page(sampleFail());
  for (const char* part :
       {"<td>pod-2</td><td class=\"word fail\">fail</td><td>10.0.0.2:2368</td><td>5.130</td>",
        "critical RC201 on pod-2 (5 posts): published but missing on the pod",
        "Likely cause: pod-2 booted",
        "<pre>curl -sS -o /dev/null -w &#39;%{http_code}\\n&#39; --connect-to",
        "<pre>kubectl delete pod pod-2</pre>", "archives could not run: the database at",
        "pod-3: 2 of 20 newest posts: no answer within 5 s", "not applicable",
        "3 posts changed within the last 5 s and are not judged yet"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(Page, SaysWhetherARestartIsSafeBeforeItsCommand) {
  EXPECT_THAT(page(sampleFail()),
              HasSubstr("<p>Restart: NOT safe now: 1 scheduled post is due within 10 minutes</p>\n"
                        "<p>Remedy: restart pod-2:</p>\n<pre>kubectl delete pod pod-2</pre>"));
}

TEST(Page, BoxesEachCommandOfARemedyOfTwo) {
  Report report = sampleFail();
  for (CheckRun& run : report.checks)
    for (Finding& finding : run.outcome.findings)
      finding.remedy = "kubectl describe pod a; kubectl logs a";
  EXPECT_THAT(page(report),
              HasSubstr("<pre>kubectl describe pod a</pre>\n<pre>kubectl logs a</pre>"));
}

TEST(Page, RenewsItselfAndLoadsNothing) {
  const std::string text = page(sampleFail());
  EXPECT_THAT(text, HasSubstr("<meta http-equiv=\"refresh\" content=\"10\">"));
  for (const char* part : {"<script", "src=", "@import", "url(", "<link", "<img", "<iframe"})
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
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\xff")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));
}

TEST(Page, NeverShowsTheSlugOfWhatIsNotPublished) {
  const std::string text = page(sampleDraft());
  EXPECT_THAT(text, Not(HasSubstr("secret-plan")));
  EXPECT_THAT(text, HasSubstr("1 post whose address is not shown here"));
  EXPECT_THAT(text, HasSubstr("critical RC205 on pod-1: served though not published"));
}

TEST(Page, ShowsFindingsWhoseDatabaseStatusIsPublished) {
  Report report = sampleDraft();
  report.checks[1].outcome.findings[0].evidence["db_status"] = "published";
  EXPECT_THAT(page(report), HasSubstr("secret-plan"));
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
