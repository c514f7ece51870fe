// Pods from a static list and from DNS.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/core/topology.h"

namespace rollcall {

// "NAME=http://10.0.0.7:2368" -> Pod. The Error names what to mend.
Result<Pod> parsePodFlag(std::string_view text);

std::unique_ptr<PodSource> makeStaticPods(std::vector<Pod> pods);

// Every address of a headless Service, resolved anew at each call, named by address, sorted. When
// the name stops resolving the last list is kept and marked stale. "HOST:PORT", "[v6]:PORT".
Result<std::unique_ptr<PodSource>> makeDnsPods(const Clock& clock, std::string_view hostPort,
                                               bool tls);

}  // namespace rollcall
