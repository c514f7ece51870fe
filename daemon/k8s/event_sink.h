// Tells the pods' Events what was found on them.
#pragma once

#include <memory>
#include <string>

#include "daemon/core/news.h"
#include "daemon/core/report.h"
#include "daemon/k8s/cluster.h"
#include "daemon/net/http_client.h"

namespace rollcall {

// Publishing never waits: what is to be told is sent by a thread of its own, which ends with the
// sink and drops what it has not sent. While the API cannot be asked a hundred Events wait, each
// for five minutes. `nameSpace` is that of Ghost's pods, empty = Rollcall's own; `instance` names
// this replica. `http` and `clock` are borrowed. kInvalidArgument when this is no container of a
// cluster.
Result<std::unique_ptr<Sink>> makeEventSink(const Clock& clock, HttpClient& http,
                                            const std::string& nameSpace,
                                            const k8s::Surroundings& surroundings,
                                            const std::string& instance, Tell tell);

}  // namespace rollcall
