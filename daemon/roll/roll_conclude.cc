// What may be said after the pods were asked.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/roll/roll_run.h"
#include "daemon/roll/wording.h"

namespace rollcall::roll {
namespace {

constexpr std::size_t kMaxUnconfirmed = 1'000;  // listed per pod

std::optional<ghost::Version> commonVersion(const std::map<std::string, ghost::Version>& versions) {
  std::set<ghost::Version> all;
  for (const auto& [pod, version] : versions) all.insert(version);
  return all.size() == 1 ? std::optional(*all.begin()) : std::nullopt;
}

}  // namespace

// The rows may have changed while the pods were asked: what is about to be claimed is read again.
Result<void> RollRun::lookAgain() {
  std::map<ResourceType, std::map<std::string, std::size_t>> doubtful;
  const auto doubt = [&](std::size_t entry) {
    doubtful[content_->entries[entry].type].emplace(content_->entries[entry].id, entry);
  };
  for (PodRun& pod : pods_) {
    weigh(pod);
    for (const auto& [entry, answer] : pod.answers)
      if (isWrong(answer.state)) doubt(entry);
    for (const std::size_t entry : pod.unconfirmed) doubt(entry);
  }
  for (const auto& [type, entries] : doubtful) {
    std::vector<std::string> ids;
    for (const auto& [id, entry] : entries) ids.push_back(id);
    const auto states = context_.content->states(type, ids, context_.deadline, context_.stop);
    if (!states) return states.error();
    for (const auto& [id, entry] : entries) {
      const Entry& then = content_->entries[entry];
      const auto now = states->find(id);
      if (now == states->end() || !now->second.exists || now->second.isPublic != then.isPublic ||
          now->second.slug != then.slug || now->second.updatedAt != then.updatedAt)
        changedMeanwhile_.insert(entry);
    }
  }
  return {};
}

void RollRun::conclude() {
  for (const auto& [entry, pods] : before_) interesting_.insert(entry);
  for (const PodRun& pod : pods_) {
    for (const auto& [entry, answer] : pod.answers) interesting_.insert(entry);
    interesting_.insert(pod.suspects.begin(), pod.suspects.end());
  }
  for (const std::size_t entry : interesting_) concludeEntry(entry);
  if (!changedMeanwhile_.empty()) outcome_.again = std::chrono::seconds(1);
}

void RollRun::concludeEntry(std::size_t i) {
  const Entry& entry = content_->entries[i];
  std::vector<Observation> observations;
  bool early = changedMeanwhile_.contains(i);
  for (const PodRun& pod : pods_) {
    const auto* before = known(pod, i);
    auto observation = observe(pod, i);
    if (before && !observation) {
      wrong_[keyOf(i)][pod.pod->name] = *before;
      observations.push_back({pod.pod->name, before->answer, before->confirmed, true});
    }
    if (!observation) continue;
    const Answer& answer = observation->answer;
    if (answer.state != State::kOk) states_[{&pod, i}] = answer.state;
    if (isWrong(answer.state) && !before && settling(entry)) {
      early = true;
      continue;
    }
    if (isWrong(answer.state)) wrong_[keyOf(i)][pod.pod->name] = {answer, observation->confirmed};
    observations.push_back(std::move(*observation));
  }
  if (early) waitFor(i);
  const auto lost = static_cast<std::size_t>(std::ranges::count_if(pods_, &PodRun::lost));
  for (const Claim& claim : judgeResource(observations, pods_.size(), lost)) addFinding(i, claim);
  measurePropagation(i);
}

// Too early to judge: look again when the change has settled.
void RollRun::waitFor(std::size_t i) {
  watched_.insert(keyOf(i));
  const Duration left = context_.settle - elapsed(content_->entries[i].updatedAt, content_->now);
  const Duration soon = std::max<Duration>(left, std::chrono::milliseconds(200));
  outcome_.again = std::min(outcome_.again.value_or(soon), soon);
}

// What may be said of the pod and the entry now; nothing for what was not or could not be looked
// at. What it really answered counts even when it was lost later.
std::optional<Observation> RollRun::observe(const PodRun& pod, std::size_t i) const {
  const auto* before = known(pod, i);
  const auto answer = pod.answers.find(i);
  const bool changed = changedMeanwhile_.contains(i);
  if (answer != pod.answers.end() && !changed) {
    const State state = answer->second.state;
    const bool says = state != State::kUnknown && state != State::kTimeout;
    const bool declaredUnread =
        before && before->answer.state == State::kDeclared && state == State::kOk && !apiTried_;
    if (says && !declaredUnread) return Observation{pod.pod->name, answer->second, true};
    if (!before) return Observation{pod.pod->name, answer->second, true};
  }
  if (pod.lost || (answer == pod.answers.end() && pod.recovering)) return std::nullopt;
  if (before) return Observation{pod.pod->name, before->answer, before->confirmed};
  if (changed || !pod.unconfirmed.contains(i)) return std::nullopt;
  Answer missing;
  missing.state = State::kMissing;
  return Observation{pod.pod->name, missing, false};
}

// An unasked suspect whose absence from the pod's view is the sign that the asked ones confirmed.
bool RollRun::listable(const PodRun& pod, std::size_t i) const {
  if (!content_->entries[i].isPublic || pod.answers.contains(i)) return false;
  const auto told = declaredPath(pod, i);
  return !told || *told == "/404/";
}

void RollRun::weigh(PodRun& pod) const {
  std::size_t telling = 0, asked = 0, confirmed = 0;
  for (const auto& [entry, answer] : pod.answers) {
    telling += answer.state != State::kUnknown && answer.state != State::kTimeout;
    const auto* before = known(pod, entry);
    if (before && before->answer.state != State::kDeclared && answer.state == State::kOk)
      pod.recovering = true;
    if (!pod.suspects.contains(entry) || !content_->entries[entry].isPublic) continue;
    ++asked;
    confirmed += answer.state == State::kMissing || answer.state == State::kMoved;
  }
  pod.lost = !pod.gaveUp.empty() || (!pod.answers.empty() && telling == 0);
  if (!full() && pod.untouched()) {
    const auto before = memory_.gaps_.find(pod.pod->name);
    pod.lost = before != memory_.gaps_.end() && before->second.second;
  }
  if (!mayListUnconfirmed(asked, confirmed)) return;
  for (const std::size_t i : scope_) {
    if (pod.unconfirmed.size() == kMaxUnconfirmed) break;
    if (pod.suspects.contains(i) && listable(pod, i)) pod.unconfirmed.insert(i);
  }
}

void RollRun::addFinding(std::size_t i, const Claim& claim) {
  const Entry& entry = content_->entries[i];
  const Settings& settings = memory_.settings_;
  Scene scene{.entry = entry, .path = std::string(pathOf(i))};
  const PodRun* pod = &pods_.front();
  for (const PodRun& one : pods_)
    if (one.pod->name == claim.pod) pod = &one;
  if (claim.pod.empty()) {
    scene.version = commonVersion(memory_.versions_);
  } else if (const auto found = memory_.versions_.find(claim.pod);
             found != memory_.versions_.end()) {
    scene.version = found->second;
  }
  if (const auto declared = declaredPath(*pod, i)) scene.declared = *declared;
  if (claim.answer.state == State::kDeclared) scene.declared = claim.answer.location;
  if (pod->view.sitemaps && !claim.pod.empty()) scene.listed = listed(*pod, i);
  if (!claim.pod.empty()) scene.startedAt = pod->pod->startedAt;

  Finding finding;
  finding.def = &(claim.pod.empty() ? settings.allPods : settings.onePod).of(claim.answer.state);
  finding.pod = claim.pod;
  finding.resource = ResourceRef{std::string(name(entry.type)), std::string(entry.id),
                                 std::string(entry.slug), context_.site.urlOf(scene.path)};
  finding.message = messageOf(claim, scene);
  finding.cause = causeOf(claim, scene);
  finding.remedy = remedyOf(claim, scene);
  finding.evidence = evidenceOf(claim, scene);
  finding.reproduce = context_.pods.reproduce(*pod->pod, scene.path, Door::kFront);
  outcome_.findings.push_back(std::move(finding));
}

bool RollRun::okEverywhere(std::size_t i) const {
  return std::ranges::all_of(pods_, [i](const PodRun& pod) {
    const auto answer = pod.answers.find(i);
    return answer != pod.answers.end() && answer->second.state == State::kOk;
  });
}

void RollRun::measurePropagation(std::size_t i) {
  const Entry& entry = content_->entries[i];
  if (!entry.isPublic || !entry.publishedAt || *entry.publishedAt < *memory_.watchingSince_) return;
  if (elapsed(*entry.publishedAt, content_->now) > kForgetMeasured &&
      !memory_.propagating_.contains(keyOf(i)))
    return;
  auto& [published, measured] =
      memory_.propagating_.try_emplace(keyOf(i), *entry.publishedAt, false).first->second;
  if (measured || !okEverywhere(i)) return;
  measured = true;
  const Duration since = elapsed(published, content_->now) + (context_.clock.mono() - loadedAt_);
  outcome_.tally.propagationSeconds.push_back(
      std::max(0.0, std::chrono::duration<double>(since).count()));
}

void RollRun::reportGaps() {
  if (apiTried_) {
    memory_.unread_.clear();
    for (const PodRun& pod : pods_)
      if (auto unread = unreadOf(pod)) memory_.unread_[pod.pod->name] = std::move(*unread);
  }
  std::map<std::string, std::pair<Gap, bool>> gaps;
  for (const PodRun& pod : pods_) {
    const std::string& name = pod.pod->name;
    std::optional<Gap> gap = gapOf(pod);
    const auto before = memory_.gaps_.find(name);
    const bool keeps = !full() && !gap && before != memory_.gaps_.end() &&
                       (pod.untouched() || !before->second.second);
    if (keeps) gap = before->second.first;
    if (!gap) continue;
    outcome_.gaps.push_back(*gap);
    gaps[name] = {std::move(*gap), keeps ? before->second.second : pod.lost};
  }
  memory_.gaps_ = std::move(gaps);
}

// One gap a pod: the worst of what could not be looked at there.
std::optional<Gap> RollRun::gapOf(const PodRun& pod) const {
  const std::string& name = pod.pod->name;
  std::size_t unanswered = pod.queue.size(), unconfirmed = 0;
  Error why{ErrorCode::kUnavailable, pod.gaveUp};
  for (const auto& [entry, answer] : pod.answers) {
    if (answer.state != State::kUnknown && answer.state != State::kTimeout) continue;
    ++unanswered;
    if (answer.state == State::kTimeout) why.code = ErrorCode::kDeadlineExceeded;
    if (why.message.empty()) why.message = answer.why;
  }
  if (pod.view.unreachable) return Gap{name, "the pod", *pod.view.unreachable};
  if (unanswered > 0)
    return Gap{name, fmt::format("{} question{}", unanswered, unanswered == 1 ? "" : "s"), why};
  for (const std::size_t i : pod.suspects)
    unconfirmed += !pod.answers.contains(i) && !observe(pod, i);
  if (unconfirmed > 0)
    return Gap{name,
               fmt::format("{} suspects", unconfirmed),
               {ErrorCode::kDeadlineExceeded, "not asked: beyond the budget"}};
  const bool needsSitemaps = !pod.view.version || routesFromMemory(*pod.view.version);
  if (full() && memory_.settings_.views && !pod.view.sitemaps && needsSitemaps)
    return Gap{
        name, "the pod's sitemaps", {ErrorCode::kProtocol, "they could not be read to the end"}};
  if (const auto unread = memory_.unread_.find(name); full() && unread != memory_.unread_.end())
    return unread->second;
  return std::nullopt;
}

// What nothing proves where the Content API's lists could not be read to the end and the sitemaps
// say nothing of what the pod serves. The daemon reads those lists now and then only.
std::optional<Gap> RollRun::unreadOf(const PodRun& pod) const {
  if (!pod.view.apiFault || pod.view.whole()) return std::nullopt;
  if (pod.view.version && routesFromMemory(*pod.view.version)) return std::nullopt;
  const auto unproven = std::ranges::count_if(scope_, [&](std::size_t i) {
    return content_->entries[i].isPublic && !pod.answers.contains(i) && !declaredPath(pod, i);
  });
  if (unproven == 0) return std::nullopt;
  return Gap{pod.pod->name, fmt::format("{} posts or pages", unproven), *pod.view.apiFault};
}

void RollRun::count() {
  Tally& tally = outcome_.tally;
  for (const ResourceType type : memory_.settings_.types) tally.resources[std::string(name(type))];
  std::size_t young = 0;
  std::map<ResourceType, std::uint64_t> quiet;  // on every pod alike: nothing to conclude
  for (const std::size_t i : scope_) {
    const Entry& entry = content_->entries[i];
    if (!entry.isPublic) continue;
    ++quiet[entry.type];
    young += settling(entry);
  }
  for (const auto& [type, number] : quiet) tally.resources[std::string(name(type))] = number;
  for (const std::size_t i : interesting_) {
    const Entry& entry = content_->entries[i];
    if (entry.isPublic && inScope(entry)) --quiet[entry.type];
  }
  std::erase_if(quiet, [](const auto& one) { return one.second == 0; });
  for (const PodRun& pod : pods_) {
    if (!pod.answers.empty() || !pod.gaveUp.empty()) {
      PodFacts& facts = tally.pods[pod.pod->name];
      facts.reachable =
          std::ranges::any_of(pod.answers, [](const auto& one) { return one.second.status > 0; });
      if (const auto found = memory_.versions_.find(pod.pod->name);
          found != memory_.versions_.end())
        facts.version = found->second.text();
    }
    std::map<std::pair<ResourceType, std::string_view>, std::uint64_t> counts;
    for (const auto& [type, number] : quiet) counts[{type, quietState(pod)}] += number;
    for (const std::size_t i : interesting_) {
      const Entry& entry = content_->entries[i];
      if (entry.isPublic && inScope(entry)) ++counts[{entry.type, stateFor(pod, i)}];
    }
    for (const auto& [what, number] : counts)
      tally.podResources[{pod.pod->name, std::string(name(what.first)), std::string(what.second)}] =
          number;
  }
  if (young > 0)
    outcome_.notes.push_back(fmt::format("{} changed less than {} ago: measured, not judged yet",
                                         young, formatDuration(context_.settle)));
}

// Of an entry that is interesting.
std::string_view RollRun::stateFor(const PodRun& pod, std::size_t i) const {
  const auto found = states_.find({&pod, i});
  if (found != states_.end())
    return settling(content_->entries[i]) && !known(pod, i) ? "settling" : name(found->second);
  if (!pod.lost && pod.answers.contains(i)) return "ok";
  return pod.suspects.contains(i) ? "unknown" : quietState(pod);
}

// Of an entry about which the pod said nothing beyond its view.
std::string_view RollRun::quietState(const PodRun& pod) const {
  return memory_.proven_.contains(pod.pod->name) && !pod.lost ? "ok" : "unknown";
}

}  // namespace rollcall::roll
