// A Lease of the API: who among several holds something, and since when. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall::k8s {

struct Lease {
  std::string holder;    // empty = nobody
  Duration duration{0};  // a record that did not change for so long has expired; 0 = not told
  std::string version;   // another one = somebody wrote
  std::string document;  // the whole object, as it was read
};

// kProtocol when it is no such object.
Result<Lease> readLease(std::string_view text);

// Who holds it for how long from now on. `now` is for people only.
struct LeaseClaim {
  std::string holder;
  Duration duration{0};  // whole seconds
  WallTime now{};
};
// Objects to send. What else stands in `lease`, its version included, is kept.
std::string newLease(const std::string& name, const LeaseClaim& claim);
std::string claimedLease(const Lease& lease, const LeaseClaim& claim);
// Nobody holds it any more.
std::string releasedLease(const Lease& lease, WallTime now);

}  // namespace rollcall::k8s
