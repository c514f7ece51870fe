#include "checks/sitemap/settled.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace rollcall::checks::sitemap {
namespace {

constexpr Duration kSoonest = std::chrono::milliseconds(200);

// How long until `at` is `settle` ago; not positive when it is already.
Duration waitFor(WallTime at, const Moment& moment) {
  const Duration age = elapsed(at, moment.now);
  return age > -moment.settle ? moment.settle - age : Duration::zero();
}

bool isPostOrPage(const Entry& entry) {
  return entry.type == ResourceType::kPost || entry.type == ResourceType::kPage;
}

// When readers could last have noticed a change of a post or page.
WallTime lastChange(const Expected& expected, WallTime now) {
  WallTime last{};
  for (const Entry& entry : expected.entries()) {
    const bool wasPublic = entry.isPublic || (entry.publishedAt && *entry.publishedAt <= now);
    if (isPostOrPage(entry) && wasPublic) last = std::max(last, entry.updatedAt);
  }
  return last;
}

// A tag's or author's row does not change when it gets its first or loses its last post, and a
// stray has no row.
bool hasOwnTime(const Expected& expected, const Suspect& suspect) {
  return !suspect.stray && isPostOrPage(expected.entries()[suspect.id]);
}

}  // namespace

Patience::Key Patience::keyOf(const Expected& expected, const Strays& strays,
                              const Suspect& suspect) {
  const TextHash hash;
  const auto fault = static_cast<Key>(suspect.fault) * 2 + suspect.stray;
  const auto type = suspect.stray ? strays[suspect.id].type : expected.entries()[suspect.id].type;
  const std::string_view text = suspect.stray ? std::string_view(strays[suspect.id].path)
                                              : expected.entries()[suspect.id].id.view();
  return hash(text) ^ ((fault * kTypes + static_cast<Key>(type) + 1) * 0x9E3779B97F4A7C15u);
}

bool Patience::wasClaimed(const Expected& expected, const Strays& strays, std::string_view pod,
                          const Suspect& suspect) const {
  const auto known = byPod_.find(pod);
  return known != byPod_.end() &&
         std::ranges::binary_search(known->second.claimed, keyOf(expected, strays, suspect));
}

Sifted Patience::sift(const Expected& expected, const Strays& strays,
                      const std::vector<std::string>& pods, const std::vector<Suspect>& suspects,
                      const Moment& moment) {
  const WallTime changed = lastChange(expected, moment.now);
  std::map<std::string, std::unordered_map<Key, MonoTime>> firstSeen;
  Sifted sifted;
  for (const Suspect& one : suspects) {
    const std::string& pod = pods[one.pod];
    if (wasClaimed(expected, strays, pod, one)) {
      sifted.due.push_back(one);
      continue;
    }
    Duration wait =
        one.stray ? Duration::zero() : waitFor(expected.entries()[one.id].updatedAt, moment);
    if (!hasOwnTime(expected, one)) {
      wait = std::max(wait, waitFor(changed, moment));
      const Key key = keyOf(expected, strays, one);
      const auto& known = byPod_[pod].firstSeen;
      const auto earlier = known.find(key);
      const MonoTime first = earlier == known.end() ? moment.mono : earlier->second;
      firstSeen[pod].emplace(key, first);
      if (moment.daemon) wait = std::max(wait, moment.settle - (moment.mono - first));
    }
    if (wait <= Duration::zero()) {
      sifted.due.push_back(one);
      continue;
    }
    ++sifted.settling;
    const Duration soon = std::max(wait, kSoonest);
    sifted.again = std::min(sifted.again.value_or(soon), soon);
  }
  for (auto& [pod, seen] : firstSeen) byPod_[pod].firstSeen = std::move(seen);
  return sifted;
}

void Patience::remember(const Expected& expected, const Strays& strays,
                        const std::vector<std::string>& pods, const std::vector<bool>& whole,
                        const std::vector<Suspect>& claims) {
  std::map<std::string, Known, std::less<>> next;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    Known& known = next[pods[i]];
    const auto earlier = byPod_.find(pods[i]);
    if (earlier == byPod_.end()) continue;
    known.firstSeen = std::move(earlier->second.firstSeen);
    if (!whole[i]) known.claimed = std::move(earlier->second.claimed);
  }
  for (const Suspect& one : claims)
    next[pods[one.pod]].claimed.push_back(keyOf(expected, strays, one));
  for (auto& [pod, known] : next) std::ranges::sort(known.claimed);
  byPod_ = std::move(next);
}

}  // namespace rollcall::checks::sitemap
