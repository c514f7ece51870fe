#include "daemon/roll/roll_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/content/known_routes.h"
#include "daemon/roll/wording.h"

namespace rollcall::roll {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMaxChanged = 50;  // asked per pod in one run for a change
constexpr std::size_t kFailuresToGiveUp = 2;
constexpr std::size_t kPageBytes = 64u << 20;   // read of a page at most,
constexpr std::size_t kKeptBytes = 256u << 10;  // and kept: the head tells whose page it is
constexpr std::size_t kSpareBytes = 16u << 20;  // a view may hold beyond what the database expects
constexpr std::size_t kBytesPerEntry = 512;
constexpr std::size_t kMaxUnconfirmed = 1'000;  // listed per pod
constexpr double kViewsShare = 0.4;             // of the time that is left
constexpr double kAskShare = 0.8;
constexpr std::size_t kMoreLooks = 2;    // at a page that fails, before that is claimed
constexpr std::size_t kAskedAgain = 10;  // such pages per pod and look
constexpr auto kLateCommit = std::chrono::seconds(5);  // a row may be dated before it is visible
constexpr auto kForgetMeasured = std::chrono::hours(1);

std::optional<ghost::Version> commonVersion(const std::map<std::string, ghost::Version>& versions) {
  std::set<ghost::Version> all;
  for (const auto& [pod, version] : versions) all.insert(version);
  return all.size() == 1 ? std::optional(*all.begin()) : std::nullopt;
}

bool saysThePodIsGone(const Result<HttpResponse>& response) {
  return !response && (response.error().code == ErrorCode::kUnavailable ||
                       response.error().code == ErrorCode::kDeadlineExceeded);
}

bool failed(const Answer& answer) {
  return answer.state == State::kError || (answer.status >= 500 && answer.status != 503);
}

}  // namespace

Result<Outcome> RollRun::run() {
  if (auto done = load(); !done) return done.error();
  if (content_.settings.isPrivate) {
    outcome_.notApplicable = "the site is private: every page redirects to /private/";
    return std::move(outcome_);
  }
  if (auto done = readViews(); !done) return done.error();
  if (auto done = place(); !done) return done.error();
  for (PodRun& pod : pods_) findSuspects(pod);
  plan();
  ask();
  askFrontPages();
  askFailedAgain();
  if (auto done = lookAgain(); !done) return done.error();
  conclude();
  reportGaps();
  count();
  remember();
  return std::move(outcome_);
}

Result<void> RollRun::load() {
  auto content = context_.content->load(context_.deadline, context_.stop);
  if (!content) return content.error();
  loadedAt_ = context_.clock.mono();
  content_ = std::move(*content);
  if (!memory_.watchingSince_) memory_.watchingSince_ = content_.now;
  for (std::size_t i = 0; i < content_.entries.size(); ++i)
    if (inScope(content_.entries[i])) scope_.push_back(i);
  std::ranges::stable_sort(scope_, std::ranges::greater(), [this](std::size_t i) {
    const Entry& entry = content_.entries[i];
    return entry.publishedAt.value_or(entry.updatedAt);
  });
  for (const Pod& pod : context_.topology.pods) {
    if (pod.terminating) continue;
    pods_.emplace_back().pod = &pod;
  }
  return {};
}

// Finds the rows of what the last run left open. What was only inferred is inferred anew by a full
// run, and what no longer fits the row is forgotten.
void RollRun::recall() {
  if (memory_.wrong_.empty() && memory_.watched_.empty()) return;
  for (const std::size_t i : scope_) {
    const Key key = keyOf(i);
    if (memory_.watched_.contains(key)) waiting_.push_back(i);
    const auto found = memory_.wrong_.find(key);
    if (found == memory_.wrong_.end()) continue;
    std::erase_if(found->second, [&](const auto& one) { return !stillFits(i, one.second); });
    if (!found->second.empty()) before_[i] = &found->second;
  }
}

bool RollRun::stillFits(std::size_t i, const RollCall::Known& claim) const {
  const bool served = claim.answer.state == State::kServed;
  return !places_.path[i].empty() && served != content_.entries[i].isPublic &&
         (claim.confirmed || !full());
}

// So much of the time that is left: no slow pod or volume takes it all.
Deadline RollRun::share(double part) const {
  const Duration left = context_.deadline.left(context_.clock);
  return Deadline::after(context_.clock, std::chrono::duration_cast<Duration>(left * part));
}

