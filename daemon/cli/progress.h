// One line on stderr that says what takes so long; drawn only after a second.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "daemon/core/clock.h"

namespace rollcall {

// Thread-safe. With `visible` false it does nothing.
class Progress {
 public:
  Progress(const Clock& clock, int fd, bool visible, std::size_t width);
  ~Progress() { clear(); }
  void say(std::string_view text);
  // Removes the line for good.
  void clear();

 private:
  void draw(std::stop_token stop);

  const Clock& clock_;
  const int fd_;
  const std::size_t width_;
  const MonoTime start_;
  std::mutex mutex_;
  std::string text_;
  bool drawn_ = false;
  bool cleared_ = false;
  std::jthread thread_;
};

}  // namespace rollcall
