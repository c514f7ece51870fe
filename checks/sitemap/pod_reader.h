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
  PodReading(const Pod& podGiven, const Expected& expected, Strays& strays)
      : pod(podGiven), listing(expected, strays) {}

  const Pod& pod;
  std::optional<bool> reachable;  // whether it answered; empty when it could not be asked
  std::optional<ghost::Version> version;
  bool asked = false;  // its version says that its sitemaps are worth a look, and so they were read
  bool whole = false;  // all of them to the end
  Listing listing;
  std::optional<Error> gap;  // why it could not be looked at; the first reason
  std::optional<Unreadable> unreadable;
};

// Queues the requests; `reading` is complete when the batch has been driven. All arguments must
// outlive that. A pod that routes from memory is asked for its version only.
void readPod(PodBatch& batch, const Site& site, std::size_t maxSitemaps, PodReading& reading);

}  // namespace rollcall::checks::sitemap
