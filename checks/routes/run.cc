#include "checks/routes/run.h"

#include <algorithm>
#include <utility>

#include "checks/routes/wording.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/yaml_tree.h"

namespace rollcall::checks::routes {
namespace {

using namespace std::chrono_literals;

// The file's time is by the clock of the volume's server: only what is clearly old is settled.
constexpr Duration kClockSkew = 2s;

}  // namespace

Gap noTime(std::string pod, std::string what) {
  return {
      std::move(pod),
      std::move(what),
      {ErrorCode::kDeadlineExceeded, "a difference was seen and there was no time to look again"}};
}

Result<Outcome> Run::run() {
  for (const Pod& pod : context_.topology.pods)
    if (pod.mayBeBlamed()) pods_.push_back(&pod);
  if (const auto learned = learn(Look::kFirst); !learned) return learned.error();
  if (resources_.isPrivate()) {
    outcome_.notApplicable = "the site is private: it has no sitemaps for anybody";
    return std::move(outcome_);
  }
  if (const auto judged = judgeFile(); !judged) return judged.error();
  if (text_.gap) addGap(*text_.gap);
  if (unclear_) addGap(*unclear_);
  if (!broken_.empty() || unclear_) return std::move(outcome_);
  firstLook();
  Result<void> judged;
  if (demand_) {
    judged = judgeByFile();
    if (judged) judged = judgeHash();
  } else if (context_.content) {
    judged = judgeByOthers();
  } else {
    outcome_.notes.push_back(
        "the site's routes are not known: give --content, --routes or an Admin API key");
  }
  if (!judged) return judged.error();
  return std::move(outcome_);
}

Result<void> Run::learn(Look look) {
  if (context_.content) {
    auto read = resources_.readPages(*context_.content, context_.deadline, context_.stop);
    if (!read) return read;
  }
  auto text = readRoutesText(context_, look == Look::kFirst);
  if (!text) return tl::unexpected<Error>(text.error());
  text_ = std::move(*text);
  demand_.reset();
  broken_.clear();
  unclear_.reset();
  if (text_.trust == Trust::kAssumed) return {};
  if (!text_.text) {
    demand_ = demandOf(ghost::defaultRoutes());
    return {};
  }
  const auto routes = ghost::parseRoutes(*text_.text);
  if (routes) {
    demand_ = demandOf(*routes);
    return {};
  }
  const auto tree = ghost::readYaml("routes.yaml", *text_.text, {});
  if (!tree && tree.error().code == ErrorCode::kInvalidArgument)
    broken_ = tree.error().message;
  else
    unclear_ = Gap{"", text_.place, routes.error()};
  return {};
}

// Nothing is claimed on one look: the file and the rows are read again. False, with a gap, when the
// file is another one by now, or cannot be read any more.
Result<bool> Run::learnAgain() {
  const std::optional<std::string> before = text_.text;
  if (const auto learned = learn(Look::kSecond); !learned) return learned.error();
  if (context_.content) {
    const auto read = resources_.readAll(*context_.content, context_.deadline, context_.stop);
    if (!read) return read.error();
  }
  if (text_.gap)
    addGap(*text_.gap);
  else if (text_.text != before)
    addGap({"", text_.place, {ErrorCode::kUnavailable, "it was changed while it was looked at"}});
  return !text_.gap && text_.text == before;
}

bool Run::fileIsOld() const {
  return text_.changed &&
         elapsed(*text_.changed, context_.clock.wall()) > context_.settle + kClockSkew;
}

// Whether something may be claimed now: the settle window has passed since it was first seen just
// so. A one-shot run waits for it; `noTime` is the gap when it cannot.
bool Run::settled(const std::string& key, const std::string& what, const Gap& noTime) {
  const MonoTime now = context_.clock.mono();
  if (once()) {
    const MonoTime until = now + context_.settle;
    if (until < context_.deadline.when() && context_.clock.sleepUntil(until, context_.stop))
      return true;
    addGap(noTime);
    return false;
  }
  Sight& sight = kept_.sights.try_emplace(key, Sight{what, now}).first->second;
  if (sight.what != what) sight = {what, now};
  const Duration left = sight.at + context_.settle - now;
  if (left <= Duration::zero()) return true;
  again(left);
  return false;
}

// A file that is being written is broken for a moment.
Result<void> Run::judgeFile() {
  if (broken_.empty()) {
    kept_.sights.erase(kFile);
    return {};
  }
  const bool old = fileIsOld();
  if (!old && !settled(kFile, *text_.text, noTime("", text_.place))) {
    if (!once()) addGap({"", text_.place, {ErrorCode::kUnavailable, "it is broken for a moment"}});
    return {};
  }
  if (!old && once()) {
    auto learned = learn(Look::kSecond);
    if (!learned) return learned;
  }
  if (!broken_.empty()) outcome_.findings.push_back(brokenFile(text_.place, broken_));
  return {};
}

void Run::readMaps(const std::vector<const Pod*>& pods, const MapWish& wish) {
  maps_.assign(pods.size(), {});
  const auto batch = context_.pods.batch(context_.budget);
  for (std::size_t i = 0; i < pods.size(); ++i) {
    maps_[i].pod = pods[i];
    readMap(*batch, context_.site, wish, maps_[i]);
  }
  batch->drive(context_.deadline, context_.stop);
  for (const PodMap& map : maps_)
    if (map.gap) addGap({map.pod->name, "its sitemaps", *map.gap});
}

// In the daemon's rhythm tags and authors take turns, while there is nothing to remember of either.
void Run::firstLook() {
  const bool all = once() || !demand_ || !kept_.verdicts.empty() || !kept_.sights.empty();
  const bool even = kept_.runs++ % 2 == 0;
  readMaps(pods_, {.tags = all || even, .authors = all || !even});
}

IsPage Run::isPage() const {
  if (!context_.content) return nullptr;
  return [this](std::string_view path) { return resources_.isPageAt(path); };
}

bool Run::hasGap(std::string_view pod) const {
  return std::ranges::any_of(outcome_.gaps, [pod](const Gap& one) { return one.pod == pod; });
}

// One for each pod, and one of the same thing, is enough.
void Run::addGap(Gap gap) {
  const bool known = std::ranges::any_of(outcome_.gaps, [&gap](const Gap& one) {
    return one.pod == gap.pod && (!gap.pod.empty() || one.what == gap.what);
  });
  if (!known) outcome_.gaps.push_back(std::move(gap));
}

}  // namespace rollcall::checks::routes
