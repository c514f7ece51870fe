#include "daemon/web/run_chart.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/sinks/text.h"
#include "daemon/web/html.h"

namespace rollcall {
namespace {

constexpr std::size_t kMostRuns = 60;
constexpr double kWidth = 640;
constexpr double kWidest = 24;  // of a run, with the gap after it
constexpr double kBase = kChartMargin + kChartHeight;

std::string label(double y, std::string_view text) {
  return fmt::format("<text y=\"{}\" fill=\"var(--soft)\">{}</text>\n", y, html(text));
}

}  // namespace

std::span<const PastRun> newestRuns(const std::vector<PastRun>& runs) {
  return std::span(runs).last(std::min(kMostRuns, runs.size()));
}

RunChart::RunChart(std::string_view id, std::span<const PastRun> runs)
    : id_(id),
      runs_(runs),
      step_(std::min(kWidth / static_cast<double>(runs.size()), kWidest)),
      x_(-step_) {}

void RunChart::column(std::string_view description) {
  if (!columns_.empty()) columns_ += "</g>\n";
  x_ += step_;
  columns_ += fmt::format("<g><title>{}</title>", html(description));
}

void RunChart::rectangle(double y, double height, std::string_view color) {
  columns_ += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"var(--{})\"/>", x_,
      y, step_ * 0.8, height, color);
}

void RunChart::block(double from, double to, std::string_view color) {
  if (to > from) rectangle(kBase - to, to - from, color);
}

void RunChart::base(std::string_view color) {
  rectangle(kBase, 2, color);
}

void RunChart::sign(double y, std::string_view color, std::string_view text) {
  columns_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"var(--{})\">{}</text>", x_,
                          kBase - y - 4, color, html(text));
}

std::string RunChart::take(std::string_view title, std::string_view description,
                           std::string_view scale) {
  const double height = kChartHeight + 2 * kChartMargin;
  return fmt::format(
             "<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" style=\"max-width:100%\" role=\"img\" "
             "aria-labelledby=\"{2}-title {2}-what\" font-size=\"12\">\n"
             "<title id=\"{2}-title\">{3}</title>\n<desc id=\"{2}-what\">{4}</desc>\n",
             kWidth, height, id_, html(title), html(description)) +
         columns_ + "</g>\n" + label(12, scale) +
         label(height - 6, fmt::format("{} to {}", shortTime(runs_.front().started),
                                       shortTime(runs_.back().started))) +
         "</svg>\n";
}

}  // namespace rollcall
