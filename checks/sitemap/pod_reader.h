// Reads one pod's version, its /sitemap.xml and the sitemaps that lists, from that pod alone.
#pragma once

#include <optional>
#include <string>

#include "checks/sitemap/listing.h"
#include "daemon/core/finding.h"
#include "daemon/ghost/version.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks::sitemap {

// A sitemap that is there and cannot be used.
struct Unreadable {
  std::string path;
  std::string why;
};

struct PodReading {
  const Pod& pod;
  std::optional<bool> reachable;  // whether it answered; empty when it could not be asked
  std::optional<ghost::Version> version;
  std::optional<Listing> listing;  // of a pod that is worthALook()
  bool whole = false;              // all its sitemaps were read to the end
  std::optional<Error> gap;        // why it could not be looked at; the first reason
  std::optional<Unreadable> unreadable;

  // Its version says that its sitemaps are.
  bool worthALook() const { return version && !routesFromMemory(*version); }
};

// These queue the requests; `reading` is complete when the batch has been driven. All arguments
// must outlive that.
void askVersion(PodBatch& batch, PodReading& reading);
// Of a pod that is worth it; what they list goes to its `listing`, which must be there.
void readSitemaps(PodBatch& batch, const Site& site, std::size_t maxSitemaps, PodReading& reading);

}  // namespace rollcall::checks::sitemap
