// The status page: rendered here, no script, nothing loaded from anywhere.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/core/finding_traits.h"
#include "daemon/core/version.h"
#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"
#include "daemon/web/report_pages.h"

namespace rollcall {
namespace {

constexpr std::size_t kNewestShown = 5;
constexpr std::size_t kGroupsShown = 50;
constexpr std::size_t kGapsShown = 50;

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--bg:#fff;--fg:#1c1f23;--soft:#5b636d;--line:#dde1e6;--box:#f6f7f9;
--pass:#1a7f37;--warn:#8a5a00;--fail:#c4232b;--unknown:#7a3fb8;--none:#5b636d}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e8ea;--soft:#9aa3ad;--line:#30363d;--box:#1d2125;
--pass:#4ac26b;--warn:#e3b341;--fail:#ff7b72;--unknown:#c297ff;--none:#9aa3ad}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:66rem;margin:0 auto;padding:1rem}
h1{font-size:1.4rem;line-height:1.3;margin:.5rem 0;padding-left:.75rem;border-left:.4rem solid}
h2{font-size:1rem;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:0}
p,ul{margin:.4rem 0}
ul{padding-left:1.2rem}
.soft{color:var(--soft)}
.pass{color:var(--pass)}.warn,.warning{color:var(--warn)}.fail,.critical{color:var(--fail)}
.unknown{color:var(--unknown)}.not_applicable,.info{color:var(--none)}
.word{font-weight:600;white-space:nowrap}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}
th{font-weight:400;color:var(--soft);font-size:.875rem}
section{border:1px solid var(--line);border-left:.3rem solid;border-radius:.25rem;padding:.75rem 1rem;margin:.75rem 0}
section>*{color:var(--fg)}section>h3{color:inherit}
pre{background:var(--box);border:1px solid var(--line);border-radius:.25rem;padding:.5rem .75rem;margin:.25rem 0;white-space:pre-wrap;font-size:.875rem}
footer{margin:2rem 0 1rem;font-size:.875rem;color:var(--soft)}
a{color:inherit}
@media(min-width:40.1rem){td:not(:last-child){white-space:nowrap}}
@media(max-width:40rem){thead{display:none}table,tbody,tr{display:block}td{display:inline-block;border:0;padding:.1rem .75rem .1rem 0}
tr{border-bottom:1px solid var(--line);padding:.4rem 0}td:empty{display:none}td:first-child{font-weight:600}}
)css";

std::string html(std::string_view text) {
  return escapedInMarkup(visible(text));
}

std::string words(Verdict verdict) {
  return verdict == Verdict::kNotApplicable ? "not applicable" : std::string(name(verdict));
}

std::string verdictCell(Verdict verdict) {
  return fmt::format("<td class=\"word {}\">{}</td>", name(verdict), words(verdict));
}

std::string podsTable(const Report& report) {
  std::string text = "<h2>Pods</h2>\n";
  if (!report.podsStale.empty())
    text += fmt::format("<p class=\"warn\">{}</p>\n", html(report.podsStale));
  if (report.pods.empty()) return text + "<p>none</p>\n";
  text +=
      "<table>\n<thead><tr><th>Pod<th>Verdict<th>Address<th>Ghost<th>State</tr></thead>\n<tbody>\n";
  for (const PodReport& pod : report.pods)
    text += fmt::format("<tr><td>{}</td>{}<td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        html(pod.pod.name), verdictCell(pod.verdict), html(pod.pod.address()),
                        html(pod.facts.version), html(stateOf(pod)));
  return text + "</tbody>\n</table>\n";
}

std::string messages(const FindingGroup& group) {
  std::size_t shown = 0;
  std::size_t hidden = 0;
  std::size_t more = 0;
  std::string text = "<ul>\n";
  for (const Finding* finding : group.findings) {
    if (!isPublic(*finding))
      ++hidden;
    else if (shown++ < kNewestShown)
      text += fmt::format("<li>{}</li>\n", html(finding->message));
    else
      ++more;
  }
  if (more > 0) text += fmt::format("<li>and {} older</li>\n", grouped(more));
  if (hidden > 0)
    text += fmt::format(
        "<li>{} whose address is not shown here: not published</li>\n",
        counted(hidden, group.findings.front()->resource ? group.findings.front()->resource->type
                                                         : "finding"));
  return text + "</ul>\n";
}

