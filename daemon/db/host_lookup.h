// Asks the resolver whether a host name exists, without waiting longer than one is told to:
// getaddrinfo() itself cannot be bounded or cancelled, so a thread of its own does the waiting.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

// Thread-compatible. At most one lookup is under way per object; one that hangs is waited for again
// by the next call, and lives on by itself when the object dies.
class HostLookup {
 public:
  // Answers a getaddrinfo() code, 0 when the host has an address. Called on the lookup's thread.
  using Resolve = std::function<int(const std::string& host)>;

  HostLookup();  // the system's resolver
  explicit HostLookup(Resolve resolve);

  // Nothing when `host` has an address (at once for numeric ones). kNotFound: no such host;
  // kUnavailable: the resolver failed; kDeadlineExceeded, kCancelled.
  std::optional<Error> check(const Clock& clock, const std::string& host, Deadline deadline,
                             std::stop_token stop);

 private:
  struct Lookup;

  Resolve resolve_;
  std::shared_ptr<Lookup> pending_;
};

}  // namespace rollcall
