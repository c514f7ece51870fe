// Pods from a static list and from DNS.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/topology.h"

namespace rollcall {

// "NAME=http://10.0.0.7:2368" -> Pod; NAME is made of letters, digits and ._:- (it becomes a
// label). The Error names what to mend.
Result<Pod> parsePodFlag(std::string_view text);

std::unique_ptr<PodSource> makeStaticPods(std::vector<Pod> pods);

// Turns a host name into addresses; may block for as long as it likes. Called on a thread of its
// own, at most one at a time per source, and possibly still running when the source is gone.
using Resolver = std::function<Result<std::vector<std::string>>(const std::string& host)>;
// By the system (getaddrinfo). When a name has IPv4 and IPv6 addresses only IPv4 ones are given:
// a dual-stack headless Service names each pod twice.
Resolver systemResolver();

// Every address of a headless Service, resolved anew at each call, named by address, sorted. When
// the name stops resolving the last list is kept and marked stale. "HOST:PORT", "[v6]:PORT".
Result<std::unique_ptr<PodSource>> makeDnsPods(const Clock& clock, std::string_view hostPort,
                                               bool tls);
Result<std::unique_ptr<PodSource>> makeDnsPods(const Clock& clock, std::string_view hostPort,
                                               bool tls, Resolver resolver);

}  // namespace rollcall
