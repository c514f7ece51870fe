// routes.yaml: every pod routes by the file as it is.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "checks/routes/comparison.h"
#include "checks/routes/loaded_hash.h"
#include "checks/routes/pod_map.h"
#include "checks/routes/probe.h"
#include "checks/routes/resources.h"
#include "checks/routes/wording.h"
#include "daemon/api/pod_api.h"
#include "daemon/content/known_routes.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/yaml_tree.h"

namespace rollcall::checks {
namespace routes {
namespace {

using namespace std::chrono_literals;

constexpr Duration kVerdictHolds = 5min;  // while the pod's sitemaps say the same
// The file's time is by the clock of the volume's server: only what is clearly old is settled.
constexpr Duration kClockSkew = 2s;
constexpr ghost::Version kLastWithHash{6, 54};
constexpr const char* kFile = "/file";  // keys of Kept::sights that no pod's name can be
constexpr const char* kOthers = "/others";
constexpr const char* kHash = "/hash";

const std::vector<ParamDef> kParams = {};

using Differences = std::vector<Difference>;

// What real requests made of a pod's differences.
struct Verdict {
  Differences seen;   // as its sitemaps told them
  Differences wrong;  // what of them proved right to say; empty: the pod is fine
  MonoTime at{};
};

// Something that looks wrong, and since when just so.
struct Sight {
  std::string what;
  MonoTime at{};
};

struct Kept {
  std::map<std::string, Verdict> verdicts;  // by pod
  std::map<std::string, Sight> sights;      // by pod, or one of the keys above
  std::size_t runs = 0;
};

Gap noTime(std::string pod, std::string what) {
  return {
      std::move(pod),
      std::move(what),
      {ErrorCode::kDeadlineExceeded, "a difference was seen and there was no time to look again"}};
}

// One run of the check, step by step.
class Run {
 public:
  Run(Kept& kept, const CheckContext& context) : kept_(kept), context_(context) {}

  Result<Outcome> run();

 private:
  Result<void> learn();
  Result<bool> learnAgain();
  Result<void> judgeFile();
  bool fileIsOld() const;
  bool settled(const std::string& key, const std::string& what, const Gap& noTime);
  void readMaps(const std::vector<const Pod*>& pods, const MapWish& wish);
  void firstLook();
  Result<void> judgeByFile();
  std::vector<const Pod*> suspects();
  Result<bool> lookAgain(const std::vector<const Pod*>& suspects);
  void decide(const Pod& pod, const Differences& differences);
  Differences differencesOf(const PodMap& map) const;
  Differences standing(const std::string& pod) const;
  void report();
  Result<void> judgeByOthers();
  void judgeDisagreement(const Disagreement& one);
  Result<void> judgeHash();
  bool hashDiffers();
  bool allRouteFromHash();
  void addGap(Gap gap);
  bool hasGap(std::string_view pod) const;
  void again(Duration in) { outcome_.again = std::min(outcome_.again.value_or(in), in); }
  bool once() const { return context_.trigger == Trigger::kOnce; }
  IsPage isPage() const;