Result<void> RollRun::readViews() {
  const bool views = memory_.settings_.views && (full() || memory_.needsDeclarations_);
  if (!views) return {};
  const bool apiDue = context_.trigger == Trigger::kOnce || !memory_.apiRead_ ||
                      context_.clock.mono() - *memory_.apiRead_ >= memory_.settings_.apiEvery;
  ViewWish wish{.sitemaps = true,
                .maxBytes = kSpareBytes + content_.entries.size() * kBytesPerEntry};
  if (full() && apiDue) {
    wish.contentKey = context_.contentKey;
    if (wish.contentKey.empty()) {
      const auto key = context_.content->contentApiKey(context_.deadline, context_.stop);
      if (key && *key) wish.contentKey = **key;
    }
    memory_.apiRead_ = context_.clock.mono();
    apiTried_ = true;
    if (wish.contentKey.empty())
      outcome_.notes.push_back("no Content API key: that view of the pods was skipped");
  }
  const auto batch = context_.pods.batch(context_.budget);
  for (PodRun& pod : pods_) readView(*batch, *pod.pod, context_.site, wish, pod.view);
  batch->drive(share(kViewsShare), context_.stop);
  for (PodRun& pod : pods_) {
    if (pod.view.version) memory_.versions_[pod.pod->name] = *pod.view.version;
    if (pod.view.whole())
      memory_.proven_.insert(pod.pod->name);
    else if (!wish.contentKey.empty() || pod.view.unreachable)
      memory_.proven_.erase(pod.pod->name);
  }
  return {};
}

// A volume that does not answer now is no reason to assume other routes than it held before.
Result<KnownRoutes> RollRun::knownRoutes() {
  auto known = readKnownRoutes(context_);
  if (!known) return known.error();
  if (known->gap) outcome_.gaps.push_back(*known->gap);
  if (known->gap && memory_.knownRoutes_) return *memory_.knownRoutes_;
  if (!known->gap) memory_.knownRoutes_ = *known;
  return known;
}

Result<void> RollRun::place() {
  const auto known = knownRoutes();
  if (!known) return known.error();
  std::vector<const Declarations*> declarations;
  for (const PodRun& pod : pods_) declarations.push_back(&pod.view.declared);
  places_ = locate(content_.entries, known->routes, known->trust, declarations);
  if (memory_.settings_.views && known->trust == Trust::kAssumed) withdrawUnproven(*known);
  if (full()) memory_.needsDeclarations_ = places_.declared || !known->routes.locatesPosts();
  if (places_.declared)
    outcome_.notes.push_back(
        "the default permalinks do not hold here: locations are taken from what most pods declare "
        "(give --routes or --content for certainty)");
  if (memory_.settings_.views && places_.unlocated > 0)
    outcome_.gaps.push_back({"",
                             fmt::format("{} posts or pages", places_.unlocated),
                             {ErrorCode::kNotFound,
                              "their location cannot be told: no pod, or no "
                              "majority of pods, declares one"}});
  recall();
  return {};
}

// The default permalinks are only asserted once some pod's own word agreed with them.
void RollRun::withdrawUnproven(const KnownRoutes& known) {
  const bool silent = std::ranges::all_of(
      pods_, [](const PodRun& pod) { return !pod.view.sitemaps && !pod.view.api; });
  if (!silent) memory_.defaultsHeld_ = !places_.declared && known.routes.locatesPosts();
  if (!silent || memory_.defaultsHeld_ || pods_.empty()) return;
  places_.entry.clear();
  for (const std::size_t i : scope_) {
    if (!places_.path[i].empty() && content_.entries[i].isPublic) ++places_.unlocated;
    places_.path[i].clear();
  }
}

void RollRun::findSuspects(PodRun& pod) {
  const std::vector<Entry>& entries = content_.entries;
  std::map<std::string_view, std::size_t> hidden;
  for (const std::size_t i : scope_)
    if (!entries[i].isPublic && !places_.path[i].empty()) hidden.emplace(places_.path[i], i);

  pod.listed.assign(entries.size(), false);
  for (const std::string& path : pod.view.declared.paths) {
    if (const auto found = places_.entry.find(path); found != places_.entry.end())
      pod.listed[found->second] = true;
    else if (const auto left = hidden.find(path); left != hidden.end())
      pod.suspects.insert(left->second);
  }
  std::erase_if(pod.suspects, [&](std::size_t i) {
    const auto cleared = memory_.cleared_.find({pod.pod->name, keyOf(i)});
    return cleared != memory_.cleared_.end() && cleared->second == entries[i].updatedAt;
  });

  const bool sitemapProves =
      pod.view.sitemaps && pod.view.version && routesFromMemory(*pod.view.version);
  for (const std::size_t i : scope_) {
    const Entry& entry = entries[i];
    if (!entry.isPublic || places_.path[i].empty() || settling(entry)) continue;
    const bool unlisted = sitemapProves && entry.canonicalUrl.empty() && !pod.listed[i];
    const bool undeclared = pod.view.api && !declaredPath(pod, i);
    if (unlisted || undeclared || declaresElsewhere(pod, i)) pod.suspects.insert(i);
  }
}

