// Where the daemon hears at once that something in the database may have changed. What did, and
// whether anything did, is for the database to say when it is asked.
#pragma once

#include <functional>
#include <stop_token>

namespace rollcall {

// Looks after itself: what ends is begun anew. Nothing depends on it: while it is down, and for
// whatever it does not hear of, the database is asked again and again as without it.
class ChangeFeed {
 public:
  virtual ~ChangeFeed() = default;
  // Listens on the caller's thread until `stop`, and calls `touched` there; also each time it is up
  // again, for what happened in between.
  virtual void follow(const std::function<void()>& touched, std::stop_token stop) = 0;
  // Whether changes are heard of now. Thread-safe.
  virtual bool up() const = 0;
};

}  // namespace rollcall
