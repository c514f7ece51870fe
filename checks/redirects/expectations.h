// What every pod must answer, as far as the redirects file and the offers tell. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/redirects/rule_file.h"
#include "checks/redirects/target.h"
#include "daemon/core/topology.h"

namespace rollcall::checks::redirects {

// One row of the table `offers`. An archived offer keeps its redirect.
struct Offer {
  std::string id;
  std::string code;
  Duration age{};  // since it was changed, by the database's clock
};

// A request and its only right answer.
struct Expectation {
  std::string path;  // below the site, percent-encoded
  Target target;
  bool permanent = false;
  std::string to;        // as written
  bool offer = false;    // an offer's link, no rule of the file
  bool settled = false;  // known to be older than the settle window

  int status() const { return permanent ? 301 : 302; }
  bool sameAs(const Expectation& other) const {
    return target == other.target && permanent == other.permanent && offer == other.offer;
  }
};

struct KnownRules {
  Rules rules;
  bool ordered = true;   // false: the order in which Ghost registered them is not known
  bool settled = false;  // the file is older than the settle window
};

struct Expectations {
  std::vector<Expectation> all;  // the file's rules in its order, then the offers; paths differ
  std::size_t live = 0;          // not asked: the address of a public post, page, tag or author
  std::size_t expressions = 0;   // not asked: no example can be derived safely
  std::size_t shadowed = 0;      // not asked: another rule or another part of Ghost may answer
  std::size_t beyond = 0;        // not asked: more rules than are looked at
  // Whether anything known answers `path`: a rule, an offer, or a public resource.
  std::function<bool(std::string_view path)> answered;
};

// `rules` and `offers` are null where they are not known. `isLive` tells whether a path without its
// last slash is a public resource's.
Expectations expect(const KnownRules* rules, const std::vector<Offer>* offers,
                    const std::function<bool(std::string_view path)>& isLive, Duration settle,
                    const Site& site);

}  // namespace rollcall::checks::redirects
