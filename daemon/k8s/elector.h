// Takes part in the election of the replica that leads.
#pragma once

#include <memory>
#include <string>

#include "daemon/core/leadership.h"
#include "daemon/core/news.h"
#include "daemon/k8s/cluster.h"
#include "daemon/net/http_client.h"

namespace rollcall {

// "rollcall-6d4b-x7k2p_9f86d081884c7d65": the machine's name, which in a cluster is the pod's, and
// something that no other process has.
std::string makeIdentity();

// Asks for the Lease `lease` of Rollcall's own namespace, on a thread of its own, until it is
// destroyed. That gives the Lease back, so that another may take it at once; it takes a moment, a
// second and a half when the API does not answer. `http` and `clock` are borrowed.
// kInvalidArgument when this is no container of a cluster.
Result<std::unique_ptr<Leadership>> joinElection(const Clock& clock, HttpClient& http,
                                                 const std::string& lease,
                                                 const k8s::Surroundings& surroundings,
                                                 const std::string& identity, Tell tell);

}  // namespace rollcall
