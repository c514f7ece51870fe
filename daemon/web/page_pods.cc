#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/core/restart_safety.h"
#include "daemon/sinks/text.h"
#include "daemon/web/html.h"
#include "daemon/web/page_parts.h"

namespace rollcall {
namespace {

constexpr std::size_t kShownOpen = 12;  // beyond it only those that are not well stand open

std::string row(const PodReport& pod) {
  return fmt::format("<tr><th scope=\"row\">{}</th>{}<td>{}</td><td>{}</td><td>{}</td></tr>\n",
                     html(pod.pod.name), verdictCell(pod.verdict), html(pod.pod.address()),
                     pod.facts.version.empty() ? "" : "Ghost " + html(pod.facts.version),
                     html(stateOf(pod)));
}

std::string table(const std::vector<const PodReport*>& pods) {
  std::string rows;
  for (const PodReport* pod : pods) rows += row(*pod);
  return "<table class=\"stacked\">\n<thead><tr><th scope=\"col\">Pod</th><th scope=\"col\">Verdict"
         "</th><th scope=\"col\">Address</th><th scope=\"col\">Version</th><th scope=\"col\">State"
         "</th></tr></thead>\n<tbody>\n" +
         rows + "</tbody>\n</table>\n";
}

// "48 pass, 2 fail", the worst first.
std::string summary(const Report& report) {
  std::map<Verdict, std::size_t> counts;
  for (const PodReport& pod : report.pods) ++counts[pod.verdict];
  std::string text;
  for (const Verdict verdict :
       {Verdict::kFail, Verdict::kUnknown, Verdict::kWarn, Verdict::kPass, Verdict::kNotApplicable})
    if (counts.contains(verdict))
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[verdict], words(verdict));
  return text;
}

}  // namespace

std::string podsSection(const Report& report) {
  std::string text = fmt::format("<section id=\"pods\">\n<h2>Pods{}</h2>\n",
                                 report.pods.empty() ? "" : ": " + summary(report));
  if (!report.podsStale.empty())
    text += fmt::format("<p class=\"warn\">{}</p>\n", html(report.podsStale));
  if (report.pods.empty()) return text + "<p>none</p>\n</section>\n";
  std::vector<const PodReport*> open, folded;
  for (const PodReport& pod : report.pods) {
    const bool shown = report.pods.size() <= kShownOpen ||
                       (pod.verdict != Verdict::kPass && open.size() < kShownOpen);
    (shown ? open : folded).push_back(&pod);
  }
  if (!open.empty()) text += table(open);
  if (!folded.empty())
    text +=
        fmt::format("<details id=\"more-pods\"><summary>{}{}</summary>\n{}</details>\n",
                    counted(folded.size(), open.empty() ? "pod" : "other pod"), "", table(folded));
  text += fmt::format("<p class=\"soft\">Restarting one of them: {}</p>\n",
                      html(inWords(restartSafety(report, ""))));
  return text + "</section>\n";
}

}  // namespace rollcall
