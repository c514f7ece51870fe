#include "daemon/sinks/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "daemon/sinks/golden.h"
#include "daemon/sinks/text.h"
#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t kManyFindings = 10'000;

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// What a terminal, an XML parser or a scraper must never get from outside.
void expectHarmless(const std::string& text) {
  for (const char c : text)
    EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F))
        << "control character " << static_cast<int>(c);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos) << "8-bit CSI";
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos) << "right-to-left override";
  EXPECT_EQ(visibleLines(text), text) << "not valid UTF-8";
}

TEST(Table, LooksAsOnTheGoldenPage) {
  expectGolden("fail.txt", formatTable(sampleFail(), {}));
  expectGolden("fail_verbose.txt", formatTable(sampleFail(), {false, 100, true}));
  expectGolden("fail_narrow.txt", formatTable(sampleFail(), {false, 40, false}));
  expectGolden("fail_color.txt", formatTable(sampleFail(), {true, 100, false}));
  expectGolden("pass.txt", formatTable(samplePass(), {}));
}

TEST(Table, ItsFirstLineIsTheVerdictInOneSentence) {
  EXPECT_EQ(linesOf(formatTable(sampleFail(), {}))[0],
            "FAIL: 5 posts on 2 of 3 pods: published but missing on the pod; also RC110");
}

TEST(Table, NeverBreaksACommandThatIsToBeCopied) {
  const Report report = sampleFail();
  const std::string command = report.checks[2].outcome.findings[0].reproduce;
  EXPECT_THAT(formatTable(report, {false, 40, false}), HasSubstr("\n    " + command + "\n"));
  EXPECT_THAT(formatTable(report, {true, 40, false}), HasSubstr("\n    " + command + "\n"));
}

TEST(Table, KeepsToTheWidthExceptForCommandsAndUrls) {
  for (const std::size_t width : {40, 60, 80, 120}) {
    for (const std::string& line : linesOf(formatTable(sampleFail(), {false, width, true}))) {
      const bool unbreakable =
          line.find("://") != std::string::npos || line.find("    kubectl") == 0;
      EXPECT_TRUE(columns(line) <= width || unbreakable) << width << ": " << line;
    }
  }
}

TEST(Table, NeutralisesWhatWouldDriveATerminal) {
  expectHarmless(formatTable(sampleHostile(), {false, 80, true}));
}

TEST(Table, TellsAPodNobodyAskedFromOneThatWasNotReached) {
  const Topology topology = sampleTopology(2);
  CheckRun run{.check = "posts", .verdict = Verdict::kPass};
  run.outcome.tally.pods["pod-1"] = {.reachable = false};
  const std::vector<std::string> lines =
      linesOf(formatTable(makeReport(sampleSite(), topology, {run}), {}));
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("pod-1"), HasSubstr("not reached"))));
  EXPECT_THAT(lines,
              Contains(AllOf(HasSubstr("pod-2"), HasSubstr("unknown"), HasSubstr("not asked"))));
}

TEST(Json, SaysNothingOfPrivateModeThatNoRunLearned) {
  CheckRun run{.check = "posts", .verdict = Verdict::kPass};
  run.outcome.tally.pods["pod-1"] = {.reachable = true};
  const auto json = nlohmann::json::parse(
      formatJson(makeReport(sampleSite(), sampleTopology(1), {run}), kManyFindings));
  EXPECT_TRUE(json["pods"][0]["private"].is_null());
}

TEST(Table, SaysSoWhenNothingHasRunYet) {
  const Report empty = makeReport(sampleSite(), {}, {});
  const std::string table = formatTable(empty, {});
  EXPECT_THAT(table, StartsWith("UNKNOWN: no check has run yet\n"));
  EXPECT_THAT(table, HasSubstr("CHECKS\n  none has run yet\n"));
}

TEST(Headline, NamesTheChecksThatAreYetToRun) {
  const Report pass = samplePass();
  const Report one = makeReport(pass.site, sampleTopology(1), pass.checks, {"theme"});
  EXPECT_EQ(headline(one), "UNKNOWN: 1 of 3 checks has not run yet: theme");
  const Report two = makeReport(pass.site, sampleTopology(1), pass.checks, {"theme", "volume"});
  EXPECT_EQ(headline(two), "UNKNOWN: 2 of 4 checks have not run yet: theme and volume");
}

TEST(Headline, NamesTheReasonWhenNothingCouldBeSeen) {
  Report report = samplePass();
  report.verdict = Verdict::kUnknown;
  report.checks[0].error = Error{ErrorCode::kUnavailable, "the database refused the connection"};
  EXPECT_EQ(headline(report), "UNKNOWN: could not look: pods: the database refused the connection");
  report.checks[1].outcome.gaps.push_back(
      {"pod-1", "the pod", {ErrorCode::kUnavailable, "refused"}});
  EXPECT_THAT(headline(report), HasSubstr("(and 1 more)"));
}