  Kept& kept_;
  const CheckContext& context_;
  Resources resources_;
  RoutesText text_;
  std::optional<Demand> demand_;
  std::string broken_;          // why routes.yaml cannot be used
  std::optional<Gap> unclear_;  // routes.yaml is beyond what is understood here
  std::vector<const Pod*> pods_;
  std::vector<PodMap> maps_;
  std::map<std::string, Differences> seen_;  // by pod, in the latest look of this run
  Outcome outcome_;
};

Result<Outcome> Run::run() {
  for (const Pod& pod : context_.topology.pods)
    if (pod.mayBeBlamed()) pods_.push_back(&pod);
  if (const auto learned = learn(); !learned) return learned.error();
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

Result<void> Run::learn() {
  if (context_.content) {
    auto read = resources_.readPages(*context_.content, context_.deadline, context_.stop);
    if (!read) return read;
  }
  auto text = readRoutesText(context_);
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
  if (const auto learned = learn(); !learned) return learned.error();
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
  return text_.changed && context_.clock.wall() - *text_.changed > context_.settle + kClockSkew;
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
    auto learned = learn();
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

Differences Run::differencesOf(const PodMap& map) const {
  return map.gap ? Differences() : compare(*demand_, map, isPage());
}

Result<void> Run::judgeByFile() {
  kept_.sights.erase(kOthers);
  std::set<std::string> present;
  for (const Pod* pod : pods_) present.insert(pod->name);
  std::erase_if(kept_.verdicts, [&](const auto& one) { return !present.contains(one.first); });
  std::erase_if(kept_.sights, [&](const auto& one) {
    return !one.first.starts_with('/') && !present.contains(one.first);
  });
  if (const auto pods = suspects(); !pods.empty()) {
    const auto looked = lookAgain(pods);
    if (!looked) return tl::unexpected<Error>(looked.error());
    if (!*looked) {
      again(1s);
      return {};
    }
  }
  report();
  return {};
}

// The pods whose differences are to be looked at again now. Of a pod that cannot be asked nothing
// is forgotten.
std::vector<const Pod*> Run::suspects() {
  std::vector<const Pod*> found;
  const bool old = fileIsOld();
  std::optional<bool> waited;  // a one-shot run waits for all of them at once
  for (const PodMap& map : maps_) {
    if (map.gap) continue;
    const std::string& pod = map.pod->name;
    const Differences& seen = seen_[pod] = differencesOf(map);
    const auto known = kept_.verdicts.find(pod);
    if (seen.empty()) {
      kept_.verdicts.erase(pod);
      kept_.sights.erase(pod);
      continue;
    }
    const bool same = known != kept_.verdicts.end() && known->second.seen == seen;
    if (same && context_.clock.mono() - known->second.at < kVerdictHolds) continue;
    bool due = old || same;
    if (!due && waited) {
      due = *waited;
      if (!due) addGap(noTime(pod, "its routes"));
    } else if (!due) {
      due = settled(pod, fingerprint(seen), noTime(pod, "its routes"));
      if (once()) waited = due;
    }
    if (due) found.push_back(map.pod);
  }
  return found;
}

// False when the file is not what the first look went by.
Result<bool> Run::lookAgain(const std::vector<const Pod*>& suspects) {
  auto learned = learnAgain();
  if (!learned || !*learned) return learned;
  readMaps(suspects, {});
  for (const PodMap& map : maps_) {
    if (map.gap) continue;
    Differences& seen = seen_[map.pod->name];
    Differences now = differencesOf(map);
    const Differences both = shared(now, seen);
    if (both.size() < now.size()) again(1s);
    seen = std::move(now);
    decide(*map.pod, both);
  }
  return true;
}

void Run::decide(const Pod& pod, const Differences& differences) {
  Differences doubtful = differences;
  std::erase_if(doubtful, [this](const Difference& one) {
    return one.what == Difference::What::kOldRoute && resources_.mayBeAt(one.path, &*demand_);
  });
  std::optional<Gap> gap;
  Differences wrong = proven(context_, pod, doubtful, gap);
  if (gap)
    addGap(std::move(*gap));
  else
    kept_.verdicts[pod.name] = {differences, std::move(wrong), context_.clock.mono()};
}

// What was proved of a pod, as far as this run saw it again.
Differences Run::standing(const std::string& pod) const {
  const auto known = kept_.verdicts.find(pod);
  const auto seen = seen_.find(pod);
  if (known == kept_.verdicts.end() || seen == seen_.end() || hasGap(pod)) return {};
  return shared(known->second.wrong, seen->second);
}

void Run::report() {
  const bool all = std::ranges::all_of(pods_, [this](const Pod* pod) {
    const auto known = kept_.verdicts.find(pod->name);
    if (known == kept_.verdicts.end() || known->second.wrong.empty()) return false;
    return hasGap(pod->name) || !standing(pod->name).empty();
  });
  for (const Pod* pod : pods_) {
    const Differences wrong = standing(pod->name);
    if (wrong.empty()) continue;
    Finding finding = otherRoutes({.pod = all ? "" : pod->name,
                                   .place = text_.place.empty() ? "routes.yaml" : text_.place,
                                   .changed = text_.changed ? formatTime(*text_.changed) : "",
                                   .differences = wrong});
    finding.reproduce =
        context_.pods.reproduce(*pod, ghost::encodePath(wrong.front().path), Door::kFront);
    outcome_.findings.push_back(std::move(finding));
    if (all) return;
  }
}

// Nobody knows the file: an address that answers on one pod and not on another.
Result<void> Run::judgeByOthers() {
  const auto suspicions = disagreements(maps_, isPage());
  if (suspicions.empty()) {
    kept_.sights.erase(kOthers);
    return {};
  }
  std::string what;
  for (const Disagreement& one : suspicions)
    what += fmt::format("{}\n", one.kind ? name(*one.kind) : one.path);
  if (!settled(kOthers, what, noTime("", "the pods' routes"))) return {};
  const auto learned = learnAgain();
  if (!learned) return tl::unexpected<Error>(learned.error());
  if (demand_ || !broken_.empty() || unclear_) return {};  // by now the file is known
  readMaps(pods_, {});
  for (const Disagreement& one : disagreements(maps_, isPage())) {
    const bool before = std::ranges::any_of(
        suspicions, [&one](const Disagreement& other) { return sameMatter(one, other); });
    if (!before) again(1s);
    if (before && (one.kind || !resources_.mayBeAt(one.path, nullptr))) judgeDisagreement(one);
    if (!outcome_.findings.empty()) break;
  }
  return {};
}

void Run::judgeDisagreement(const Disagreement& one) {
  std::vector<Probe> probes;
  for (const Pod* pod : pods_) probes.push_back({pod, one.path});
  probe(context_, probes);
  std::vector<std::string> has, lack;
  for (const Probe& asked : probes) {
    if (asked.trouble) addGap({asked.pod->name, "a page the pods disagree about", *asked.trouble});
    if (asked.status == 200) has.push_back(asked.pod->name);
    if (asked.notFound) lack.push_back(asked.pod->name);
  }
  if (has.empty() || lack.empty()) return;
  Finding finding = disagreement(one.path, has, lack);
  finding.reproduce =
      context_.pods.reproduce(*pods_[one.lacks], ghost::encodePath(one.path), Door::kFront);
  outcome_.findings.push_back(std::move(finding));
}

// Up to 6.54 the database tells which file a pod loaded last.
Result<void> Run::judgeHash() {
  const bool readByUs = context_.routesFile.empty() && text_.text;
  const bool wrong = std::ranges::any_of(kept_.verdicts,
                                         [](const auto& one) { return !one.second.wrong.empty(); });
  if (!context_.content || !readByUs || !demand_ || wrong) return {};
  if (!hashDiffers()) {
    kept_.sights.erase(kHash);
    return {};
  }
  if (!allRouteFromHash()) return {};
  if (!fileIsOld() && !settled(kHash, *text_.text, noTime("", text_.place))) return {};
  const auto learned = learnAgain();
  if (!learned) return tl::unexpected<Error>(learned.error());
  if (!*learned)
    again(1s);
  else if (hashDiffers())
    outcome_.findings.push_back(
        notLoaded(text_.place, text_.changed ? formatTime(*text_.changed) : ""));
  return {};
}

bool Run::hashDiffers() {
  const auto expected = loadedHash(*text_.text);
  if (!expected) return false;
  const auto rows =
      context_.content->rows("SELECT value FROM settings WHERE `key` = 'routes_hash' LIMIT 1",
                             context_.deadline, context_.stop);
  if (!rows) {
    addGap({"", "settings.routes_hash", rows.error()});
    return false;
  }
  if (rows->empty() || rows->front().empty()) return false;
  const auto& hash = rows->front().front();
  return hash && !hash->empty() && *hash != *expected;
}

bool Run::allRouteFromHash() {
  std::size_t such = 0;
  const auto batch = context_.pods.batch(context_.budget);
  for (const Pod* pod : pods_)
    api::askSite(*batch, *pod, true, [this, pod, &such](const Result<api::PodSite>& site) {
      if (!site) addGap({pod->name, "its version", site.error()});
      such += site && site->version && *site->version <= kLastWithHash;
    });
  batch->drive(context_.deadline, context_.stop);
  return such > 0 && such == pods_.size();
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

class RoutesCheck final : public Check {
 public:
  Result<Outcome> run(const CheckContext& context) override { return Run(kept_, context).run(); }

 private:
  Kept kept_;
};

}  // namespace
}  // namespace routes

const CheckSpec& routesSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "routes",
      .summary = "every pod routes by routes.yaml as it is",
      .needs = {Need::kPods},
      .interval = 60s,
      .timeout = 30s,
      .onChange = false,
      .findings = routes::findings(),
      .params = routes::kParams,
      .make = [](const Params&) -> std::unique_ptr<Check> {
        return std::make_unique<routes::RoutesCheck>();
      },
  };
  return spec;
}

}  // namespace rollcall::checks
