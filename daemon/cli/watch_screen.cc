#include "daemon/cli/watch_screen.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/cli/terminal.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr std::string_view kBorrow = "\x1b[?1049h\x1b[?25l";  // second screen, no cursor
constexpr std::string_view kGiveBack = "\x1b[?25h\x1b[?1049l";
constexpr std::size_t kRowsUnknown = 24;
constexpr std::size_t kLeastRows = 3;

}  // namespace

std::vector<std::string> newEvents(const Timeline& timeline, std::size_t before, std::size_t most) {
  const auto& events = timeline.events();
  const std::size_t count = std::min({timeline.told() - before, events.size(), most});
  std::vector<std::string> lines;
  for (std::size_t i = events.size() - count; i < events.size(); ++i)
    lines.push_back(
        fmt::format("{}  {}", shortTime(events[i].at).substr(11), visible(events[i].text)));
  return lines;
}

std::string frameOf(std::string_view text, std::size_t rows) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  rows = std::max(rows == 0 ? kRowsUnknown : rows, kLeastRows);
  const bool fits = lines.size() <= rows;
  const std::size_t shown = fits ? lines.size() : rows - 1;
  std::string frame = "\x1b[H";
  for (std::size_t i = 0; i < shown; ++i)
    frame += fmt::format("{}{}\x1b[K", i == 0 ? "" : "\r\n", lines[i]);
  if (!fits)
    frame += fmt::format("\r\n... {} more lines; a higher window shows them\x1b[K",
                         grouped(lines.size() - shown));
  return frame + "\x1b[J";
}

WatchScreen::WatchScreen(int fd, bool inPlace) : fd_(fd), inPlace_(inPlace), borrowed_(inPlace) {
  if (inPlace) writeAll(fd_, kBorrow);
}

int WatchScreen::show(std::string_view text, std::size_t rows) {
  return writeAll(fd_, inPlace_ ? frameOf(text, rows) : std::string(text) + "\n");
}

void WatchScreen::restore() {
  if (borrowed_.exchange(false)) writeAll(fd_, kGiveBack);
}

}  // namespace rollcall