TEST(Headline, CountsWhatIsWellAndWhatIsWrong) {
  EXPECT_EQ(headline(samplePass()),
            "PASS: 3 pods, 1,024 posts and 12 pages: nothing wrong was seen (2 checks)");
  Report warned = sampleFail();
  warned.checks.erase(warned.checks.begin() + 2);
  warned.verdict = Verdict::kWarn;
  EXPECT_EQ(headline(warned), "WARN: pods run different versions");
  warned.verdict = Verdict::kNotApplicable;
  EXPECT_EQ(headline(warned), "NOT APPLICABLE: no check had what it needs to run");
}

TEST(Headline, NamesTheDatabaseFirstAmongEquals) {
  constexpr FindingDef kMail{"RC653", Severity::kCritical, "no mail server", "", ""};
  constexpr FindingDef kDatabase{"RC701", Severity::kCritical, "no database", "", ""};
  CheckRun mail{.check = "mail", .verdict = Verdict::kFail};
  mail.outcome.findings = {{.def = &kMail}};
  CheckRun database{.check = "database", .verdict = Verdict::kFail};
  database.outcome.findings = {{.def = &kDatabase}};
  const auto headlineNow = [&] {
    return headline(makeReport(sampleSite(), sampleTopology(1), {mail, database}));
  };
  EXPECT_EQ(headlineNow(), "FAIL: no database; also RC653");
  mail.outcome.findings.push_back(mail.outcome.findings[0]);
  EXPECT_EQ(headlineNow(), "FAIL: no mail server; also RC701");
}

TEST(Groups, HoldTheWorstFirstAndTheNewestFindingFirst) {
  const Report report = sampleFail();
  const std::vector<FindingGroup> groups = groupFindings(report);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].pod, "pod-2");
  EXPECT_EQ(groups[1].pod, "pod-3");
  EXPECT_EQ(groups[2].def, &kSampleSkew);
  EXPECT_EQ(groups[0].check, "posts");
  ASSERT_EQ(groups[0].findings.size(), 5u);
  EXPECT_EQ(groups[0].findings[0]->resource->slug, "story-5");
  EXPECT_EQ(groups[0].findings[4]->resource->slug, "story-1");
}

TEST(Groups, PreferTheTimeOfPublicationToTheId) {
  Report report = sampleFail();
  report.checks[2].outcome.findings[4].evidence["published_at"] = formatTime(sampleTime());
  EXPECT_EQ(groupFindings(report)[0].findings[0]->resource->slug, "story-1");
}

TEST(Json, LooksAsOnTheGoldenPage) {
  expectGolden("fail.json", formatJson(sampleFail(), kManyFindings));
  expectGolden("pass.json", formatJson(samplePass(), kManyFindings));
}

TEST(Json, CountsTheFindingsItLeavesOutAndKeepsTheWorst) {
  const auto json = nlohmann::json::parse(formatJson(sampleFail(), 6));
  EXPECT_EQ(json["findings"].size(), 6u);
  EXPECT_EQ(json["findings_omitted"], 1);
  for (const auto& finding : json["findings"]) EXPECT_EQ(finding["severity"], "critical");
}

TEST(Json, ReplacesBytesThatAreNoUtf8) {
  const auto json = nlohmann::json::parse(formatJson(sampleHostile(), kManyFindings));
  EXPECT_THAT(json["site"]["title"].get<std::string>(), HasSubstr("\xef\xbf\xbd"));
  expectGolden("hostile.json", formatJson(sampleHostile(), kManyFindings));
}

TEST(Json, IsSafeToPrintAndStillTheSameDocument) {
  Report report = samplePass();
  const std::string evil =
      "\x7f\xc2\x9b"
      "2J\xe2\x80\xae\xf3\xa0\x80\x81\x1b";
  report.site.title = evil;
  const std::string text = formatJson(report, kManyFindings);
  expectHarmless(text);
  EXPECT_EQ(nlohmann::json::parse(text)["site"]["title"], evil);
}

