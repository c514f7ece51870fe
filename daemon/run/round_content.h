// One look at all posts for all checks of a round: a million rows are read and held once.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "daemon/db/content_source.h"

namespace rollcall {

// What the first of a round's checks read, kept as long as this lives. Thread-safe.
class RoundContent {
 public:
  // Calls `load` unless another check has: then waits for that one, which has a deadline of its
  // own. Where that one failed, or `stop` is asked for, everybody loads by itself: an Error is
  // never shared.
  Result<SharedContent> get(const std::stop_token& stop,
                            const std::function<Result<SharedContent>()>& load);

 private:
  enum class State { kNone, kLoading, kThere, kFailed };

  void settle(SharedContent content);  // null: it failed

  std::mutex mutex_;
  std::condition_variable_any changed_;
  State state_ = State::kNone;
  SharedContent content_;
};

// Hands every call on to `inner`, but asks `round`, which is borrowed, for roundContent().
std::unique_ptr<ContentSource> shareContent(std::unique_ptr<ContentSource> inner,
                                            RoundContent& round);

}  // namespace rollcall
