// What one pod's answer to one question means. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/result.h"
#include "daemon/core/topology.h"
#include "daemon/net/http_client.h"

namespace rollcall::roll {

// Ordered from good to bad: of several states of one (resource, pod) the last one is reported.
enum class State {
  kOk,
  kUnknown,   // booting, private, overloaded, unreachable: says nothing about the resource
  kTimeout,   // like kUnknown, but the pod hung
  kDeclared,  // answers, but the pod's own url for the resource is another one
  kError,     // 4xx or 5xx other than "not there"
  kMoved,     // redirects elsewhere
  kMissing,   // 404
  kServed,    // answers although it is not public
};
std::string_view name(State state);
// States that contradict the database.
bool isWrong(State state);

struct Answer {
  State state = State::kUnknown;
  int status = 0;         // 0 = no answer
  std::string location;   // of a redirect, as sent
  bool yearLong = false;  // a redirect that may be cached for 30 days or more
  std::string why;        // for kUnknown and kTimeout: a sentence; for kError: Ghost's message
  bool disowned = false;  // the pod's own view does not have the resource here, either
};

struct Question {
  bool isPublic = true;   // the database says the resource is public
  std::string_view path;  // asked for, below the site's sub-directory
};

// Ghost's private mode redirects to /private/; 503 is Ghost booting or migrating; 6.56 redirects
// what its memory does not know to /404/ for a year (all measured).
Answer classify(const Question& question, const Site& site, const Result<HttpResponse>& response);

}  // namespace rollcall::roll
