// Reads one pod's version, its /sitemap.xml and the sitemaps that lists, from that pod alone.
#pragma once

#include <functional>
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
  explicit PodReading(const Pod& podGiven) : pod(podGiven) {}

  const Pod& pod;
  std::optional<bool> reachable;  // whether it answered; empty when it could not be asked
  std::optional<ghost::Version> version;
  std::optional<Listing> listing;  // only where the version says that its sitemaps are worth a look
  bool whole = false;              // all of them were read to the end
  std::optional<Error> gap;        // why it could not be looked at; the first reason
  std::optional<Unreadable> unreadable;
};

// Makes the listing of a pod whose sitemaps are to be read. What is expected of a million posts is
// worked out by the first of them, and on a site whose pods all route from memory never.
using MakeListing = std::function<Listing()>;

// Queues the requests; `reading` is complete when the batch has been driven. All references must
// outlive that. A pod that routes from memory is asked for its version only.
void readPod(PodBatch& batch, const Site& site, std::size_t maxSitemaps, MakeListing makeListing,
             PodReading& reading);

}  // namespace rollcall::checks::sitemap
