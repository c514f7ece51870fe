// routes.yaml: every pod routes by the file as it is.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "checks/routes/comparison.h"
#include "checks/routes/loaded_hash.h"
#include "checks/routes/pod_map.h"
#include "checks/routes/wording.h"
#include "daemon/api/pod_api.h"
#include "daemon/content/known_routes.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/yaml_tree.h"

namespace rollcall::checks {
namespace routes {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kProbesPerWhat = 2;
constexpr Duration kVerdictHolds = 5min;  // while the pod's sitemaps say the same
// The file's time is by the clock of the volume's server: only what is clearly old is settled.
constexpr Duration kClockSkew = 2s;
constexpr ghost::Version kLastWithHash{6, 54};

const std::vector<ParamDef> kParams = {};

// What real requests made of a pod's differences.
struct Verdict {
  std::vector<Difference> seen;   // as its sitemaps told them
  std::vector<Difference> wrong;  // what of them proved right to say; empty: the pod is fine
  MonoTime at{};
};

struct Kept {
  std::map<std::string, Verdict> verdicts;    // by pod
  std::map<std::string, MonoTime> firstSeen;  // of something that is wrong and carries no date
  std::size_t runs = 0;
};

struct Probe {
  const Pod* pod;
  std::string path;
  int status = 0;  // 0: no answer
  bool notFound = false;
};

// One run of the check, step by step.
class Run {
 public:
  Run(Kept& kept, const CheckContext& context) : kept_(kept), context_(context) {}

  Result<Outcome> run();

 private:
  Result<void> learn();
  void judgeFile();
  bool settled(const std::string& what, bool old);
  void readMaps(const std::vector<const Pod*>& pods);
  void judgeByFile();
  std::vector<Difference> differencesOf(const PodMap& map) const;
  bool holds(const Verdict& verdict, const std::vector<Difference>& now) const;
  std::vector<Difference> proven(const Pod& pod, const std::vector<Difference>& differences);
  void report();
  void judgeByOthers();
  void judgeHash();
  bool allRouteFromHash();
  void probe(std::vector<Probe>& probes) const;
  void again(Duration in) { outcome_.again = std::min(outcome_.again.value_or(in), in); }
  bool once() const { return context_.trigger == Trigger::kOnce; }
  IsPage isPage() const;

