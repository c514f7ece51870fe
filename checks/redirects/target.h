// Where a redirect leads, so that two ways of writing the same address are equal. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/redirects/rule_file.h"
#include "daemon/core/topology.h"

namespace rollcall::checks::redirects {

struct Target {
  std::string site;  // "https://example.org:8443" in lower case; empty: this site
  std::string path;  // decoded; of this site: below its sub-directory
  std::vector<std::pair<std::string, std::string>> query;  // decoded, sorted
  std::string fragment;

  bool operator==(const Target&) const = default;
};

// Of a Location header. An address with a host is another site's even if the host is ours: that is
// how Ghost hands it out.
Target parseTarget(std::string_view location, const Site& site);

// Where Ghost sends readers by this rule when its example is asked; nullopt when that cannot be
// told for sure (a target with "$", without a leading slash or scheme, ...).
std::optional<Target> targetOf(const Rule& rule, const Site& site);

}  // namespace rollcall::checks::redirects
