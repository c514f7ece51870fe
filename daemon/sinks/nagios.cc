#include <fmt/format.h>

#include <algorithm>

#include "daemon/core/cut_text.h"
#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kLongestLine = 1000;  // what old plug-in runners read at once, with room
constexpr std::size_t kGroupsShown = 20;

std::string_view serviceState(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "OK";
    case Verdict::kWarn:
      return "WARNING";
    case Verdict::kFail:
      return "CRITICAL";
    case Verdict::kUnknown:
    case Verdict::kNotApplicable:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

// '|' starts perfdata.
std::string plain(std::string_view text) {
  std::string line = visible(text);
  std::replace(line.begin(), line.end(), '|', '/');
  if (line.size() <= kLongestLine) return line;
  return std::string(cutText(line, kLongestLine)) + "...";
}

std::string perfdata(const Report& report) {
  std::size_t bySeverity[3] = {0, 0, 0};
  std::size_t gaps = 0;
  for (const CheckRun& run : report.checks) {
    for (const Finding& finding : run.outcome.findings)
      ++bySeverity[static_cast<int>(finding.def->severity)];
    gaps += run.outcome.gaps.size() + (run.error ? 1 : 0);
  }
  const auto reached = std::count_if(report.pods.begin(), report.pods.end(),
                                     [](const PodReport& pod) { return pod.facts.reachable; });
  return fmt::format(
      "findings_critical={};;;0 findings_warning={};;;0 findings_info={};;;0 gaps={};;;0 "
      "pods={};;;0 pods_up={};;;0 time={:.3f}s;;;0",
      bySeverity[static_cast<int>(Severity::kCritical)],
      bySeverity[static_cast<int>(Severity::kWarning)],
      bySeverity[static_cast<int>(Severity::kInfo)], gaps, report.pods.size(), reached,
      std::chrono::duration<double>(report.took).count());
}

}  // namespace

std::string formatNagios(const Report& report) {
  const std::string sentence = headline(report);
  const std::string_view withoutVerdict =
      std::string_view(sentence).substr(title(report.verdict).size() + 2);
  std::string text = fmt::format("ROLLCALL {} - {} | {}\n", serviceState(report.verdict),
                                 plain(withoutVerdict), perfdata(report));
  const std::vector<FindingGroup> groups = groupFindings(report);
  for (std::size_t i = 0; i < std::min(kGroupsShown, groups.size()); ++i) {
    const FindingGroup& group = groups[i];
    text += plain(fmt::format("{} {} {}({}): {}", name(group.def->severity), group.def->code,
                              group.pod.empty() ? "" : group.pod + " ", group.findings.size(),
                              group.findings.front()->message)) +
            "\n";
  }
  if (groups.size() > kGroupsShown)
    text += fmt::format("... and {} more kinds of findings\n", groups.size() - kGroupsShown);
  return text;
}

}  // namespace rollcall
