// What a pod's answers say about its condition. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/topology.h"
#include "daemon/ghost/api.h"
#include "daemon/net/http_client.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks::pods {

enum class Condition {
  kWell,
  kPrivate,       // well, and every page asks for the site's password
  kUnreachable,   // refused, reset, no route, no such name
  kHangs,         // no complete answer in time
  kBoots,         // 503: booting or migrating
  kDatabaseLost,  // what needs the database fails or hangs, what is in memory answers
  kThemeMissing,
  kThemeBroken,
  kServerError,  // another 5xx
  kNotGhost,     // an answer Ghost does not give
  kRedirects,    // sends readers to another scheme or host than the site's
  kUnseen,       // could not look: our own end
};

// `front` is the front page; `setup` needs the database but neither theme nor settings. Both are
// optional: what was not asked says nothing.
struct Answers {
  Result<HttpResponse> site;  // /ghost/api/admin/site/
  std::optional<Result<HttpResponse>> front;
  std::optional<Result<HttpResponse>> setup;
};

// Where in the answers the condition shows.
enum class Place { kSite, kFront };

struct Diagnosis {
  Condition condition = Condition::kUnseen;
  Place place = Place::kSite;
  bool answered = false;                // anything at all came over HTTP
  bool unresolved = false;              // its name has no address
  std::string seen;                     // "the front page answers 500"
  std::string ghostSays;                // Ghost's own message; may be empty
  int status = 0;                       // 0 = no answer
  std::string target;                   // of a redirect
  std::optional<ghost::SiteInfo> info;  // what the pod says of itself
  std::optional<Error> why;             // of kUnseen
};

Diagnosis diagnose(const Answers& answers, const Site& site);

// Whether `condition` is only claimed after a second look that includes `setup`.
bool wantsSecondLook(Condition condition);

// Whether a Location leads to another scheme or host than `site`.
bool leadsElsewhere(std::string_view location, const Url& site);

// There are pods that are to stay, and none of them gets traffic. False for a former list.
bool nobodyServes(const Topology& topology);

// What a pod said, cut and without control characters, to be part of a sentence.
std::string quotable(std::string_view value);

}  // namespace rollcall::checks::pods
