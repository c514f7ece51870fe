#include "daemon/web/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/sinks/text.h"

namespace rollcall {

std::string html(std::string_view text) {
  return escapedInMarkup(visible(text));
}

std::string words(Verdict verdict) {
  return verdict == Verdict::kNotApplicable ? "not applicable" : std::string(name(verdict));
}

std::string verdictCell(Verdict verdict) {
  return fmt::format("<td class=\"word {}\">{}</td>", name(verdict), words(verdict));
}

std::string idOf(std::string_view text) {
  std::string id(text);
  for (char& c : id)
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) c = '-';
  return id;
}

std::string timeTag(WallTime time, WallTime now) {
  const std::string text = shortTime(time);
  const Duration age = std::max(elapsed(time, now), Duration::zero());
  return fmt::format("<time datetime=\"{0}\">{0}</time>, {1}", text,
                     age < std::chrono::seconds(1) ? "just now" : formatDuration(age) + " ago");
}

std::string shortAge(WallTime time, WallTime now) {
  using namespace std::chrono;
  const auto age = std::max(elapsed(time, now), Duration::zero());
  if (age < 1min) return fmt::format("{}s", duration_cast<seconds>(age).count());
  if (age < 1h) return fmt::format("{}m", duration_cast<minutes>(age).count());
  if (age < 48h) return fmt::format("{}h", duration_cast<hours>(age).count());
  return fmt::format("{}d", duration_cast<hours>(age).count() / 24);
}

std::string commandBox(std::string_view command) {
  return fmt::format("<div class=\"command\"><pre>{}</pre></div>\n", html(command));
}

WallTime momentOf(const Report& report) {
  WallTime moment = report.started + report.took;
  for (const CheckRun& run : report.checks) moment = std::max(moment, run.started + run.took);
  return moment;
}

}  // namespace rollcall