  Kept& kept_;
  const CheckContext& context_;
  std::set<std::string> pagePaths_;
  bool isPrivate_ = false;
  RoutesText text_;
  std::optional<Demand> demand_;
  std::string broken_;          // why routes.yaml cannot be used
  std::optional<Gap> unclear_;  // routes.yaml is beyond what is understood here
  std::vector<const Pod*> pods_;
  std::vector<PodMap> maps_;
  Outcome outcome_;
};

Result<Outcome> Run::run() {
  for (const Pod& pod : context_.topology.pods)
    if (pod.mayBeBlamed()) pods_.push_back(&pod);
  if (const auto learned = learn(); !learned) return learned.error();
  if (isPrivate_) {
    outcome_.notApplicable = "the site is private: it has no sitemaps for anybody";
    return std::move(outcome_);
  }
  judgeFile();
  if (text_.gap) outcome_.gaps.push_back(*text_.gap);
  if (unclear_) outcome_.gaps.push_back(*unclear_);
  if (!broken_.empty() || unclear_) return std::move(outcome_);
  readMaps(pods_);
  for (const PodMap& map : maps_)
    if (map.gap) outcome_.gaps.push_back({map.pod->name, "its sitemaps", *map.gap});
  if (demand_) {
    judgeByFile();
    judgeHash();
  } else if (context_.content) {
    judgeByOthers();
  } else {
    outcome_.notes.push_back(
        "the site's routes are not known: give --content, --routes or an Admin API key");
  }
  return std::move(outcome_);
}

Result<void> Run::learn() {
  pagePaths_.clear();
  if (context_.content) {
    const auto content = context_.content->load(context_.deadline, context_.stop);
    if (!content) return tl::unexpected<Error>(content.error());
    isPrivate_ = content->settings.isPrivate;
    for (const Entry& entry : content->entries)
      if (entry.type == ResourceType::kPage) pagePaths_.insert(fmt::format("/{}/", entry.slug));
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

// Whether something may be claimed now: the file is old, or the settle window has passed since it
// was seen first. A one-shot run waits for it.
bool Run::settled(const std::string& what, bool old) {
  if (old) return true;
  const MonoTime now = context_.clock.mono();
  if (once()) {
    const MonoTime until = now + context_.settle;
    return until < context_.deadline.when() && context_.clock.sleepUntil(until, context_.stop);
  }
  const MonoTime seen = kept_.firstSeen.try_emplace(what, now).first->second;
  const Duration left = seen + context_.settle - now;
  if (left <= Duration::zero()) return true;
  again(left);
  return false;
}

// A file that is being written is broken for a moment.
void Run::judgeFile() {
  constexpr const char* kWhat = "file";
  if (broken_.empty()) {
    kept_.firstSeen.erase(kWhat);
    return;
  }
  const bool old =
      text_.changed && context_.clock.wall() - *text_.changed > context_.settle + kClockSkew;
  if (!settled(kWhat, old)) return;
  if (!old && once() && !learn()) return;
  if (!broken_.empty()) outcome_.findings.push_back(brokenFile(text_.place, broken_));
}

void Run::readMaps(const std::vector<const Pod*>& pods) {
  const bool known = std::ranges::any_of(kept_.verdicts,
                                         [](const auto& one) { return !one.second.wrong.empty(); });
  const bool all = once() || known || !demand_;
  const bool even = kept_.runs++ % 2 == 0;
  maps_.assign(pods.size(), {});
  const auto batch = context_.pods.batch(context_.budget);
  for (std::size_t i = 0; i < pods.size(); ++i) {
    maps_[i].pod = pods[i];
    readMap(*batch, context_.site, {.tags = all || even, .authors = all || !even}, maps_[i]);
  }
  batch->drive(context_.deadline, context_.stop);
}

IsPage Run::isPage() const {
  if (!context_.content) return nullptr;
  return [this](std::string_view path) { return pagePaths_.contains(std::string(path)); };
}

std::vector<Difference> Run::differencesOf(const PodMap& map) const {
  return map.gap ? std::vector<Difference>() : compare(*demand_, map, isPage());
}

bool Run::holds(const Verdict& verdict, const std::vector<Difference>& now) const {
  return verdict.seen == now && context_.clock.mono() - verdict.at < kVerdictHolds;
}

void Run::judgeByFile() {
  std::vector<const Pod*> suspects;
  std::set<std::string> seen;
  for (const PodMap& map : maps_) {
    const std::string& pod = map.pod->name;
    seen.insert(pod);
    const auto differences = differencesOf(map);
    if (map.gap) continue;
    if (differences.empty()) {
      kept_.verdicts.erase(pod);
      kept_.firstSeen.erase(pod);
    } else if (const auto known = kept_.verdicts.find(pod);
               known == kept_.verdicts.end() || !holds(known->second, differences)) {
      suspects.push_back(map.pod);
    }
  }
  std::erase_if(kept_.verdicts, [&](const auto& one) { return !seen.contains(one.first); });

  const bool old =
      text_.changed && context_.clock.wall() - *text_.changed > context_.settle + kClockSkew;
  bool waited = false;
  std::erase_if(suspects, [&](const Pod* pod) {
    if (kept_.verdicts.contains(pod->name)) return false;
    const bool due = waited || settled(pod->name, old);
    waited = waited || once();
    return !due;
  });
  if (!suspects.empty()) {
    // Nothing is claimed on one look: the file and the rows are read again, and the pods asked
    // again.
    if (!learn() || !demand_) {
      again(1s);
      return;
    }
    readMaps(suspects);
    for (const PodMap& map : maps_) {
      const auto differences = differencesOf(map);
      if (map.gap) continue;
      kept_.verdicts[map.pod->name] = {differences, proven(*map.pod, differences),
                                       context_.clock.mono()};
    }
  }
  report();
}

// What real requests confirm. Of more differences of one sort than are asked for, the rest counts
// only when all that were asked proved right.
std::vector<Difference> Run::proven(const Pod& pod, const std::vector<Difference>& differences) {
  std::map<Difference::What, std::size_t> asked;
  std::vector<Probe> probes;
  std::vector<std::size_t> probed;
  for (std::size_t i = 0; i < differences.size(); ++i)
    if (asked[differences[i].what]++ < kProbesPerWhat) {
      probes.push_back({&pod, differences[i].path});
      probed.push_back(i);
    }
  probe(probes);
  std::set<std::size_t> confirmed;
  std::set<Difference::What> refuted;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const Difference::What what = differences[probed[i]].what;
    const bool right =
        what == Difference::What::kUnknownRoute ? probes[i].notFound : probes[i].status == 200;
    if (right)
      confirmed.insert(probed[i]);
    else
      refuted.insert(what);
  }
  std::vector<Difference> wrong;
  for (std::size_t i = 0; i < differences.size(); ++i) {
    const bool unasked = std::ranges::find(probed, i) == probed.end();
    if (confirmed.contains(i) || (unasked && !refuted.contains(differences[i].what)))
      wrong.push_back(differences[i]);
  }
  return wrong;
}

void Run::probe(std::vector<Probe>& probes) const {
  const auto batch = context_.pods.batch(context_.budget);
  for (Probe& one : probes) {
    PodRequest request;
    request.path = ghost::encodePath(one.path);
    request.reason = Reason::kSuspect;
    request.paced = true;
    request.maxBytes = 64u << 20;
    request.keepBytes = 1024;
    batch->get(*one.pod, std::move(request), [&one](const Result<HttpResponse>& answer) {
      if (!answer) return;
      one.status = answer->status;
      const bool away = answer->status == 301 && answer->header("location").ends_with("/404/");
      one.notFound = answer->status == 404 || away;
    });
  }
  batch->drive(context_.deadline, context_.stop);
}

void Run::report() {
  std::vector<std::pair<const Pod*, const Verdict*>> wrong;
  for (const Pod* pod : pods_)
    if (const auto known = kept_.verdicts.find(pod->name);
        known != kept_.verdicts.end() && !known->second.wrong.empty())
      wrong.emplace_back(pod, &known->second);
  const bool all = !wrong.empty() && wrong.size() == pods_.size();
  for (const auto& [pod, verdict] : wrong) {
    Finding finding = otherRoutes({.pod = all ? "" : pod->name,
                                   .place = text_.place.empty() ? "routes.yaml" : text_.place,
                                   .changed = text_.changed ? formatTime(*text_.changed) : "",
                                   .differences = verdict->wrong});
    finding.reproduce =
        context_.pods.reproduce(*pod, ghost::encodePath(verdict->wrong.front().path), Door::kFront);
    outcome_.findings.push_back(std::move(finding));
    if (all) return;
  }
}

// Nobody knows the file: an address that answers on one pod and not on another.
void Run::judgeByOthers() {
  constexpr const char* kWhat = "others";
  const auto suspicions = disagreements(maps_, isPage());
  if (suspicions.empty()) {
    kept_.firstSeen.erase(kWhat);
    return;
  }
  if (!settled(kWhat, false)) return;
  if (!learn()) return again(1s);
  readMaps(pods_);
  for (const Disagreement& one : disagreements(maps_, isPage())) {
    std::vector<Probe> probes;
    for (const Pod* pod : pods_) probes.push_back({pod, one.path});
    probe(probes);
    std::vector<std::string> has, lack;
    for (const Probe& asked : probes) {
      if (asked.status == 200) has.push_back(asked.pod->name);
      if (asked.notFound) lack.push_back(asked.pod->name);
    }
    if (has.empty() || lack.empty()) continue;
    Finding finding = disagreement(one.path, has, lack);
    finding.reproduce =
        context_.pods.reproduce(*pods_[one.lacks], ghost::encodePath(one.path), Door::kFront);
    outcome_.findings.push_back(std::move(finding));
    return;
  }
}

// Up to 6.54 the database tells which file a pod loaded last.
void Run::judgeHash() {
  constexpr const char* kWhat = "hash";
  const bool readByUs = context_.routesFile.empty() && text_.text;
  if (!context_.content || !readByUs || !outcome_.findings.empty()) return;
  const auto loaded = [&]() -> std::optional<std::string> {
    const auto rows =
        context_.content->rows("SELECT value FROM settings WHERE `key` = 'routes_hash' LIMIT 1",
                               context_.deadline, context_.stop);
    if (!rows || rows->empty() || rows->front().empty()) return std::nullopt;
    return rows->front().front();
  };
  const auto differs = [&] {
    const auto hash = loaded();
    const auto expected = text_.text ? loadedHash(*text_.text) : std::nullopt;
    return hash && !hash->empty() && expected && *hash != *expected;
  };
  if (!differs()) {
    kept_.firstSeen.erase(kWhat);
    return;
  }
  const bool old =
      text_.changed && context_.clock.wall() - *text_.changed > context_.settle + kClockSkew;
  if (!allRouteFromHash() || !settled(kWhat, old)) return;
  if (!learn() || !differs()) return again(1s);
  outcome_.findings.push_back(
      notLoaded(text_.place, text_.changed ? formatTime(*text_.changed) : ""));
}

bool Run::allRouteFromHash() {
  std::size_t such = 0;
  const auto batch = context_.pods.batch(context_.budget);
  for (const Pod* pod : pods_)
    api::askSite(*batch, *pod, true, [&such](const Result<api::PodSite>& site) {
      such += site && site->version && *site->version <= kLastWithHash;
    });
  batch->drive(context_.deadline, context_.stop);
  return such == pods_.size();
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
