// Which of several replicas of Rollcall does what one alone should do.
#pragma once

namespace rollcall {

class Leadership {
 public:
  virtual ~Leadership() = default;
  // Of this instant: not to be remembered. Thread-safe.
  virtual bool leads() const = 0;
};

}  // namespace rollcall
