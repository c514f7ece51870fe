#include "checks/redirects/expectations.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <unordered_map>

#include "checks/redirects/pattern.h"
#include "daemon/core/letter_case.h"
#include "daemon/core/url_path.h"

namespace rollcall::checks::redirects {
namespace {

constexpr std::size_t kMaxRules = 10'000;
constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();

// What Ghost answers before it looks at its redirects: the admin and APIs, links of newsletters.
constexpr std::array<std::string_view, 6> kElsewhere = {"/ghost/",    "/r/",           "/members/",
                                                        "/webhooks/", "/.well-known/", "/.ghost/"};

bool isElsewhere(const std::string& lowered) {
  return std::ranges::any_of(kElsewhere, [&](std::string_view prefix) {
    return lowered.starts_with(prefix) || lowered + "/" == prefix;
  });
}

// Patterns by what they may answer.
class Answerers {
 public:
  void add(const Pattern& pattern, std::size_t index) {
    const auto end = pattern.exactEnd();
    if (!end) {
      others_.emplace_back(pattern, index);
      return;
    }
    auto& map = pattern.anchored() ? whole_ : ends_;
    const auto [at, fresh] = map.try_emplace(std::string(*end), Pair{index, kNobody});
    if (!fresh && at->second.second == kNobody) at->second.second = index;
  }

  // The first that may answer, leaving out `but`; kNobody when none does.
  std::size_t first(const std::string& lowered, std::size_t but = kNobody) const {
    std::size_t found = kNobody;
    const auto consider = [&](std::size_t index) {
      if (index != but) found = std::min(found, index);
    };
    const std::string path(withoutSlash(lowered));
    const auto look = [&](const auto& map, const std::string& key) {
      const auto at = map.find(key);
      if (at == map.end()) return;
      consider(at->second.first);
      consider(at->second.second);
    };
    look(whole_, path);
    for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1))
      look(ends_, path.substr(at));
    for (const auto& [pattern, index] : others_)
      if (pattern.mayMatch(lowered)) consider(index);
    return found;
  }

 private:
  using Pair = std::pair<std::size_t, std::size_t>;  // the first two of the same end

  std::unordered_map<std::string, Pair> whole_, ends_;
  std::vector<std::pair<Pattern, std::size_t>> others_;
};

bool isShadowed(const Answerers& rules, const std::string& lowered, std::size_t index,
                bool ordered) {
  const std::size_t other = rules.first(lowered, index);
  return other < index || (!ordered && other != kNobody);
}

// A pod that does not know the rule answers the same: the slash at the end.
bool tellsNothing(const std::string& path, const Target& target) {
  return target.site.empty() &&
         lowerCase(withoutSlash(target.path)) == lowerCase(withoutSlash(path));
}

struct Known {
  Answerers rules, offers;
  std::function<bool(std::string_view)> isLive;
};

void addOffers(const std::vector<Offer>& offers, Duration settle, const Site& site, Known& known,
               Expectations& made) {
  for (std::size_t i = 0; i < offers.size(); ++i)
    known.offers.add(Pattern("/" + offers[i].code), i);
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const Offer& offer = offers[i];
    const Pattern pattern("/" + offer.code);
    if (!pattern.example() || isShadowed(known.offers, lowerCase(*pattern.example()), i, false)) {
      ++made.shadowed;
      continue;
    }
    const std::string to = "/#/portal/offers/" + offer.id;
    made.all.push_back({.path = *pattern.example(),
                        .target = parseTarget(to, site),
                        .to = to,
                        .offer = true,
                        .settled = offer.age > settle});
  }
}

void addRules(const KnownRules& file, const Site& site, Known& known, Expectations& made) {
  const std::size_t count = std::min(file.rules.size(), kMaxRules);
  made.beyond = file.rules.size() - count;
  std::vector<Pattern> patterns;
  for (std::size_t i = 0; i < count; ++i) {
    patterns.emplace_back(file.rules[i].from);
    known.rules.add(patterns[i], i);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto& path = patterns[i].example();
    const auto target = targetOf(file.rules[i], site);
    if (!path || !target) {
      ++made.expressions;
      continue;
    }
    const std::string lowered = lowerCase(*path);
    if (isElsewhere(lowered) || tellsNothing(*path, *target) ||
        known.offers.first(lowered) != kNobody || isShadowed(known.rules, lowered, i, file.ordered))
      ++made.shadowed;
    else if (known.isLive(withoutSlash(*path)))
      ++made.live;
    else
      made.all.push_back({.path = *path,
                          .target = *target,
                          .permanent = file.rules[i].permanent,
                          .to = file.rules[i].to,
                          .settled = file.settled});
  }
}

}  // namespace

Expectations expect(const KnownRules* rules, const std::vector<Offer>* offers,
                    const std::function<bool(std::string_view path)>& isLive, Duration settle,
                    const Site& site) {
  Expectations made;
  const auto known = std::make_shared<Known>();
  known->isLive = isLive;
  Expectations links;
  if (offers) addOffers(*offers, settle, site, *known, links);
  if (rules) addRules(*rules, site, *known, made);
  made.shadowed += links.shadowed;
  made.all.insert(made.all.end(), links.all.begin(), links.all.end());
  made.answered = [known](std::string_view path) {
    const std::string lowered = lowerCase(path);
    return known->rules.first(lowered) != kNobody || known->offers.first(lowered) != kNobody ||
           known->isLive(withoutSlash(path));
  };
  return made;
}

}  // namespace rollcall::checks::redirects
