// What Ghost's probes tell Kubernetes, and what not. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/core/topology.h"
#include "daemon/k8s/workload_objects.h"

namespace rollcall::checks::deployment {

// What Ghost needs to answer an HTTP probe, as measured with the database stopped.
enum class Answer {
  kMemory,      // nothing: it answers from memory, or a file
  kRedirected,  // nothing: plain HTTP is redirected to the site's https before anything else
  kDatabase,    // it renders, or looks something up
  kUnknown,     // no such address was measured, or no HTTP probe
};
Answer answerTo(const k8s::Probe& probe, const Url& site);

enum class Readiness {
  kNone,      // ready as soon as the container runs
  kPort,      // ready as soon as the port is open: it still boots
  kBooted,    // ready once it has booted, and from then on whatever happens to its database
  kDatabase,  // not ready without its database
  kUnknown,   // a command, or an address of which this is not known
};
// A startup probe counts for the time before the first readiness probe.
Readiness readinessOf(const k8s::GhostContainer& ghost, const Url& site);

// Whether pods are restarted for a database that is away.
bool diesWithDatabase(const k8s::GhostContainer& ghost, const Url& site);

// After how long a boot is ended for answering 503; nothing when it never is.
std::optional<Duration> bootPatience(const k8s::GhostContainer& ghost);

}  // namespace rollcall::checks::deployment