void RollRun::plan() {
  for (PodRun& pod : pods_) {
    if (pod.view.unreachable) {
      pod.gaveUp = pod.view.unreachable->message;
      continue;
    }
    planChanged(pod);
    if (full()) planFull(pod);
  }
  if (full() && !scope_.empty())
    memory_.sweepAt_ = (memory_.sweepAt_ + memory_.settings_.sweep) % scope_.size();
}

void RollRun::planChanged(PodRun& pod) {
  for (const std::size_t i : waiting_) choose(pod, i, Reason::kNewest);
  std::size_t recheck = 0;
  for (const auto& [i, pods] : before_)
    if (known(pod, i) && recheck++ < memory_.settings_.recheck) choose(pod, i, Reason::kSuspect);
  if (!memory_.seenUntil_) return;
  std::size_t changed = 0;
  for (const std::size_t i : scope_) {
    if (content_.entries[i].updatedAt < *memory_.seenUntil_ - kLateCommit) continue;
    if (++changed <= kMaxChanged) choose(pod, i, Reason::kNewest);
  }
}

void RollRun::planFull(PodRun& pod) {
  const Settings& settings = memory_.settings_;
  std::size_t newest = 0, hidden = 0, recheck = 0;
  for (const std::size_t i : scope_) {
    const Entry& entry = content_.entries[i];
    const bool neverPublic = entry.status == "draft" && !entry.publishedAt;
    if (entry.isPublic && newest < settings.newest) ++newest, choose(pod, i, Reason::kNewest);
    if (!entry.isPublic && !neverPublic && hidden < settings.hidden)
      ++hidden, choose(pod, i, Reason::kNewest);
    if (!known(pod, i)) continue;
    const bool recovered = pod.view.whole() && !pod.suspects.contains(i);
    const bool affordable = pod.chosen.size() < context_.budget.pages;
    if ((recovered && affordable) || recheck++ < settings.recheck) choose(pod, i, Reason::kSuspect);
  }
  for (const std::size_t i : scope_)
    if (pod.suspects.contains(i) && !known(pod, i) && pod.chosen.size() < context_.budget.pages)
      choose(pod, i, Reason::kSuspect);
  for (std::size_t n = 0; n < std::min(settings.sweep, scope_.size()); ++n) {
    const std::size_t i = scope_[(memory_.sweepAt_ + n) % scope_.size()];
    if (content_.entries[i].isPublic) choose(pod, i, Reason::kSweep);
  }
}

void RollRun::choose(PodRun& pod, std::size_t entry, Reason reason) {
  if (places_.path[entry].empty() || !pod.chosen.insert(entry).second) return;
  pod.queue.push_back({entry, reason});
}

void RollRun::ask() {
  const auto batch = context_.pods.batch(context_.budget);
  for (PodRun& pod : pods_) pump(*batch, pod);
  batch->drive(share(kAskShare), context_.stop);
}

// Keeps a few questions under way, so that a pod that hangs is given up before the whole list of
// questions has waited for it.
void RollRun::pump(PodBatch& batch, PodRun& pod) {
  while (!pod.queue.empty() && pod.gaveUp.empty() && pod.inFlight < context_.budget.parallel) {
    const Ask ask = pod.queue.front();
    pod.queue.pop_front();
    ++pod.inFlight;
    PodRequest request;
    request.path = places_.path[ask.entry];
    request.reason = ask.reason;
    request.paced = true;
    request.maxBytes = kPageBytes;
    const auto beginning = std::make_shared<std::string>();
    request.onBody = [beginning](std::string_view piece) {
      beginning->append(piece.substr(0, kKeptBytes - std::min(kKeptBytes, beginning->size())));
      return true;
    };
    batch.get(*pod.pod, std::move(request),
              [this, &batch, &pod, ask, beginning](Result<HttpResponse> answer) {
                --pod.inFlight;
                if (answer) answer->body = std::move(*beginning);
                answered(pod, ask, answer);
                pump(batch, pod);
              });
  }
}

