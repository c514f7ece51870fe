#include "daemon/cli/watch_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr std::string_view kBorrow = "\x1b[?1049h\x1b[?25l";  // second screen, no cursor
constexpr std::string_view kGiveBack = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kClear = "\x1b[H\x1b[J";
constexpr std::size_t kRowsUnknown = 24;
constexpr std::size_t kColumnsUnknown = 80;
constexpr std::size_t kLeastRows = 3;
constexpr std::size_t kLeastColumns = 2;

// Without the escape sequences that colour it.
std::size_t columnsOf(std::string_view line) {
  std::size_t sum = 0;
  while (!line.empty()) {
    const auto escape = line.find('\x1b');
    sum += columns(line.substr(0, escape));
    const auto end = escape == std::string_view::npos ? escape : line.find('m', escape);
    line = end == std::string_view::npos ? "" : line.substr(end + 1);
  }
  return sum;
}

// At most as many as a terminal takes: one that breaks a line may leave its last column free for a
// wide character.
std::size_t rowsOf(std::string_view line, std::size_t width) {
  const std::size_t needed = columnsOf(line);
  return needed <= width ? 1 : (needed + width - 2) / (width - 1);
}

}  // namespace

std::vector<std::string> newEvents(const Timeline& timeline, std::size_t before, std::size_t most) {
  const auto& events = timeline.events();
  const std::size_t all = timeline.told() - before;
  const std::size_t count = std::min({all, events.size(), most});
  std::vector<std::string> lines;
  for (std::size_t i = events.size() - count; i < events.size(); ++i)
    lines.push_back(
        fmt::format("{}  {}", shortTime(events[i].at).substr(11), visible(events[i].text)));
  if (count < all) lines.push_back(fmt::format("and {} more before", grouped(all - count)));
  return lines;
}

std::string frameOf(std::string_view text, const Terminal& terminal) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  const std::size_t rows = std::max(terminal.rows == 0 ? kRowsUnknown : terminal.rows, kLeastRows);
  const std::size_t width =
      std::max(terminal.columns == 0 ? kColumnsUnknown : terminal.columns, kLeastColumns);
  const auto leftOut = [&](std::size_t shown) {
    return fmt::format("... {} more lines; a higher window shows them",
                       grouped(lines.size() - shown));
  };
  std::vector<std::size_t> ends = {0};  // the row below each line
  for (const std::string_view line : lines) ends.push_back(ends.back() + rowsOf(line, width));
  std::size_t shown = lines.size();
  if (ends[shown] > rows)
    while (shown > 0 && ends[shown] + rowsOf(leftOut(shown), width) > rows) --shown;
  std::string frame(kClear);
  frame += fmt::format("{}", fmt::join(lines.begin(), lines.begin() + shown, "\r\n"));
  if (shown < lines.size()) frame += (shown > 0 ? "\r\n" : "") + leftOut(shown);
  return frame;
}

int WatchScreen::show(std::string_view text, const Terminal& terminal) {
  std::lock_guard lock(mutex_);
  if (ended_) return 0;
  if (!inPlace_) return writeAll(fd_, std::string(text) + "\n");
  const std::string_view before = std::exchange(borrowed_, true) ? "" : kBorrow;
  return writeAll(fd_, std::string(before) + frameOf(text, terminal));
}

void WatchScreen::restore() {
  std::lock_guard lock(mutex_);
  ended_ = true;
  if (std::exchange(borrowed_, false)) writeAll(fd_, kGiveBack);
}

}  // namespace rollcall
