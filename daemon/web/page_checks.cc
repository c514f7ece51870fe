#include <fmt/format.h>

#include <algorithm>

#include "daemon/sinks/text.h"
#include "daemon/web/html.h"
#include "daemon/web/page_parts.h"

namespace rollcall {
namespace {

constexpr std::size_t kGapsShown = 3;  // of a check

// Why it could not look or does not apply, and what else there is to know.
std::string notesOf(const CheckRun& run) {
  std::vector<std::string> lines;
  if (run.error) lines.push_back("could not run: " + run.error->message);
  if (run.outcome.notApplicable) lines.push_back(*run.outcome.notApplicable);
  const std::vector<Gap>& gaps = run.outcome.gaps;
  for (std::size_t i = 0; i < std::min(kGapsShown, gaps.size()); ++i)
    lines.push_back(fmt::format("could not look: {}{}{}: {}", gaps[i].pod,
                                gaps[i].pod.empty() ? "" : ": ", gaps[i].what,
                                gaps[i].why.message));
  if (gaps.size() > kGapsShown)
    lines.push_back(fmt::format("and {} more", grouped(gaps.size() - kGapsShown)));
  lines.insert(lines.end(), run.outcome.notes.begin(), run.outcome.notes.end());
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "<br>") + html(line);
  return text;
}

}  // namespace

std::string checksSection(const Report& report) {
  std::string text =
      "<section id=\"checks\">\n<h2>Checks</h2>\n<table class=\"stacked\">\n<thead><tr>"
      "<th scope=\"col\">Check</th><th scope=\"col\">Verdict</th><th scope=\"col\">Last run</th>"
      "<th scope=\"col\">Took</th><th scope=\"col\">Notes</th></tr></thead>\n<tbody>\n";
  const WallTime now = momentOf(report);
  for (const CheckRun& run : report.checks)
    text += fmt::format("<tr><th scope=\"row\">{}</th>{}<td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        html(run.check), verdictCell(run.verdict), timeTag(run.started, now),
                        formatDuration(run.took), notesOf(run));
  return text + "</tbody>\n</table>\n</section>\n";
}

}  // namespace rollcall
