// The steps of a run: what the database says, what the pods say of themselves, where things are.
#include "daemon/roll/roll_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/content/known_routes.h"

namespace rollcall::roll {
namespace {

constexpr std::size_t kSpareBytes = 16u << 20;  // a view may hold beyond what the database expects
constexpr std::size_t kBytesPerEntry = 512;
constexpr double kViewsShare = 0.4;  // of the time that is left

}  // namespace

Result<Outcome> RollRun::run() {
  began_ = context_.clock.wall();
  if (auto done = load(); !done) return done.error();
  if (content_->settings.isPrivate) {
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
  showNewest();
  remember();
  return std::move(outcome_);
}

Result<void> RollRun::load() {
  auto content = context_.content->roundContent(context_.deadline, context_.stop);
  if (!content) return content.error();
  loadedAt_ = context_.clock.mono();
  content_ = std::move(*content);
  if (!memory_.watchingSince_) memory_.watchingSince_ = content_->now;
  for (std::size_t i = 0; i < content_->entries.size(); ++i)
    if (inScope(content_->entries[i])) scope_.push_back(static_cast<std::uint32_t>(i));
  std::ranges::stable_sort(scope_, std::ranges::greater(), [this](std::size_t i) {
    const Entry& entry = content_->entries[i];
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
  return places_.located(i) && served != content_->entries[i].isPublic &&
         (claim.confirmed || !full());
}

// So much of the time that is left: no slow pod or volume takes it all.
Deadline RollRun::share(double part) const {
  const Duration left = context_.deadline.left(context_.clock);
  return Deadline::after(context_.clock, std::chrono::duration_cast<Duration>(left * part));
}

// Whether the sitemaps of a pod that is not proven by them tell something while its lists are not
// due: what these told last holds until then, but where posts are may be the pods' word alone.
bool RollRun::needsHints(const PodRun& pod) const {
  const auto& known = memory_.knownRoutes_;
  const bool located = known && known->trust == Trust::kKnown && known->routes.locatesPosts();
  return !located || !memory_.proven_.contains(pod.pod->name);
}

Result<void> RollRun::readViews() {
  const bool views = memory_.settings_.views && (full() || memory_.needsDeclarations_);
  if (!views) return {};
  const bool apiDue = context_.trigger == Trigger::kOnce || !memory_.apiRead_ ||
                      context_.clock.mono() - *memory_.apiRead_ >= memory_.settings_.apiEvery;
  ViewWish wish{.maxBytes = kSpareBytes + content_->entries.size() * kBytesPerEntry};
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
  paths_.reserve(content_->entries.size());
  if (!wish.contentKey.empty()) told_.reserve(content_->entries.size());
  const IdIndex ids(wish.contentKey.empty() ? std::span<const Entry>() : content_->entries);
  const auto batch = context_.pods.batch(context_.budget);
  for (PodRun& pod : pods_) {
    wish.hints = !wish.contentKey.empty() || needsHints(pod);
    readView(*batch, *pod.pod, context_.site, wish, {paths_, told_, ids}, pod.view);
  }
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
  places_ = locate(content_->entries, known->routes, known->trust, declarations, paths_,
                   memory_.settings_.types);
  if (memory_.settings_.views && known->trust == Trust::kAssumed) withdrawUnproven(*known);
  if (full()) memory_.needsDeclarations_ = places_.declared || !known->routes.locatesPosts();
  if (places_.declared)
    outcome_.notes.push_back(
        "the default permalinks do not hold here: locations are taken from what most pods declare "
        "(give --routes or --content for certainty)");
  if (memory_.settings_.views && places_.disputed > 0)
    outcome_.gaps.push_back({"",
                             fmt::format("{} posts", places_.disputed),
                             {ErrorCode::kNotFound,
                              "the pods put them at different addresses, and which is right is not "
                              "known without the site's routes (--routes, --content or an Admin "
                              "API key); see the check routes"}});
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
  places_.owner.clear();
  for (const std::size_t i : scope_) {
    if (places_.located(i) && content_->entries[i].isPublic) ++places_.unlocated;
    places_.place[i] = kNoPlace;
  }
}

void RollRun::remember() {
  memory_.wrong_ = std::move(wrong_);
  memory_.watched_ = std::move(watched_);
  WallTime newest{};
  for (const std::size_t i : scope_) newest = std::max(newest, content_->entries[i].updatedAt);
  memory_.seenUntil_ = std::min(newest, content_->now);
  std::erase_if(memory_.propagating_, [this](const auto& one) {
    return one.second.second && elapsed(one.second.first, content_->now) > kForgetMeasured;
  });
  std::set<std::string> alive;
  for (const PodRun& pod : pods_) alive.insert(pod.pod->name);
  std::erase_if(memory_.proven_, [&](const auto& one) { return !alive.contains(one); });
  std::erase_if(memory_.versions_, [&](const auto& one) { return !alive.contains(one.first); });
  std::erase_if(memory_.cleared_,
                [&](const auto& one) { return !alive.contains(one.first.first); });
}

bool RollRun::settling(const Entry& entry) const {
  const Duration age = elapsed(entry.updatedAt, content_->now);
  return age < context_.settle && age > -context_.settle;
}

Key RollRun::keyOf(std::size_t i) const {
  return {content_->entries[i].type, std::string(content_->entries[i].id)};
}

const RollCall::Known* RollRun::known(const PodRun& pod, std::size_t i) const {
  const auto found = before_.find(i);
  if (found == before_.end()) return nullptr;
  const auto one = found->second->find(pod.pod->name);
  return one == found->second->end() ? nullptr : &one->second;
}

// Empty for what cannot be located or must not be asked.
std::string_view RollRun::pathOf(std::size_t i) const {
  return places_.located(i) ? paths_.at(places_.place[i]) : std::string_view();
}

// Whether the pod's sitemaps have the entry where it belongs.
bool RollRun::listed(const PodRun& pod, std::size_t i) const {
  return content_->entries[i].isPublic && places_.located(i) &&
         pod.view.declared.lists(places_.place[i]);
}

// Where the pod's Content API puts the entry; nothing when it does not list it or was not read.
std::optional<std::string_view> RollRun::declaredPath(const PodRun& pod, std::size_t i) const {
  const Place told = pod.view.declared.told(i);
  return told == kNoPlace ? std::nullopt : std::optional(paths_.at(told));
}

bool RollRun::declaresElsewhere(const PodRun& pod, std::size_t i) const {
  const Place told = pod.view.declared.told(i);
  return told != kNoPlace && told != places_.place[i];
}

}  // namespace rollcall::roll
