// What the answers of pods say of a file that was put on the volume. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/net/http_client.h"

namespace rollcall::checks::canary {

// What the file holds, one after the other: of different length, and neither begins as the other.
struct Texts {
  std::string first;
  std::string second;
};
Texts textsFor(std::string_view name);

// What was done to the file last.
enum class Stage { kCreated, kOverwritten, kRemoved };

enum class Seen {
  kRight,      // as the volume has it
  kOld,        // as it was before
  kMissing,    // 404 though it is there
  kWrong,      // bytes that were never in it
  kFailing,    // 500: Ghost cannot read it
  kRefused,    // 401 or 403
  kElsewhere,  // a redirect
  kSilent,     // no answer in time
  kUnseen,     // cannot be reached, boots, or something else than Ghost's storage answers
};

// What Ghost's ETag tells of a file.
struct Stamp {
  std::uint64_t size = 0;
  WallTime changed{};

  bool operator==(const Stamp&) const = default;
};
// Nothing when it is not of the form W/"<size>-<milliseconds>", both hexadecimal.
std::optional<Stamp> stampOf(std::string_view etag);
// Ghost rounds the time to the millisecond, ours is cut.
bool sameTime(WallTime ghost, WallTime ours);

struct Sight {
  Seen seen = Seen::kUnseen;
  int status = 0;
  std::size_t bytes = 0;       // of the body
  std::string said = {};       // the pod's message, or where a redirect leads
  Error why = {};              // of kUnseen and kSilent
  std::optional<Stamp> stamp;  // of kRight, as long as the file is there
};
Sight sightOf(const Result<HttpResponse>& answer, Stage stage, const Texts& texts);

// How often a pod that saw this is asked again before it is claimed. `known`: the run before
// claimed the same.
int looksBefore(Seen seen, bool known);

enum class Scene {
  kServed,     // at least one pod has the file
  kNowhere,    // the pods that answered do not serve it
  kElsewhere,  // they send those who ask for it to another place
  kUnknown,    // nobody could tell
};
Scene sceneOf(const std::vector<Seen>& all);

}  // namespace rollcall::checks::canary