Chronicle sampleChronicle() {
  Chronicle chronicle;
  for (int day = -2; day <= 0; ++day)
    chronicle.runs.push_back({.started = sampleTime(day * 86'400),
                              .took = std::chrono::milliseconds(1'200),
                              .verdict = day == 0 ? "fail" : "pass",
                              .pods = 3,
                              .critical = day == 0 ? 10u : 0u,
                              .warning = 1});
  const PastFinding missing{.check = "posts",
                            .code = "RC201",
                            .pod = "pod-2",
                            .resource = "post:1",
                            .severity = "critical",
                            .title = "published but missing on the pod",
                            .message = "pod-2 answers 404 for /a_post/",
                            .since = sampleTime(-30)};
  PastFinding over = missing;
  over.pod = "pod-3 | <b>";
  over.message = "a message with `code`, *stars*, <b>tags</b> and a | bar";
  chronicle.comparison = {.began = {missing}, .lasting = {}, .ended = {over}, .unseen = {}};
  return chronicle;
}

TEST(Markdown, LooksAsOnTheGoldenPage) {
  const Chronicle chronicle = sampleChronicle();
  expectGolden("fail.md", formatMarkdown(sampleFail(), &chronicle));
  expectGolden("pass.md", formatMarkdown(samplePass(), nullptr));
}

TEST(Markdown, SaysWhenItIsTheFirst) {
  Chronicle chronicle = sampleChronicle();
  chronicle.runs.resize(1);
  EXPECT_THAT(formatMarkdown(sampleFail(), &chronicle), HasSubstr("There was none"));
}

// What is left of Markdown without blocks of code and without what is escaped.
std::string unescapedMarkdown(const std::string& text) {
  std::string left;
  bool inBlock = false;
  for (const std::string& line : linesOf(text)) {
    if (line.starts_with("```")) inBlock = !inBlock;
    if (inBlock || line.starts_with("```")) continue;
    for (std::size_t i = 0; i < line.size(); ++i)
      if (line[i] == '\\')
        ++i;
      else
        left += line[i];
  }
  return left;
}

TEST(Markdown, LetsNothingFromOutsideBecomeMarkup) {
  const std::string text = formatMarkdown(sampleHostile(), nullptr);
  expectHarmless(text);
  EXPECT_THAT(text, HasSubstr("<"));
  for (const char* markup : {"<", "[", "`", "~", "*"})
    EXPECT_THAT(unescapedMarkdown(text), Not(HasSubstr(markup)));
}

// A command that holds a fence stays in its block.
TEST(Markdown, FencesAreLongerThanWhatTheyHold) {
  Report report = sampleFail();
  for (CheckRun& run : report.checks)
    for (Finding& finding : run.outcome.findings) finding.reproduce = "curl ``` # x";
  EXPECT_THAT(formatMarkdown(report, nullptr), HasSubstr("````sh\ncurl ``` # x\n````\n"));
}

TEST(Junit, LooksAsOnTheGoldenPage) {
  expectGolden("fail.junit.xml", formatJunit(sampleFail()));
  expectGolden("hostile.junit.xml", formatJunit(sampleHostile()));
}

TEST(Junit, LetsNothingFromOutsideBecomeMarkup) {
  const std::string xml = formatJunit(sampleHostile());
  expectHarmless(xml);
  EXPECT_THAT(xml, Not(HasSubstr("<script")));
  EXPECT_THAT(xml, Not(HasSubstr("]]>")));
}

TEST(Nagios, PutsVerdictAndPerfdataOnTheFirstLine) {
  EXPECT_EQ(formatNagios(samplePass()),
            "ROLLCALL OK - 3 pods, 1,024 posts and 12 pages: nothing wrong was seen (2 checks) | "
            "findings_critical=0;;;0 findings_warning=0;;;0 findings_info=0;;;0 gaps=0;;;0 "
            "pods=3;;;0 pods_up=3;;;0 time=1.300s;;;0\n");
  expectGolden("fail.nagios.txt", formatNagios(sampleFail()));
}

TEST(Nagios, LetsNoMessageStartPerfdata) {
  const std::string text = formatNagios(sampleHostile());
  expectHarmless(text);
  EXPECT_EQ(std::count(text.begin(), text.end(), '|'), 1);
}

TEST(Nagios, CutsLongLinesBetweenCharacters) {
  Report report = sampleFail();
  report.checks[2].outcome.findings[0].message = std::string(999, 'a') + std::string(50, '\xc3');
  std::string accents;
  for (int i = 0; i < 2000; ++i) accents += "\xc3\xa9";
  for (Finding& finding : report.checks[2].outcome.findings) finding.message = accents;
  expectHarmless(formatNagios(report));
}

TEST(Visible, KeepsOrdinaryTextOfAnyScript) {
  for (const char* text : {"plain", "Grüße", "日本語", "עברית", "emoji 👍",
                           "a\xe2\x80\x8d"
                           "b"})
    EXPECT_EQ(visible(text), text);
}

struct Harm {
  std::string text;
  std::string shown;
};

TEST(Visible, ReplacesWhatCouldDoHarm) {
  const std::string mark = "\xef\xbf\xbd";
  const Harm rows[] = {{"a\x1b[31mb", "a" + mark + "[31mb"},
                       {"a\nb\tc\rd", "a b c d"},
                       {"a\r\nb", "a b"},
                       {"\xff", mark},
                       {"\xc3", mark},
                       {"\xc0\xaf", mark + mark},
                       {"\xed\xa0\x80", mark + mark + mark},
                       {"\xf4\x90\x80\x80", mark + mark + mark + mark},
                       {"\xc2\x9b"
                        "2J",
                        mark + "2J"},
                       {"\xe2\x80\xae"
                        "x",
                        mark + "x"},
                       {"\xef\xbf\xbe", mark},
                       {std::string("a\0b", 3), "a" + mark + "b"}};
  for (const Harm& row : rows) EXPECT_EQ(visible(row.text), row.shown) << row.text;
}

TEST(EscapedInMarkup, LeavesNothingThatStartsOrEndsATagAnEntityOrAnAttribute) {
  EXPECT_EQ(escapedInMarkup("<a b=\"c\" d='e'>&amp;</a>\n]]>"),
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;&lt;/a&gt;\n]]&gt;");
  EXPECT_EQ(escapedInMarkup("plain 日本語"), "plain 日本語");
}

TEST(Wrap, BreaksAtSpacesOnlyAndNeverInsideBackquotes) {
  EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrap("", 7), std::vector<std::string>{""});
  EXPECT_EQ(wrap("an overlongword x", 4), (std::vector<std::string>{"an", "overlongword", "x"}));
  EXPECT_EQ(wrap("run `a b c d e` now", 8),
            (std::vector<std::string>{"run", "`a b c d e`", "now"}));
  EXPECT_EQ(wrap("a ` b", 1), (std::vector<std::string>{"a", "`", "b"}));
  EXPECT_EQ(wrap("kubectl delete pod x", 8), std::vector<std::string>{"kubectl delete pod x"});
}

