// The sentences of this check's findings. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "checks/sitemap/listing.h"
#include "daemon/core/finding.h"
#include "daemon/core/topology.h"
#include "daemon/ghost/version.h"

namespace rollcall::checks::sitemap {

// A suspect with what is known around it.
struct Scene {
  Fault fault;
  std::string pod;     // empty: all pods
  std::size_t pods;    // how many there are
  const Entry* entry;  // null for a stray
  ResourceType type;
  std::string path;      // where it is or should be listed, percent-encoded
  std::string sitemap;   // "/sitemap-posts.xml"
  std::int64_t lastmod;  // as listed, for an old one
  std::optional<ghost::Version> version;
};

ResourceRef resourceOf(const Scene& scene, const Site& site);
std::string messageOf(const Scene& scene);
std::string causeOf(const Scene& scene);
std::string remedyOf(const Scene& scene);
std::map<std::string, std::string> evidenceOf(const Scene& scene);

}  // namespace rollcall::checks::sitemap