std::string advice(const Report& report, const FindingGroup& group) {
  const auto shown = std::find_if(group.findings.begin(), group.findings.end(),
                                  [](const Finding* finding) { return isPublic(*finding); });
  if (shown == group.findings.end())
    return fmt::format("<p>Remedy: {}</p>\n", html(group.def->remedy));
  const Finding& finding = **shown;
  std::string text;
  if (finding.since)
    text += fmt::format("<p class=\"soft\">Seen since {}</p>\n", shortTime(*finding.since));
  if (!finding.cause.empty()) text += fmt::format("<p>Likely cause: {}</p>\n", html(finding.cause));
  if (!finding.reproduce.empty())
    text += fmt::format("<p>Reproduce:</p>\n<pre>{}</pre>\n", html(finding.reproduce));
  if (const std::string now = restartNow(report, finding); !now.empty())
    text += fmt::format("<p>Restart: {}</p>\n", html(now));
  const Advice remedy = splitAdvice(remedyOf(finding));
  text += fmt::format("<p>Remedy: {}{}</p>\n", html(remedy.before),
                      remedy.before.empty() || remedy.command.empty() ? "" : ":");
  if (!remedy.command.empty()) text += fmt::format("<pre>{}</pre>\n", html(remedy.command));
  if (remedy.after.empty()) return text;
  const std::string_view box = isCommand(remedy.after) ? "pre" : "p";
  return text + fmt::format("<{0}>{1}</{0}>\n", box, html(remedy.after));
}

std::string findings(const Report& report) {
  const std::vector<FindingGroup> groups = groupFindings(report);
  if (groups.empty()) return "";
  std::string text = "<h2>Findings</h2>\n";
  for (std::size_t i = 0; i < std::min(kGroupsShown, groups.size()); ++i) {
    const FindingGroup& group = groups[i];
    text += fmt::format("<section class=\"{0}\">\n<h3>{0} {1}{2}{3}: {4}</h3>\n",
                        name(group.def->severity), html(group.def->code),
                        group.pod.empty() ? "" : " on " + html(group.pod), html(countOf(group)),
                        html(group.def->title));
    text += messages(group) + advice(report, group) + "</section>\n";
  }
  if (groups.size() > kGroupsShown)
    text += fmt::format("<p>and {} more kinds of findings: see the report</p>\n",
                        grouped(groups.size() - kGroupsShown));
  return text;
}

std::string gaps(const Report& report) {
  const std::vector<std::string> spots = blindSpots(report);
  if (spots.empty()) return "";
  std::string text;
  for (std::size_t i = 0; i < std::min(kGapsShown, spots.size()); ++i)
    text += fmt::format("<li>{}</li>\n", html(spots[i]));
  if (spots.size() > kGapsShown)
    text += fmt::format("<li>and {} more</li>\n", grouped(spots.size() - kGapsShown));
  return "<h2 class=\"unknown\">Could not look</h2>\n<ul>\n" + text + "</ul>\n";
}

std::string checks(const Report& report) {
  std::string text =
      "<h2>Checks</h2>\n<table>\n<thead><tr><th>Check<th>Verdict<th>Last "
      "run<th>Took<th>Notes</tr></thead>\n<tbody>\n";
  for (const CheckRun& run : report.checks) {
    std::string notes = html(run.outcome.notApplicable.value_or(""));
    for (const std::string& note : run.outcome.notes)
      notes += (notes.empty() ? "" : "<br>") + html(note);
    text += fmt::format("<tr><td>{}</td>{}<td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        html(run.check), verdictCell(run.verdict), shortTime(run.started),
                        formatDuration(run.took), notes);
  }
  return text + "</tbody>\n</table>\n";
}

std::string body(const Report& report) {
  std::string text =
      fmt::format("<h1 class=\"{}\">{}</h1>\n", name(report.verdict), html(headline(report)));
  const std::string site = report.site.url.text();
  text += fmt::format("<p class=\"soft\">{}{} as of {}</p>\n", html(report.site.title),
                      report.site.title.empty() ? html(site) : " (" + html(site) + ")",
                      shortTime(report.started));
  return text + podsTable(report) + findings(report) + gaps(report) + checks(report);
}

}  // namespace

std::string renderPage(const Report* report) {
  const bool known = report != nullptr && !report->checks.empty();
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"refresh\" content=\"10\">\n<title>{} - Rollcall</title>\n"
      "<style>{}</style>\n</head>\n<body>\n<main>\n{}"
      "<footer>Rollcall {}. The same for programs: <a href=\"api/v1/report\">report</a>, "
      "<a href=\"metrics\">metrics</a>. Times are UTC; this page renews itself.</footer>\n"
      "</main>\n</body>\n</html>\n",
      known ? title(report->verdict) : "starting", kStyle,
      known ? body(*report)
            : "<h1 class=\"unknown\">Rollcall has just started: no check has completed yet</h1>\n",
      kVersion);
}

}  // namespace rollcall
