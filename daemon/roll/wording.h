// The sentences of a roll-call finding, for a person at 3:00. Pure.
#pragma once

#include <optional>
#include <string>

#include "daemon/core/finding.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/version.h"
#include "daemon/roll/judge.h"

namespace rollcall::roll {

// What is known around a claim.
struct Scene {
  const Entry& entry;
  std::string path;                       // where the resource should answer
  std::optional<ghost::Version> version;  // of the pod, or of all pods when they agree
  std::string declared;                   // where the pod's own view puts it; empty = unknown
  std::optional<bool> listed;             // in the pod's sitemap
  std::optional<WallTime> startedAt;      // of the pod's process, when its source tells
};

std::string messageOf(const Claim& claim, const Scene& scene);
std::string causeOf(const Claim& claim, const Scene& scene);
std::string remedyOf(const Claim& claim, const Scene& scene);
std::map<std::string, std::string> evidenceOf(const Claim& claim, const Scene& scene);

}  // namespace rollcall::roll
