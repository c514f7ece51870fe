// Round after round of `rollcall check --watch`, on a terminal in place, elsewhere one below the
// other.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/sinks/status_board.h"

namespace rollcall {

// The last `most` events of which `before` were not told yet, a line each: "10:00:03Z RC201 began
// on pod-2: ...". `before` counts as Timeline::told(). Pure.
std::vector<std::string> newEvents(const Timeline& timeline, std::size_t before, std::size_t most);

// What a terminal of `rows` shows of `text`: its first lines, each ended so that nothing of the
// round before stays, and how many are left out. Pure.
std::string frameOf(std::string_view text, std::size_t rows);

// Borrows the terminal's second screen, so that what stood on it before stands there again at the
// end. restore() may be called from any thread, more than once.
class WatchScreen {
 public:
  // `inPlace` false: everything is appended, without a control character.
  WatchScreen(int fd, bool inPlace);
  ~WatchScreen() { restore(); }
  WatchScreen(const WatchScreen&) = delete;
  WatchScreen& operator=(const WatchScreen&) = delete;

  // 0, or the errno of what went wrong.
  int show(std::string_view text, std::size_t rows);
  void restore();

 private:
  const int fd_;
  const bool inPlace_;
  std::atomic<bool> borrowed_;
};

}  // namespace rollcall
