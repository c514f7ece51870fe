// Round after round of `rollcall check --watch`, on a terminal in place, elsewhere one below the
// other.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/cli/terminal.h"
#include "daemon/sinks/status_board.h"

namespace rollcall {

// The last `most` events of which `before` were not told yet, a line each: "10:00:03Z RC201 began
// on pod-2: ...", and how many there were before them. `before` counts as Timeline::told(). Pure.
std::vector<std::string> newEvents(const Timeline& timeline, std::size_t before, std::size_t most);

// What `terminal` shows of `text` on a cleared screen: its first lines, and how many are left out.
// A line wider than the terminal goes on in the next row, whole and to be copied. Pure.
std::string frameOf(std::string_view text, const Terminal& terminal);

// Borrows the terminal's second screen when it first draws, so that what stood on it before stands
// there again at the end. Thread-safe: a frame is drawn whole and before restore(), or not at all.
class WatchScreen {
 public:
  // `inPlace` false: everything is appended, without a control character.
  WatchScreen(int fd, bool inPlace) : fd_(fd), inPlace_(inPlace) {}
  ~WatchScreen() { restore(); }
  WatchScreen(const WatchScreen&) = delete;
  WatchScreen& operator=(const WatchScreen&) = delete;

  // 0, or the errno of what went wrong.
  int show(std::string_view text, const Terminal& terminal);
  // For good: what is shown later is not drawn.
  void restore();

 private:
  const int fd_;
  const bool inPlace_;
  std::mutex mutex_;
  bool borrowed_ = false;
  bool ended_ = false;
};

}  // namespace rollcall