void RollRun::answered(PodRun& pod, const Ask& ask, const Result<HttpResponse>& response) {
  const Entry& entry = content_.entries[ask.entry];
  const Question question{entry.isPublic, places_.path[ask.entry]};
  Answer answer = classify(question, context_.site, response);
  if (!saysThePodIsGone(response))
    pod.failures = 0;
  else if (++pod.failures >= kFailuresToGiveUp)
    pod.gaveUp = answer.why;
  if (!entry.isPublic && answer.state == State::kOk && pod.suspects.contains(ask.entry))
    memory_.cleared_[{pod.pod->name, keyOf(ask.entry)}] = entry.updatedAt;
  if (entry.isPublic && answer.state == State::kOk && declaresElsewhere(pod, ask.entry)) {
    answer.state = State::kDeclared;
    answer.location = *declaredPath(pod, ask.entry);
  }
  pod.answers[ask.entry] = std::move(answer);
}

// A pod that fails for every page asked is looked at once more: when its front page fails too, the
// pod is broken (the check `pods` says how), and nothing follows for single resources.
void RollRun::askFrontPages() {
  const auto batch = context_.pods.batch(context_.budget);
  for (PodRun& pod : pods_) {
    std::size_t errors = 0, fine = 0;
    for (const auto& [entry, answer] : pod.answers) {
      errors += answer.state == State::kError;
      fine += answer.state == State::kOk && content_.entries[entry].isPublic;
    }
    if (errors == 0 || fine > 0) continue;
    PodRequest request;
    request.path = "/";
    request.reason = Reason::kSuspect;
    batch->get(*pod.pod, std::move(request), [&pod](const Result<HttpResponse>& answer) {
      pod.frontPageFails = !answer || answer->status >= 400;
    });
  }
  batch->drive(context_.deadline, context_.stop);
  for (PodRun& pod : pods_) {
    if (!pod.frontPageFails) continue;
    for (auto& [entry, answer] : pod.answers)
      if (answer.state == State::kError) answer.state = State::kUnknown;
  }
}

// One failure proves nothing: after a database came back, each broken connection that a pod still
// holds fails one page (seen on 5.130.6).
void RollRun::askFailedAgain() {
  for (std::size_t look = 0; look < kMoreLooks; ++look) {
    for (PodRun& pod : pods_) {
      if (pod.frontPageFails || !pod.gaveUp.empty()) continue;
      for (const auto& [entry, answer] : pod.answers)
        if (failed(answer) && pod.queue.size() < kAskedAgain)
          pod.queue.push_back({entry, Reason::kSuspect});
    }
    ask();
  }
}

