#include "daemon/web/report_document.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using namespace testing_support;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

PastRun run(int day, std::size_t critical, std::size_t warning, std::size_t gaps = 0) {
  return {.started = sampleTime(day * 86'400),
          .verdict = critical > 0 ? "fail" : "pass",
          .critical = critical,
          .warning = warning,
          .gaps = gaps};
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(ReportDocument, SaysVerdictChangesFindingsAndChecks) {
  Chronicle chronicle{.runs = {run(-1, 0, 1), run(0, 6, 1)}};
  chronicle.comparison.began = {{.code = "RC201", .pod = "pod-2", .message = "pod-2 answers 404"}};
  const std::string text = formatHtml(sampleFail(), &chronicle);
  for (const char* part :
       {"<h1 class=\"fail\">FAIL: ", "Since the last report (2025-12-31", "New (1)",
        "RC201 on pod-2: pod-2 answers 404", "<svg ", "kubectl delete pod pod-2", "id=\"checks\""})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(ReportDocument, LoadsNothingAndRunsNothing) {
  const Chronicle chronicle{.runs = {run(-1, 0, 1), run(0, 6, 1)}};
  const std::string text = formatHtml(sampleHostile(), &chronicle);
  for (const char* part : {"<script", "<link", " src=", "url(", "@import", "http-equiv"})
    EXPECT_THAT(text, Not(HasSubstr(part))) << part;
}

TEST(ReportDocument, TheFirstReportSaysSo) {
  const Chronicle chronicle{.runs = {run(0, 6, 1)}};
  const std::string text = formatHtml(sampleFail(), &chronicle);
  EXPECT_THAT(text, HasSubstr("this is the first"));
  EXPECT_THAT(text, Not(HasSubstr("<svg")));
  EXPECT_THAT(formatHtml(sampleFail(), nullptr), Not(HasSubstr("Since the last report")));
}

TEST(FindingsChart, HasABarForEachOfTheNewestRuns) {
  EXPECT_THAT(findingsChart({}), IsEmpty());
  EXPECT_THAT(findingsChart({run(0, 1, 1)}), IsEmpty());
  EXPECT_EQ(count(findingsChart({run(0, 0, 0), run(1, 0, 0)}), "<g>"), 2u);
  EXPECT_EQ(count(findingsChart(std::vector<PastRun>(500, run(0, 1, 0))), "<g>"), 60u);
}

// The tallest bar is as high as the picture allows, and no rectangle is higher.
TEST(FindingsChart, KeepsProportions) {
  const std::string text = findingsChart({run(0, 10, 0), run(1, 5, 5), run(2, 0, 0)});
  EXPECT_EQ(count(text, "height=\"120.0\" fill=\"var(--fail)\""), 1u);
  EXPECT_EQ(count(text, "height=\"60.0\" fill=\"var(--fail)\""), 1u);
  EXPECT_EQ(count(text, "height=\"60.0\" fill=\"var(--warn)\""), 1u);
  EXPECT_THAT(text, HasSubstr("at most 10"));
}

TEST(FindingsChart, ARunThatCouldNotLookIsMarkedAndNotTakenForHealth) {
  const std::string text = findingsChart({run(0, 0, 0), run(1, 0, 0, 3)});
  EXPECT_EQ(count(text, ">?</text>"), 1u);
  EXPECT_THAT(text, HasSubstr("could not look at everything"));
}

TEST(PropagationChart, HasAColumnForEachRunAndKeepsProportions) {
  using std::chrono::seconds;
  PastRun none = run(0, 0, 0);
  PastRun slow = run(1, 0, 0);
  slow.propagation = {20, seconds(5), seconds(10), seconds(20)};
  EXPECT_THAT(propagationChart({slow}), IsEmpty());
  EXPECT_THAT(propagationChart({none, none}), IsEmpty());
  const std::string text = propagationChart({none, slow});
  EXPECT_EQ(count(text, "<g>"), 2u);
  EXPECT_EQ(count(text, "height=\"30.0\" fill=\"var(--link)\""), 1u);
  EXPECT_EQ(count(text, "height=\"30.0\" fill=\"var(--none)\""), 1u);
  EXPECT_EQ(count(text, "height=\"60.0\" fill=\"var(--line)\""), 1u);
  EXPECT_THAT(text, HasSubstr("nothing was measured"));
  EXPECT_THAT(text, HasSubstr("20 posts, half of them within 5.0 s, 95 of 100 within 10.0 s"));
}

TEST(Charts, HaveATitleADescriptionAndTheirNumbersInATable) {
  PastRun now = run(1, 6, 1);
  now.propagation = {3, std::chrono::milliseconds(1'500), std::chrono::seconds(2),
                     std::chrono::seconds(4)};
  const Chronicle chronicle{.runs = {run(0, 0, 1), now}};
  const std::string text = formatHtml(sampleFail(), &chronicle);
  for (const char* chart : {"findings-chart", "propagation-chart"}) {
    EXPECT_THAT(text, HasSubstr(fmt::format("aria-labelledby=\"{0}-title {0}-what\"", chart)));
    EXPECT_THAT(text, HasSubstr(fmt::format("<title id=\"{}-title\">", chart)));
    EXPECT_THAT(text, HasSubstr(fmt::format("<desc id=\"{}-what\">", chart)));
  }
  EXPECT_THAT(text, HasSubstr("<td>3</td><td>1.5 s</td><td>2.0 s</td><td>4.0 s</td>"));
}

}  // namespace
}  // namespace rollcall
