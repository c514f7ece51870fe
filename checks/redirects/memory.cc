#include "checks/redirects/memory.h"

#include <algorithm>

namespace rollcall::checks::redirects {
namespace {

constexpr std::size_t kUrgentPerRun = 10;
constexpr std::size_t kRecheckPerRun = 3;
constexpr std::size_t kMostPerRun = 20;  // beyond what is asked in turn
constexpr std::size_t kMaxRemoved = 200;

// Rules that were added last are at the end of the file, offers that were made last at theirs.
std::vector<const Expectation*> newestFirst(const std::vector<Expectation>& all) {
  std::vector<const Expectation*> rules, offers, order;
  for (const Expectation& one : all) (one.offer ? offers : rules).push_back(&one);
  while (!rules.empty() || !offers.empty())
    for (auto* list : {&rules, &offers}) {
      if (list->empty()) continue;
      order.push_back(list->back());
      list->pop_back();
    }
  return order;
}

}  // namespace

std::vector<Question> Memory::plan(const Now& now) {
  learn(now);
  askedNow_.clear();
  healed_.clear();
  unclear_.clear();
  std::vector<Question> questions;
  const auto add = [&](const std::string& path) {
    const auto gone = removed_.find(path);
    const Expectation* expected = gone == removed_.end() ? find(path) : &gone->second;
    if (expected && askedNow_.insert(path).second)
      questions.push_back({*expected, gone != removed_.end()});
  };
  while (!urgent_.empty() && questions.size() < kUrgentPerRun) {
    add(*urgent_.begin());
    urgent_.erase(urgent_.begin());
  }
  for (const std::string& path : claimsToRecheck()) add(path);
  std::size_t gone = 0;
  for (auto at = removed_.begin(); at != removed_.end() && gone < kRecheckPerRun; ++at, ++gone)
    add(at->first);
  for (auto at = firstSeen_.begin(); at != firstSeen_.end() && questions.size() < kMostPerRun; ++at)
    add(at->first.first);

  const auto order = newestFirst(now.expected.all);
  const std::size_t wanted = std::min(now.sample, order.size());
  const std::size_t newest = now.once ? (wanted + 1) / 2 : 0;
  for (std::size_t i = 0; i < newest; ++i) add(order[i]->path);
  for (std::size_t i = newest; i < wanted; ++i)
    add(now.once ? order[newest + (now.turn + i - newest) % (order.size() - newest)]->path
                 : order[position_++ % order.size()]->path);
  return questions;
}

// In turn, so that no claim stands for long after its pod has healed.
std::vector<std::string> Memory::claimsToRecheck() {
  std::vector<std::string> all, chosen;
  for (const auto& [path, pods] : claims_) all.push_back(path);
  if (all.empty()) return all;
  std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(rechecks_++ % all.size()),
              all.end());
  std::set<std::string> covered;
  for (const std::string& path : all) {
    bool wanted = chosen.size() < kRecheckPerRun;
    for (const auto& [pod, claim] : claims_.at(path)) wanted = covered.insert(pod).second || wanted;
    if (wanted && chosen.size() < kMostPerRun) chosen.push_back(path);
  }
  return chosen;
}

std::vector<std::string> Memory::paths() const {
  std::vector<std::string> all;
  for (const auto* known : {&known_, &removed_})
    for (const auto& [path, expectation] : *known) all.push_back(path);
  return all;
}

// Compares what is expected with what was, and notes what is worth a look at once.
void Memory::learn(const Now& now) {
  std::map<std::string, Expectation> fresh;
  for (const Expectation& one : now.expected.all) fresh.emplace(one.path, one);
  for (const auto& [path, before] : known_) {
    if (fresh.contains(path)) continue;
    if (!(before.offer ? now.offers : now.rules)) {
      fresh.emplace(path, before);
    } else if (!now.expected.answered(path) && removed_.size() < kMaxRemoved) {
      removed_.emplace(path, before);
      urgent_.insert(path);
    }
  }
  for (const auto& [path, one] : fresh) {
    const auto before = known_.find(path);
    if (started_ && (before == known_.end() || !before->second.sameAs(one))) urgent_.insert(path);
  }
  std::erase_if(removed_, [&](const auto& one) {
    const bool known = one.second.offer ? now.offers : now.rules;
    return fresh.contains(one.first) || (known && now.expected.answered(one.first));
  });
  known_ = std::move(fresh);
  started_ = true;
  forgetStale();
}

// Claims about what is expected otherwise by now.
void Memory::forgetStale() {
  const auto stands = [&](const std::string& path, const Question& question) {
    const auto gone = removed_.find(path);
    if (gone != removed_.end()) return question.removed && gone->second.sameAs(question.expected);
    const Expectation* expected = find(path);
    return expected && !question.removed && expected->sameAs(question.expected);
  };
  for (auto& claims : claims_)
    std::erase_if(claims.second,
                  [&](const auto& one) { return !stands(claims.first, one.second.question); });
  std::erase_if(claims_, [](const auto& one) { return one.second.empty(); });
  std::erase_if(firstSeen_, [&](const auto& one) {
    return !find(one.first.first) && !removed_.contains(one.first.first);
  });
  std::erase_if(urgent_,
                [&](const std::string& path) { return !find(path) && !removed_.contains(path); });
}

const Expectation* Memory::find(const std::string& path) const {
  const auto found = known_.find(path);
  return found == known_.end() ? nullptr : &found->second;
}

Duration Memory::patience(const Question& question, const std::string& pod, MonoTime now,
                          Duration settle) {
  if (question.expected.settled && !question.removed) return Duration::zero();
  const auto seen = firstSeen_.try_emplace({question.expected.path, pod}, now).first->second;
  return std::max(Duration::zero(), settle - (now - seen));
}

bool Memory::isClaimed(const std::string& path, const std::string& pod) const {
  const auto found = claims_.find(path);
  return found != claims_.end() && found->second.contains(pod);
}

void Memory::right(const Question& question, const std::string& pod) {
  const std::string& path = question.expected.path;
  firstSeen_.erase({path, pod});
  const auto found = claims_.find(path);
  if (found == claims_.end() || found->second.erase(pod) == 0) return;
  healed_.insert(pod);
  if (found->second.empty()) claims_.erase(found);
}

void Memory::wrong(const Question& question, const std::string& pod, Answer answer) {
  firstSeen_.erase({question.expected.path, pod});
  claims_[question.expected.path].insert_or_assign(pod, Claim{question, std::move(answer)});
}

void Memory::settleUp(const std::vector<std::string>& pods) {
  for (auto& [path, claims] : claims_)
    std::erase_if(claims, [this, &pods, &path = path](const auto& one) {
      if (std::ranges::find(pods, one.first) == pods.end()) return true;
      // A pod that was restarted has learned all of it at once: the rest is asked before it is
      // said again.
      const bool doubtful = healed_.contains(one.first) && !askedNow_.contains(path);
      if (doubtful) urgent_.insert(path);
      return doubtful;
    });
  std::erase_if(claims_, [](const auto& one) { return one.second.empty(); });
  std::erase_if(firstSeen_, [&](const auto& one) {
    return std::ranges::find(pods, one.first.second) == pods.end();
  });
  // A rule that is gone and that no pod follows any more.
  std::erase_if(removed_, [&](const auto& one) {
    const bool settling = std::ranges::any_of(
        firstSeen_, [&](const auto& seen) { return seen.first.first == one.first; });
    return askedNow_.contains(one.first) && !unclear_.contains(one.first) &&
           !claims_.contains(one.first) && !settling;
  });
}

}  // namespace rollcall::checks::redirects
