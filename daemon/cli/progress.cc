#include "daemon/cli/progress.h"

#include <fmt/format.h>

#include "daemon/cli/terminal.h"

namespace rollcall {
namespace {

constexpr auto kPatience = std::chrono::seconds(1);
constexpr auto kRedraw = std::chrono::milliseconds(200);
constexpr std::string_view kClearLine = "\r\033[K";

}  // namespace

Progress::Progress(const Clock& clock, int fd, bool visible, std::size_t width)
    : clock_(clock), fd_(fd), width_(width), start_(clock.mono()) {
  if (visible) thread_ = std::jthread([this](std::stop_token stop) { draw(stop); });
}

void Progress::say(std::string_view text) {
  const std::lock_guard lock(mutex_);
  text_ = text;
}

void Progress::clear() {
  const std::lock_guard lock(mutex_);
  cleared_ = true;
  thread_.request_stop();
  if (drawn_) writeAll(fd_, kClearLine);
  drawn_ = false;
}

void Progress::draw(std::stop_token stop) {
  MonoTime next = start_ + kPatience;
  std::string before;
  while (clock_.sleepUntil(next, stop)) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(clock_.mono() - start_).count();
    next = clock_.mono() + kRedraw;
    const std::lock_guard lock(mutex_);
    if (cleared_) return;
    std::string line = fmt::format("{} s  {}", seconds, text_);
    if (line == before) continue;
    writeAll(fd_, fmt::format("{}{}", kClearLine, line.substr(0, width_ - 1)));
    before = std::move(line);
    drawn_ = true;
  }
}

}  // namespace rollcall
