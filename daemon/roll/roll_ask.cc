// What each pod is really asked, in which order, and until when.
#include <algorithm>

#include "daemon/roll/page_request.h"
#include "daemon/roll/roll_run.h"

namespace rollcall::roll {
namespace {

constexpr std::size_t kMaxChanged = 50;    // asked per pod in one run for a change
constexpr std::size_t kMaxRecovered = 20;  // known wrong ones that seem fine, asked per full run
constexpr std::size_t kFailuresToGiveUp = 2;
constexpr double kAskShare = 0.8;
constexpr std::size_t kMoreLooks = 2;    // at a page that fails, before that is claimed
constexpr std::size_t kAskedAgain = 10;  // such pages per pod and look
constexpr auto kLateCommit = std::chrono::seconds(5);  // a row may be dated before it is visible

bool saysThePodIsGone(const Result<HttpResponse>& response) {
  return !response && (response.error().code == ErrorCode::kUnavailable ||
                       response.error().code == ErrorCode::kDeadlineExceeded);
}

bool failed(const Answer& answer) {
  return answer.state == State::kError || (answer.status >= 500 && answer.status != 503);
}

}  // namespace

void RollRun::findSuspects(PodRun& pod) {
  const std::vector<Entry>& entries = content_->entries;
  std::set<Place> hidden;  // the newest of those that want the same place
  for (const std::size_t i : scope_) {
    if (entries[i].isPublic || !places_.located(i)) continue;
    const Place place = places_.place[i];
    const bool newest = hidden.insert(place).second;
    const bool listed = newest && pod.view.declared.lists(place);
    if (listed || pod.view.declared.told(i) == place) pod.suspects.insert(i);
  }
  std::erase_if(pod.suspects, [&](std::size_t i) {
    const auto cleared = memory_.cleared_.find({pod.pod->name, keyOf(i)});
    return cleared != memory_.cleared_.end() && cleared->second == entries[i].updatedAt;
  });

  const bool sitemapProves =
      pod.view.sitemaps && pod.view.version && routesFromMemory(*pod.view.version);
  for (const std::size_t i : scope_) {
    const Entry& entry = entries[i];
    if (!entry.isPublic || !places_.located(i) || settling(entry)) continue;
    const bool unlisted = sitemapProves && entry.canonicalUrl.empty() && !listed(pod, i);
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
  if (full() && !scope_.empty()) memory_.sweepAt_ = (memory_.sweepAt_ + sweep()) % scope_.size();
}

// Kept short: a change is to be seen soon. One thing known wrong is asked as well, for a pod that
// was restarted meanwhile must not be accused of what it knew before.
void RollRun::planChanged(PodRun& pod) {
  for (const std::size_t i : waiting_) choose(pod, i, Reason::kNewest);
  std::size_t changed = 0;
  for (const std::size_t i : scope_) {
    if (!memory_.seenUntil_) break;
    if (content_->entries[i].updatedAt < *memory_.seenUntil_ - kLateCommit) continue;
    if (++changed <= kMaxChanged) choose(pod, i, Reason::kNewest);
  }
  if (before_.empty()) return;
  const auto wrong =
      std::ranges::find_if(scope_, [&](std::size_t i) { return known(pod, i) != nullptr; });
  if (wrong != scope_.end()) choose(pod, *wrong, Reason::kSuspect);
}

void RollRun::planFull(PodRun& pod) {
  const Settings& settings = memory_.settings_;
  std::size_t newest = 0, hidden = 0, recheck = 0, recovered = 0;
  for (const std::size_t i : scope_) {
    const Entry& entry = content_->entries[i];
    const bool neverPublic = entry.status == "draft" && !entry.publishedAt;
    if (entry.isPublic && newest < settings.newest) ++newest, choose(pod, i, Reason::kNewest);
    if (!entry.isPublic && !neverPublic && hidden < settings.hidden)
      ++hidden, choose(pod, i, Reason::kNewest);
    if (!known(pod, i)) continue;
    const bool seemsFine = pod.view.whole() && !pod.suspects.contains(i);
    if (seemsFine ? recovered++ < kMaxRecovered : recheck++ < settings.recheck)
      choose(pod, i, Reason::kSuspect);
  }
  for (const std::size_t i : scope_)
    if (pod.suspects.contains(i) && !known(pod, i) && pod.chosen.size() < context_.budget.pages)
      choose(pod, i, Reason::kSuspect);
  for (std::size_t n = 0; n < std::min(sweep(), scope_.size()); ++n) {
    const std::size_t i = scope_[(memory_.sweepAt_ + n) % scope_.size()];
    if (content_->entries[i].isPublic) choose(pod, i, Reason::kSweep);
  }
}

void RollRun::choose(PodRun& pod, std::size_t entry, Reason reason) {
  if (!places_.located(entry) || !pod.chosen.insert(entry).second) return;
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
    const bool isPublic = content_->entries[ask.entry].isPublic;
    batch.get(*pod.pod, pageRequest(std::string(pathOf(ask.entry)), isPublic, ask.reason),
              [this, &batch, &pod, ask](const Result<HttpResponse>& answer) {
                --pod.inFlight;
                answered(pod, ask, answer);
                pump(batch, pod);
              });
  }
}

void RollRun::answered(PodRun& pod, const Ask& ask, const Result<HttpResponse>& response) {
  const Entry& entry = content_->entries[ask.entry];
  const Question question{entry.isPublic, pathOf(ask.entry)};
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
  answer.disowned = disowned(pod, ask.entry);
  pod.answers[ask.entry] = std::move(answer);
}

// Whether the pod's own view does not have the entry at its place. A run for a change reads no
// views: then what the last one showed.
bool RollRun::disowned(const PodRun& pod, std::size_t i) const {
  if (pod.suspects.contains(i)) return true;
  if (pod.view.whole() && (listed(pod, i) || declaredPath(pod, i))) return false;
  const auto* before = known(pod, i);
  return before && before->answer.disowned;
}

// A pod that fails for every page asked is looked at once more: when its front page fails too, the
// pod is broken (the check `pods` says how), and nothing follows for single resources.
void RollRun::askFrontPages() {
  const auto batch = context_.pods.batch(context_.budget);
  for (PodRun& pod : pods_) {
    std::size_t errors = 0, fine = 0;
    for (const auto& [entry, answer] : pod.answers) {
      errors += answer.state == State::kError;
      fine += answer.state == State::kOk && content_->entries[entry].isPublic;
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

}  // namespace rollcall::roll
