// Which file of the content folder an address means. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/topology.h"

namespace rollcall::checks::images {

enum class Place {
  kVolume,     // a file below images/, media/ or files/ of the content folder
  kElsewhere,  // on another host: a CDN, a bucket, gravatar
  kUnusable,   // it would be on the volume, but no file can be told from how it is written
  kNone,       // no file: another page of the site, a name of Ghost's own, nothing
};

struct Located {
  Place place = Place::kNone;
  std::string path;  // of kVolume: below the content folder, decoded: "images/2026/01/a b.png"

  bool operator==(const Located&) const = default;
};

// `address` as Ghost stores it (__GHOST_URL__/content/...) or a page has it. A smaller copy, which
// Ghost makes when it is asked for, stands for its original.
Located locate(std::string_view address, const Site& site);

// What a pod is asked for: "/content/images/2026/01/a%20b.png".
std::string requestPath(std::string_view path);

}  // namespace rollcall::checks::images
