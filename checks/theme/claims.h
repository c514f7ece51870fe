// One look at everything: what could be claimed if a second look says the same.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checks/theme/codes.h"
#include "checks/theme/pod_look.h"
#include "checks/theme/rules.h"
#include "checks/theme/state.h"
#include "checks/theme/volume.h"
#include "daemon/core/check.h"

namespace rollcall::checks::theme {

struct Claim {
  Code code;
  std::string pod;     // empty: all or none
  std::string whose;   // the pods a claim about none is about: two such claims need not be the same
  bool dated = false;  // the change has a date: ThemeState::age
  std::string message, cause, remedy, reproduce;
  std::map<std::string, std::string> evidence;

  std::string key() const;
  // The content folder says it, whatever the pods show.
  bool ofVolume() const { return code == kRc541 || code == kRc542; }
};

// What is remembered between looks.
struct Known {
  std::optional<Asset> asset;  // of the active theme
  std::string seenAsset;       // without a content folder: one that a page names
  std::string theme;           // to which these belong
  // What each pod's page looked like the last time, by pod and path: a hash of its traits.
  std::map<std::pair<std::string, std::string>, std::size_t> pages;
};

struct Look {
  ThemeState state;
  std::vector<Claim> claims;
  std::vector<Gap> gaps;
  std::vector<std::string> notes;
};

struct Plan {
  std::vector<std::string> pages;
  bool custom = false;
  bool fresh = false;
  bool volumeOnly = false;  // what the pods said of the volume in an earlier look stands
};

// An Error when the database fails.
Result<Look> lookAround(const CheckContext& context, const Plan& plan, Known& known);

}  // namespace rollcall::checks::theme
