// Messages for a thread that also waits for a time.
#pragma once

#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

#include "daemon/core/clock.h"

namespace rollcall {

// Any thread pushes and wakes; one thread takes and waits.
template <class Message>
class Mailbox {
 public:
  void push(Message message) {
    {
      std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
    }
    wake();
  }

  // Ends the present wait, or the next one when nobody waits.
  void wake() {
    std::stop_source sleeper = [this] {
      std::lock_guard lock(mutex_);
      woken_ = true;
      return sleeper_;
    }();
    sleeper.request_stop();
  }

  // All messages since the last take, oldest first.
  std::vector<Message> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }

  // Returns at `until`, or earlier when it was woken.
  void wait(const Clock& clock, MonoTime until) {
    std::stop_token token;
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(woken_, false)) return;
      sleeper_ = std::stop_source();
      token = sleeper_.get_token();
    }
    clock.sleepUntil(until, token);
    std::lock_guard lock(mutex_);
    woken_ = false;
  }

 private:
  std::mutex mutex_;
  std::vector<Message> messages_;
  std::stop_source sleeper_;
  bool woken_ = false;
};

}  // namespace rollcall
