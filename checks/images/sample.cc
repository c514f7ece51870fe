#include "checks/images/sample.h"

#include <algorithm>
#include <compare>
#include <optional>

namespace rollcall::checks::images {
namespace {

constexpr std::size_t kOfEachPod = 5;

bool ofSingleFiles(Code code) {
  return code == Code::kMissing || code == Code::kEmpty;
}

}  // namespace

bool Sample::add(Wanted wanted, Reason reason) {
  if (!owners_.emplace(wanted.path, std::move(wanted.owner)).second) return false;
  questions_.push_back({std::move(wanted.path), reason});
  return true;
}

std::vector<Wanted> inTurn(const References& references) {
  std::vector<Wanted> first, others;
  for (const Referenced& one : references.of) {
    if (one.settling) continue;
    for (std::size_t i = 0; i < one.paths.size(); ++i)
      (i == 0 ? first : others).push_back({one.paths[i], one.owner});
  }
  first.insert(first.end(), others.begin(), others.end());
  return first;
}

std::vector<Wanted> refresh(std::map<std::string, Standing>& standing, const References& now) {
  std::vector<Wanted> judgeable;
  for (auto one = standing.begin(); one != standing.end();) {
    const std::string& path = one->first;
    Standing& stands = one->second;
    const auto row = std::ranges::find_if(now.of, [&](const Referenced& each) {
      return each.owner.type == stands.owner.type && each.owner.id == stands.owner.id &&
             std::ranges::find(each.paths, path) != each.paths.end();
    });
    if (row == now.of.end()) {
      one = standing.erase(one);
      continue;
    }
    stands.owner = row->owner;
    if (!row->settling) judgeable.push_back({path, stands.owner});
    ++one;
  }
  return judgeable;
}

std::map<std::string, Standing> nextStanding(const std::map<std::string, Standing>& before,
                                             const Judged& judged, const Sample& sample,
                                             std::size_t most) {
  std::map<std::string, Standing> next = before;
  for (const std::string& path : judged.right) next.erase(path);
  std::map<std::pair<Code, std::optional<std::size_t>>, std::size_t> kept;
  for (const Claim& claim : judged.claims) {
    const bool missing = claim.code == Code::kMissing;
    if (const auto known = next.find(claim.path); known != next.end()) {
      known->second.missing = missing;
      ++kept[{claim.code, claim.pod}];
      continue;
    }
    const bool enough = !ofSingleFiles(claim.code) && kept[{claim.code, claim.pod}] >= kOfEachPod;
    if (enough || next.size() >= most) continue;
    next.emplace(claim.path, Standing{sample.ownerOf(claim.path), missing});
    ++kept[{claim.code, claim.pod}];
  }
  return next;
}

}  // namespace rollcall::checks::images
