// What the charts over the runs of a state file have in common: a run has the same place in each.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daemon/core/comparison.h"

namespace rollcall {

inline constexpr double kChartHeight = 120;  // of the bars
inline constexpr double kChartMargin = 24;   // for what is written above and below

// Those that are drawn, oldest first.
std::span<const PastRun> newestRuns(const std::vector<PastRun>& runs);

// Columns of coloured blocks; y counts upwards from the base line.
class RunChart {
 public:
  // `id` tells it from the document's other charts.
  RunChart(std::string_view id, std::span<const PastRun> runs);

  // Begins the next run's column; `description` is what a pointer over it shows.
  void column(std::string_view description);
  void block(double from, double to, std::string_view color);
  // The column's part of the base line.
  void base(std::string_view color);
  void sign(double y, std::string_view color, std::string_view text);
  // `title` and `description` are for who does not see it, `scale` says what the height means.
  std::string take(std::string_view title, std::string_view description, std::string_view scale);

 private:
  void rectangle(double y, double height, std::string_view color);

  const std::string_view id_;
  const std::span<const PastRun> runs_;
  const double step_;
  double x_ = 0;
  std::string columns_;
};

}  // namespace rollcall