struct AdviceRow {
  const char* remedy;
  Advice parts;
};

TEST(SplitAdvice, FindsTheCommandToCopy) {
  const AdviceRow rows[] = {
      {"finish the rollout", {"finish the rollout", "", ""}},
      {"kubectl delete pod a", {"", "kubectl delete pod a", ""}},
      {"restart a: kubectl delete pod a", {"restart a", "kubectl delete pod a", ""}},
      {"restart a: kubectl delete pod a; then wait",
       {"restart a", "kubectl delete pod a", "then wait"}},
      {"note: restart it: docker restart a", {"note: restart it", "docker restart a", ""}},
      {"see: nothing", {"see: nothing", "", ""}},
      {"", {"", "", ""}}};
  for (const AdviceRow& row : rows) {
    const Advice parts = splitAdvice(row.remedy);
    EXPECT_EQ(parts.before, row.parts.before) << row.remedy;
    EXPECT_EQ(parts.command, row.parts.command) << row.remedy;
    EXPECT_EQ(parts.after, row.parts.after) << row.remedy;
  }
}

TEST(Columns, CountWideCharactersTwiceAndCombiningOnesNot) {
  EXPECT_EQ(columns("abc"), 3u);
  EXPECT_EQ(columns("日本"), 4u);
  EXPECT_EQ(columns("e\xcc\x81"), 1u);
}

TEST(Counted, GroupsDigitsAndKnowsOne) {
  EXPECT_EQ(counted(1, "post"), "1 post");
  EXPECT_EQ(counted(0, "post"), "0 posts");
  EXPECT_EQ(counted(1234567, "post"), "1,234,567 posts");
}

TEST(BlindSpots, ofOneReasonAreOneLine) {
  const Error refused{ErrorCode::kUnavailable, "connection refused"};
  const Error late{ErrorCode::kDeadlineExceeded, "no answer within 5 s"};
  CheckRun posts{.check = "posts"};
  posts.outcome.gaps = {{"pod-2", "newest posts", refused}, {"pod-3", "newest posts", late}};
  CheckRun settings{.check = "settings"};
  settings.outcome.gaps = {{"pod-2", "its settings", refused}};
  CheckRun theme{.check = "theme", .error = refused};
  CheckRun tiers{.check = "tiers", .error = refused};
  Report report;
  report.checks = {posts, settings, theme, tiers};
  EXPECT_THAT(
      blindSpots(report),
      testing::ElementsAre(
          "pod-2: newest posts, its settings: connection refused (unavailable; posts, settings)",
          "pod-3: newest posts: no answer within 5 s (deadline_exceeded; posts)",
          "theme, tiers could not run: connection refused (unavailable)"));
}

}  // namespace
}  // namespace rollcall
