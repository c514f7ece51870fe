// What a daemon knows that the next one should not have to learn anew. In texts: another version of
// Rollcall may have written it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/comparison.h"

namespace rollcall {

// As BoardEvent of daemon/sinks/status_board.h.
struct PastEvent {
  WallTime at{};
  std::string tone;
  std::string text;

  auto operator<=>(const PastEvent&) const = default;
};

// As BoardFailure there.
struct PastFailure {
  std::string code;
  std::string check;
  std::string pod;
  std::size_t count = 0;
  WallTime began{};
  std::optional<WallTime> ended;

  auto operator<=>(const PastFailure&) const = default;
};

struct PastWatch {
  // Those that are there or could not be looked at again; without severity, title and message.
  std::vector<PastFinding> findings;
  std::vector<PastEvent> events;      // oldest first
  std::vector<PastFailure> failures;  // oldest first
};

}  // namespace rollcall
