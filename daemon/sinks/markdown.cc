// The report as Markdown: for a mail, an issue, a chat.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kNewestShown = 5;
constexpr std::size_t kGroupsShown = 50;
constexpr std::size_t kGapsShown = 50;
constexpr std::size_t kChangesShown = 20;

// Text within a line, so that nothing in it is markup: neither Markdown's nor HTML's.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    if (std::string_view("\\`*_[]<>|~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// A block to copy from, whatever stands in it.
std::string block(std::string_view text) {
  const std::string shown = visible(text);
  std::string fence = "```";
  while (shown.find(fence) != std::string::npos) fence += '`';
  return fmt::format("{0}sh\n{1}\n{0}\n\n", fence, shown);
}

std::string words(Verdict verdict) {
  return verdict == Verdict::kNotApplicable ? "not applicable" : std::string(name(verdict));
}

std::string onPod(const std::string& pod) {
  return pod.empty() ? "" : " on " + plain(pod);
}

std::string listed(std::vector<std::string> lines) {
  std::string text;
  const std::size_t shown = std::min(kChangesShown, lines.size());
  for (std::size_t i = 0; i < shown; ++i) text += lines[i];
  if (lines.size() > shown) text += fmt::format("- and {} more\n", grouped(lines.size() - shown));
  return text;
}

std::string newLines(const std::vector<PastFinding>& findings) {
  std::vector<std::string> lines;
  for (const PastFinding& one : findings)
    lines.push_back(
        fmt::format("- **new** {}{}: {}\n", plain(one.code), onPod(one.pod), plain(one.message)));
  return listed(std::move(lines));
}

std::string pastLines(std::string_view what, const std::vector<PastFinding>& findings) {
  std::vector<std::string> lines;
  for (const PastGroup& one : groupPast(findings))
    lines.push_back(fmt::format("- **{}** {}{} ({}): {}\n", what, plain(one.code), onPod(one.pod),
                                counted(one.count, "finding"), plain(one.title)));
  return listed(std::move(lines));
}

std::string changes(const Chronicle& chronicle) {
  const std::optional<WallTime> before = chronicle.before();
  if (!before) return "## Since the last report\n\nThere was none: this is the first.\n\n";
  const Comparison& comparison = chronicle.comparison;
  std::string text = fmt::format(
      "## Since the last report ({})\n\n{} new, {} ended, {} still there, {} not looked at "
      "again.\n\n",
      shortTime(*before), grouped(comparison.began.size()), grouped(comparison.ended.size()),
      grouped(comparison.lasting.size()), grouped(comparison.unseen.size()));
  const std::string lines = newLines(comparison.began) + pastLines("ended", comparison.ended) +
                            pastLines("not looked at", comparison.unseen);
  return lines.empty() ? text : text + lines + "\n";
}

std::string pods(const Report& report) {
  std::string text = "## Pods\n\n";
  if (!report.podsStale.empty()) text += plain(report.podsStale) + "\n\n";
  if (report.pods.empty()) return text + "none\n\n";
  text += "| Pod | Verdict | Address | Ghost | State |\n|---|---|---|---|---|\n";
  for (const PodReport& pod : report.pods)
    text += fmt::format("| {} | {} | {} | {} | {} |\n", plain(pod.pod.name), words(pod.verdict),
                        plain(pod.pod.address()), plain(pod.facts.version), plain(stateOf(pod)));
  return text + "\n";
}

std::string messages(const FindingGroup& group) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kNewestShown, group.findings.size()); ++i)
    text += fmt::format("- {}\n", plain(group.findings[i]->message));
  if (group.findings.size() > kNewestShown)
    text += fmt::format("- and {} older\n", grouped(group.findings.size() - kNewestShown));
  return text + "\n";
}

std::string remedy(std::string_view text) {
  const Advice advice = splitAdvice(text);
  std::string out = fmt::format("Remedy: {}{}\n\n", plain(advice.before),
                                advice.before.empty() || advice.command.empty() ? "" : ":");
  if (!advice.command.empty()) out += block(advice.command);
  if (advice.after.empty()) return out;
  return out + (isCommand(advice.after) ? block(advice.after) : plain(advice.after) + "\n\n");
}

std::string advice(const Report& report, const Finding& finding) {
  std::string text;
  if (finding.since) text += fmt::format("Seen since {}.\n\n", shortTime(*finding.since));
  if (!finding.cause.empty()) text += fmt::format("Likely cause: {}\n\n", plain(finding.cause));
  if (!finding.reproduce.empty()) text += "Reproduce:\n\n" + block(finding.reproduce);
  if (const std::string now = restartNow(report, finding); !now.empty())
    text += fmt::format("Restart: {}\n\n", plain(now));
  return text + remedy(remedyOf(finding));
}

std::string findings(const Report& report) {
  const std::vector<FindingGroup> groups = groupFindings(report);
  if (groups.empty()) return "";
  std::string text = "## Findings\n\n";
  for (std::size_t i = 0; i < std::min(kGroupsShown, groups.size()); ++i) {
    const FindingGroup& group = groups[i];
    text += fmt::format("### {} {}{}{}: {}\n\n", name(group.def->severity), group.def->code,
                        group.pod.empty() ? "" : " on " + plain(group.pod), plain(countOf(group)),
                        plain(group.def->title));
    text += messages(group) + advice(report, *group.findings.front());
  }
  if (groups.size() > kGroupsShown)
    text += fmt::format("And {} more kinds of findings: see the JSON report.\n\n",
                        grouped(groups.size() - kGroupsShown));
  return text;
}

std::string gaps(const Report& report) {
  const std::vector<std::string> spots = blindSpots(report);
  if (spots.empty()) return "";
  std::string text = "## Could not look\n\n";
  for (std::size_t i = 0; i < std::min(kGapsShown, spots.size()); ++i)
    text += fmt::format("- {}\n", plain(spots[i]));
  if (spots.size() > kGapsShown)
    text += fmt::format("- and {} more\n", grouped(spots.size() - kGapsShown));
  return text + "\n";
}

std::string checks(const Report& report) {
  std::string text = "## Checks\n\n| Check | Verdict | Took | Notes |\n|---|---|---|---|\n";
  for (const CheckRun& run : report.checks) {
    std::string notes = plain(run.outcome.notApplicable.value_or(""));
    for (const std::string& note : run.outcome.notes)
      notes += (notes.empty() ? "" : "; ") + plain(note);
    text += fmt::format("| {} | {} | {} | {} |\n", plain(run.check), words(run.verdict),
                        formatDuration(run.took), notes);
  }
  return text;
}

}  // namespace

std::string formatMarkdown(const Report& report, const Chronicle* chronicle) {
  const std::string site = plain(report.site.url.text());
  return fmt::format(
      "# {}\n\n{}, asked {}, took {}.\n\n{}{}{}{}{}", plain(headline(report)),
      report.site.title.empty() ? site : fmt::format("{} ({})", plain(report.site.title), site),
      shortTime(report.started), formatDuration(report.took), chronicle ? changes(*chronicle) : "",
      findings(report), gaps(report), pods(report), checks(report));
}

}  // namespace rollcall
