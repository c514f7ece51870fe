#include <fmt/format.h>

#include <algorithm>

#include "daemon/core/finding_traits.h"
#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"
#include "daemon/web/html.h"
#include "daemon/web/page_parts.h"

namespace rollcall {
namespace {

constexpr std::size_t kNewestShown = 5;
constexpr std::size_t kGroupsShown = 50;
constexpr std::size_t kGroupsOpen = 5;  // the others are folded
constexpr std::size_t kSpotsShown = 50;

std::string messages(const FindingGroup& group) {
  const std::size_t shown = std::min(kNewestShown, group.findings.size());
  std::string text = "<ul>\n";
  for (std::size_t i = 0; i < shown; ++i)
    text += fmt::format("<li>{}</li>\n", html(group.findings[i]->message));
  if (group.findings.size() > shown)
    text += fmt::format("<li>and {} older</li>\n", grouped(group.findings.size() - shown));
  return text + "</ul>\n";
}

std::string remedy(const Finding& finding) {
  const Advice advice = splitAdvice(remedyOf(finding));
  std::string text = fmt::format("<p><b>Remedy:</b> {}{}</p>\n", html(advice.before),
                                 advice.before.empty() || advice.command.empty() ? "" : ":");
  if (!advice.command.empty()) text += commandBox(advice.command);
  if (isCommand(advice.after)) return text + commandBox(advice.after);
  return advice.after.empty() ? text : text + fmt::format("<p>{}</p>\n", html(advice.after));
}

// Of the first that may be spoken of in full.
const Finding& exampleOf(const FindingGroup& group) {
  const auto shown = std::ranges::find_if(
      group.findings, [](const Finding* finding) { return isPublic(*finding); });
  return shown == group.findings.end() ? *group.findings.front() : **shown;
}

std::string advice(const Report& report, const Finding& finding) {
  std::string text;
  if (!finding.cause.empty())
    text += fmt::format("<p><b>Likely cause:</b> {}</p>\n", html(finding.cause));
  if (!finding.reproduce.empty())
    text += "<p><b>Reproduce:</b></p>\n" + commandBox(finding.reproduce);
  if (const std::string now = restartNow(report, finding); !now.empty())
    text += fmt::format("<p><b>Restart:</b> {}</p>\n", html(now));
  return text + remedy(finding);
}

std::string section(const Report& report, const FindingGroup& group, bool open, WallTime now) {
  std::optional<WallTime> since;
  for (const Finding* finding : group.findings)
    if (finding->since) since = std::min(since.value_or(*finding->since), *finding->since);
  std::string text = fmt::format(
      "<details class=\"finding {0}\" id=\"f-{1}\"{2}>\n<summary><h3>{0} {3}{4}{5}: {6}</h3>",
      name(group.def->severity), idOf(fmt::format("{}-{}", group.def->code, group.pod)),
      open ? " open" : "", html(group.def->code), group.pod.empty() ? "" : " on " + html(group.pod),
      html(countOf(group)), html(group.def->title));
  if (since) text += fmt::format("<p class=\"soft\">seen since {}</p>", timeTag(*since, now));
  return text + "</summary>\n" + messages(group) + advice(report, exampleOf(group)) +
         "</details>\n";
}

}  // namespace

std::string findingsSection(const Report& report) {
  const std::vector<FindingGroup> groups = groupFindings(report);
  std::string text = "<section id=\"findings\">\n<h2>Findings</h2>\n";
  if (groups.empty()) text += "<p class=\"soft\">none</p>\n";
  const WallTime now = momentOf(report);
  for (std::size_t i = 0; i < std::min(kGroupsShown, groups.size()); ++i)
    text += section(report, groups[i], i < kGroupsOpen, now);
  if (groups.size() > kGroupsShown)
    text += fmt::format("<p>and {} more kinds of findings: see the report</p>\n",
                        grouped(groups.size() - kGroupsShown));
  return text + "</section>\n";
}

std::string blindSpotsSection(const Report& report) {
  const std::vector<std::string> spots = blindSpots(report);
  std::string text = fmt::format("<section id=\"blind\"{}>\n", spots.empty() ? " hidden" : "");
  if (spots.empty()) return text + "</section>\n";
  text += "<h2 class=\"unknown\">Could not look</h2>\n<ul>\n";
  for (std::size_t i = 0; i < std::min(kSpotsShown, spots.size()); ++i)
    text += fmt::format("<li>{}</li>\n", html(spots[i]));
  if (spots.size() > kSpotsShown)
    text += fmt::format("<li>and {} more</li>\n", grouped(spots.size() - kSpotsShown));
  return text + "</ul>\n</section>\n";
}

}  // namespace rollcall
