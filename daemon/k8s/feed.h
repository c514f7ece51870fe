// How well one kind of object is known, and since when not. Pure: time is an argument.
#pragma once

#include <optional>
#include <string>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall::k8s {

class Feed {
 public:
  void listed() { listed_ = true; }
  void heard(WallTime now) {
    heardAt_ = now;
    failing_.reset();
  }
  void failed(const Error& error) { failing_ = error; }

  bool isListed() const { return listed_; }
  const std::optional<Error>& failing() const { return failing_; }
  // Nothing but a person's help makes it better: nobody need wait for the first list.
  bool isHopeless() const;
  // Why what is known may be old, and of when it is; empty when it is fresh.
  std::string stale() const;

 private:
  bool listed_ = false;
  std::optional<Error> failing_;
  WallTime heardAt_{};
};

}  // namespace rollcall::k8s
