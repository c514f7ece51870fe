#include <fmt/format.h>

#include <algorithm>

#include "daemon/sinks/text.h"
#include "daemon/web/html.h"
#include "daemon/web/report_document.h"

namespace rollcall {
namespace {

constexpr std::size_t kMostRuns = 60;
constexpr double kWidth = 640;
constexpr double kHeight = 120;  // of the bars
constexpr double kWidest = 24;   // of a run, with the gap after it
constexpr double kMargin = 24;   // for what is written above and below

// Where a run's bar stands and how high a finding is.
struct Scale {
  double step;
  double perFinding;
};

std::string describe(const PastRun& run) {
  return fmt::format("{}: {}, {} critical, {} warning{}", shortTime(run.started), run.verdict,
                     grouped(run.critical), grouped(run.warning),
                     run.gaps == 0 ? "" : ", could not look at everything");
}

std::string block(double x, double y, const Scale& scale, double height, std::string_view color) {
  return fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"var(--{})\"/>", x,
      y, scale.step * 0.8, height, color);
}

std::string bar(const PastRun& run, std::size_t place, const Scale& scale) {
  const double x = static_cast<double>(place) * scale.step;
  const double critical = static_cast<double>(run.critical) * scale.perFinding;
  const double warning = static_cast<double>(run.warning) * scale.perFinding;
  const double base = kMargin + kHeight;
  std::string text = fmt::format("<g><title>{}</title>", html(describe(run)));
  if (critical > 0) text += block(x, base - critical, scale, critical, "fail");
  if (warning > 0) text += block(x, base - critical - warning, scale, warning, "warn");
  text += block(x, base, scale, 2, run.gaps > 0 ? "unknown" : "line");
  if (run.gaps > 0)
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"var(--unknown)\">?</text>", x,
                        base - critical - warning - 4);
  return text + "</g>\n";
}

std::string label(double y, std::string_view text) {
  return fmt::format("<text y=\"{}\" fill=\"var(--soft)\">{}</text>\n", y, html(text));
}

}  // namespace

std::string findingsChart(const std::vector<PastRun>& runs) {
  if (runs.size() < 2) return "";
  const auto first = runs.end() - static_cast<std::ptrdiff_t>(std::min(kMostRuns, runs.size()));
  const std::vector<PastRun> shown(first, runs.end());
  std::size_t most = 1;
  for (const PastRun& run : shown) most = std::max(most, run.critical + run.warning);
  const Scale scale{std::min(kWidth / static_cast<double>(shown.size()), kWidest),
                    kHeight / static_cast<double>(most)};
  std::string text = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" width=\"{}\" "
      "style=\"max-width:100%\" role=\"img\" aria-label=\"Findings of the last {} "
      "runs, at most {}\" font-size=\"12\">\n",
      kWidth, kHeight + 2 * kMargin, kWidth, shown.size(), grouped(most));
  for (std::size_t i = 0; i < shown.size(); ++i) text += bar(shown[i], i, scale);
  const double below = kHeight + 2 * kMargin - 6;
  text += label(12, counted(most, "finding"));
  text += label(below, fmt::format("{} to {}", shortTime(shown.front().started),
                                   shortTime(shown.back().started)));
  return text + "</svg>\n";
}

}  // namespace rollcall