// The rows may have changed while the pods were asked: what is about to be claimed is read again.
Result<void> RollRun::lookAgain() {
  std::map<ResourceType, std::map<std::string, std::size_t>> doubtful;
  const auto doubt = [&](std::size_t entry) {
    doubtful[content_.entries[entry].type].emplace(content_.entries[entry].id, entry);
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
      const Entry& then = content_.entries[entry];
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
  if (!changedMeanwhile_.empty()) outcome_.again = seconds(1);
}

void RollRun::concludeEntry(std::size_t i) {
  const Entry& entry = content_.entries[i];
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
  for (const Claim& claim : judgeResource(observations, pods_.size())) addFinding(i, claim);
  measurePropagation(i);
}

// Too early to judge: look again when the change has settled.
void RollRun::waitFor(std::size_t i) {
  watched_.insert(keyOf(i));
  const Duration left = context_.settle - (content_.now - content_.entries[i].updatedAt);
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
  if (!content_.entries[i].isPublic || pod.answers.contains(i)) return false;
  const std::string* told = declaredPath(pod, i);
  return !told || *told == "/404/";
}

void RollRun::weigh(PodRun& pod) const {
  std::size_t telling = 0, asked = 0, confirmed = 0;
  for (const auto& [entry, answer] : pod.answers) {
    telling += answer.state != State::kUnknown && answer.state != State::kTimeout;
    const auto* before = known(pod, entry);
    if (before && before->answer.state != State::kDeclared && answer.state == State::kOk)
      pod.recovering = true;
    if (!pod.suspects.contains(entry) || !content_.entries[entry].isPublic) continue;
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
  const Entry& entry = content_.entries[i];
  const Settings& settings = memory_.settings_;
  Scene scene{.entry = entry, .path = places_.path[i]};
  const PodRun* pod = &pods_.front();
  for (const PodRun& one : pods_)
    if (one.pod->name == claim.pod) pod = &one;
  if (claim.pod.empty()) {
    scene.version = commonVersion(memory_.versions_);
  } else if (const auto found = memory_.versions_.find(claim.pod);
             found != memory_.versions_.end()) {
    scene.version = found->second;
  }
  if (const std::string* declared = declaredPath(*pod, i)) scene.declared = *declared;
  if (claim.answer.state == State::kDeclared) scene.declared = claim.answer.location;
  if (pod->view.sitemaps && !claim.pod.empty()) scene.listed = pod->listed[i];

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
  const Entry& entry = content_.entries[i];
  if (!entry.isPublic || !entry.publishedAt || *entry.publishedAt < *memory_.watchingSince_) return;
  if (content_.now - *entry.publishedAt > kForgetMeasured &&
      !memory_.propagating_.contains(keyOf(i)))
    return;
  auto& [published, measured] =
      memory_.propagating_.try_emplace(keyOf(i), *entry.publishedAt, false).first->second;
  if (measured || !okEverywhere(i)) return;
  measured = true;
  const Duration since = content_.now - published + (context_.clock.mono() - loadedAt_);
  outcome_.tally.propagationSeconds.push_back(
      std::max(0.0, std::chrono::duration<double>(since).count()));
}

void RollRun::reportGaps() {
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
  return std::nullopt;
}

void RollRun::count() {
  Tally& tally = outcome_.tally;
  for (const ResourceType type : memory_.settings_.types) tally.resources[std::string(name(type))];
  std::size_t young = 0;
  for (const std::size_t i : scope_) {
    const Entry& entry = content_.entries[i];
    if (!entry.isPublic) continue;
    ++tally.resources[std::string(name(entry.type))];
    young += settling(entry);
  }
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
    for (const std::size_t i : scope_)
      if (content_.entries[i].isPublic) ++counts[{content_.entries[i].type, stateFor(pod, i)}];
    for (const auto& [what, number] : counts)
      tally.podResources[{pod.pod->name, std::string(name(what.first)), std::string(what.second)}] =
          number;
  }
  if (young > 0)
    outcome_.notes.push_back(fmt::format("{} changed less than {} ago: measured, not judged yet",
                                         young, formatDuration(context_.settle)));
}

std::string_view RollRun::stateFor(const PodRun& pod, std::size_t i) const {
  if (interesting_.contains(i)) {
    const auto found = states_.find({&pod, i});
    if (found != states_.end())
      return settling(content_.entries[i]) && !known(pod, i) ? "settling" : name(found->second);
    if (!pod.lost && pod.answers.contains(i)) return "ok";
  }
  const bool proven = memory_.proven_.contains(pod.pod->name);
  return proven && !pod.lost && !pod.suspects.contains(i) ? "ok" : "unknown";
}

void RollRun::remember() {
  memory_.wrong_ = std::move(wrong_);
  memory_.watched_ = std::move(watched_);
  WallTime newest{};
  for (const std::size_t i : scope_) newest = std::max(newest, content_.entries[i].updatedAt);
  memory_.seenUntil_ = std::min(newest, content_.now);
  std::erase_if(memory_.propagating_, [this](const auto& one) {
    return one.second.second && content_.now - one.second.first > kForgetMeasured;
  });
  std::set<std::string> alive;
  for (const PodRun& pod : pods_) alive.insert(pod.pod->name);
  std::erase_if(memory_.proven_, [&](const auto& one) { return !alive.contains(one); });
  std::erase_if(memory_.versions_, [&](const auto& one) { return !alive.contains(one.first); });
  std::erase_if(memory_.cleared_,
                [&](const auto& one) { return !alive.contains(one.first.first); });
}

bool RollRun::settling(const Entry& entry) const {
  const Duration age = content_.now - entry.updatedAt;
  return age < context_.settle && age > -context_.settle;
}

Key RollRun::keyOf(std::size_t i) const {
  return {content_.entries[i].type, std::string(content_.entries[i].id)};
}

const RollCall::Known* RollRun::known(const PodRun& pod, std::size_t i) const {
  const auto found = before_.find(i);
  if (found == before_.end()) return nullptr;
  const auto one = found->second->find(pod.pod->name);
  return one == found->second->end() ? nullptr : &one->second;
}

// Where the pod's Content API puts the entry; null when it does not list it or was not read.
const std::string* RollRun::declaredPath(const PodRun& pod, std::size_t i) const {
  const auto told = pod.view.declared.byId.find(content_.entries[i].id);
  return told == pod.view.declared.byId.end() ? nullptr : &told->second;
}

bool RollRun::declaresElsewhere(const PodRun& pod, std::size_t i) const {
  const std::string* told = declaredPath(pod, i);
  return told && *told != places_.path[i];
}

}  // namespace rollcall::roll
