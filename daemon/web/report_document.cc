#include "daemon/web/report_document.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/core/version.h"
#include "daemon/sinks/text.h"
#include "daemon/web/assets.h"
#include "daemon/web/html.h"
#include "daemon/web/page_parts.h"
#include "daemon/web/run_chart.h"

namespace rollcall {
namespace {

constexpr std::size_t kChangesShown = 20;

std::string about(const Report& report) {
  const std::string site = html(report.site.url.text());
  return fmt::format(
      "<p class=\"soft\">{}, asked {}, took {}</p>\n",
      report.site.title.empty() ? site : fmt::format("{} ({})", html(report.site.title), site),
      shortTime(report.started), formatDuration(report.took));
}

std::string item(std::string_view tone, const std::string& code, const std::string& pod,
                 std::string_view text) {
  return fmt::format("<li class=\"{}\"><span>{}{}: {}</span></li>\n", html(tone), html(code),
                     pod.empty() ? "" : " on " + html(pod), html(text));
}

std::string list(std::string_view heading, std::size_t findings,
                 const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string text =
      fmt::format("<h3>{} ({})</h3>\n<ul class=\"events\">\n", heading, grouped(findings));
  const std::size_t shown = std::min(kChangesShown, items.size());
  for (std::size_t i = 0; i < shown; ++i) text += items[i];
  text += "</ul>\n";
  if (items.size() > shown)
    text += fmt::format("<p>and {} more</p>\n", grouped(items.size() - shown));
  return text;
}

std::string newList(const std::vector<PastFinding>& findings) {
  std::vector<std::string> items;
  for (const PastFinding& one : findings)
    items.push_back(item(one.severity, one.code, one.pod, one.message));
  return list("New", findings.size(), items);
}

std::string pastList(std::string_view heading, std::string_view tone,
                     const std::vector<PastFinding>& findings) {
  std::vector<std::string> items;
  for (const PastGroup& one : groupPast(findings))
    items.push_back(item(tone, one.code, one.pod,
                         fmt::format("{} ({})", one.title, counted(one.count, "finding"))));
  return list(heading, findings.size(), items);
}

std::string runRow(const PastRun& run) {
  std::string times = "<td>none</td><td></td><td></td><td></td>";
  if (run.propagation)
    times =
        fmt::format("<td>{}</td><td>{}</td><td>{}</td><td>{}</td>", grouped(run.propagation->posts),
                    formatDuration(run.propagation->median), formatDuration(run.propagation->p95),
                    formatDuration(run.propagation->slowest));
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}{}</td><td>{}</td><td>{}</td>{}</tr>\n",
                     shortTime(run.started), html(run.verdict),
                     run.gaps > 0 ? ", not all looked at" : "", grouped(run.critical),
                     grouped(run.warning), times);
}

// The charts' numbers: for who does not see them, and for mail programs that draw none.
std::string runsTable(const std::vector<PastRun>& runs) {
  if (runs.size() < 2) return "";
  std::string rows;
  const auto newest = newestRuns(runs);
  for (auto run = newest.rbegin(); run != newest.rend(); ++run) rows += runRow(*run);
  return fmt::format(
      "<details id=\"runs\"><summary>These runs in numbers</summary>\n<table "
      "class=\"stacked\">\n<thead><tr><th scope=\"col\">Run</th><th scope=\"col\">Verdict</th>"
      "<th scope=\"col\">Critical</th><th scope=\"col\">Warnings</th><th scope=\"col\">New posts "
      "measured</th><th scope=\"col\">Half of them on all pods within</th><th scope=\"col\">95 of "
      "100</th><th "
      "scope=\"col\">All</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</details>\n",
      rows);
}

std::string changesSection(const Chronicle& chronicle) {
  const std::optional<WallTime> before = chronicle.before();
  if (!before)
    return "<section id=\"changes\">\n<h2>Since the last report</h2>\n<p>There was none: this is "
           "the first.</p>\n</section>\n";
  const Comparison& comparison = chronicle.comparison;
  std::string changes = newList(comparison.began) +
                        pastList("Ended", name(Verdict::kPass), comparison.ended) +
                        pastList("Not looked at again", name(Verdict::kUnknown), comparison.unseen);
  if (changes.empty()) changes = "<p>Nothing changed.</p>\n";
  return fmt::format(
      "<section id=\"changes\">\n<h2>Since the last report ({})</h2>\n{}<p class=\"soft\">{} still "
      "there</p>\n{}{}{}</section>\n",
      shortTime(*before), changes, grouped(comparison.lasting.size()),
      findingsChart(chronicle.runs), propagationChart(chronicle.runs), runsTable(chronicle.runs));
}

}  // namespace

std::string formatHtml(const Report& report, const Chronicle* chronicle) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{} - {}</title>\n"
      "<style>{}</style>\n</head>\n<body>\n<main>\n"
      "<section id=\"verdict\">\n<h1 class=\"{}\">{}</h1>\n{}</section>\n{}{}{}{}{}</main>\n"
      "<footer><p>Rollcall {}. Times are UTC.</p></footer>\n</body>\n</html>\n",
      title(report.verdict), html(report.site.url.text()), kPageStyle, name(report.verdict),
      html(headline(report)), about(report), chronicle ? changesSection(*chronicle) : "",
      findingsSection(report), blindSpotsSection(report), podsSection(report),
      checksSection(report), kVersion);
}

}  // namespace rollcall
