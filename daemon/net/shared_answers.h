// A PodClient for one round of checks: what several of them ask a pod alike is asked once.
#pragma once

#include <memory>

#include "daemon/net/pod_client.h"

namespace rollcall {

// Borrows `inner`. Thread-safe as every PodClient. Requests marked `shared` and without onBody that
// have the same pod, door, path, keepBytes and keepFine get the answer of the first of them; it is
// kept as long as the client lives, so the client is made anew for each round. An Error is never
// shared: who waited for it asks by itself.
std::unique_ptr<PodClient> shareAnswers(PodClient& inner);

}  // namespace rollcall
