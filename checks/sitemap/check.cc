// Every pod's sitemaps against the database: what search engines read.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "checks/sitemap/pod_reader.h"
#include "checks/sitemap/settled.h"
#include "checks/sitemap/wording.h"
#include "daemon/content/known_routes.h"

namespace rollcall::checks {
namespace sitemap {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxClaims = 5'000;  // per code and pod
constexpr std::size_t kIdsPerQuestion = 500;
constexpr std::size_t kAskedRoutes = 10;  // per pod and run
constexpr std::size_t kPageBytes = 64u << 20;

constexpr std::string_view kRestart =
    "restart the named pod (kubectl delete pod NAME), or make a real edit through it";
constexpr std::string_view kRestartAll =
    "restart the pods one after the other, or make one real edit through each";

const std::vector<FindingDef> kFindings = {
    {"RC401", Severity::kWarning, "a public resource is missing from a pod's sitemap",
     "Search engines that ask this pod do not learn of it. From Ghost 6.57 on a pod serves every "
     "post, but keeps its sitemap in memory until a change made through itself drops it.",
     kRestart},
    {"RC402", Severity::kWarning, "a pod's sitemap lists what is not public any more",
     "Unpublished, deleted or renamed through another pod: this pod still sends search engines "
     "there.",
     kRestart},
    {"RC403", Severity::kWarning, "a pod's sitemap has an old date for a post or page",
     "It was edited through another pod: search engines that ask this pod do not come again.",
     kRestart},
    {"RC404", Severity::kWarning, "a pod's sitemap cannot be read",
     "The pod answers, but its sitemap is not there, malformed or too large for search engines.",
     "ask the pod for the named sitemap with the command given and read the pod's log"},
    {"RC411", Severity::kWarning, "a public resource is missing from every pod's sitemap",
     "Not one stale pod: a change made in the database or through a pod that is gone, or routes "
     "that are others than Rollcall assumes.",
     kRestartAll},
    {"RC412", Severity::kWarning, "every pod's sitemap lists what is not public any more",
     "Not one stale pod: a change made in the database or through a pod that is gone, or routes "
     "that are others than Rollcall assumes.",
     kRestartAll},
    {"RC413", Severity::kWarning, "every pod's sitemap has an old date for a post or page",
     "Not one stale pod: a change made in the database or through a pod that is gone.",
     kRestartAll},
};
const FindingDef& kUnreadable = kFindings[3];

const std::vector<ParamDef> kParams = {
    {"max_sitemaps", std::int64_t{40}, "sitemaps read per pod and run; each holds 50,000 entries",
     std::int64_t{1}},
};

const FindingDef& defOf(const Suspect& suspect) {
  const std::size_t first = suspect.pod == kAllPods ? 4 : 0;
  return kFindings[first + static_cast<std::size_t>(suspect.fault)];
}

// One run of the check, step by step.
class Run {
 public:
  Run(Patience& patience, std::size_t maxSitemaps, const CheckContext& context)
      : patience_(patience), maxSitemaps_(maxSitemaps), context_(context) {}

  Result<Outcome> run();

 private:
  void askVersions();
  bool applies();
  void readPods();
  void reportPods();
  std::vector<Suspect> sift();
  Result<std::vector<Suspect>> confirm(std::vector<Suspect> due);
  Result<std::set<std::uint32_t>> changedEntries(const std::vector<Suspect>& due);
  Result<std::set<std::uint32_t>> knownStrays(const std::vector<Suspect>& due);
  bool stillWrong(const Suspect& suspect) const;
  std::vector<bool> answering(const std::vector<Suspect>& due);
  void claim(const std::vector<Suspect>& suspects);
  void add(const Suspect& suspect);
  Scene sceneOf(const Suspect& suspect) const;
  std::string placeOf(std::size_t entry) const;

  Patience& patience_;
  const std::size_t maxSitemaps_;
  const CheckContext& context_;
  SharedContent content_;
  KnownRoutes routes_;
  std::optional<Expected> expected_;
  Strays strays_;
  std::deque<PodReading> pods_;
  std::vector<std::string> names_;           // of pods_
  std::map<std::uint32_t, EntryState> now_;  // rows that changed while the pods were asked
  Outcome outcome_;
};

// The versions first: where all pods route from memory the rows would be read for nothing, and a
// database that does not answer is not in the way.
Result<Outcome> Run::run() {
  askVersions();
  if (!applies()) return std::move(outcome_);
  auto content = context_.content->roundContent(context_.deadline, context_.stop);
  if (!content) return content.error();
  content_ = std::move(*content);
  if (content_->settings.isPrivate) {
    outcome_.notApplicable = "the site is private: it has no sitemaps for anybody";
    return std::move(outcome_);
  }
  auto routes = readKnownRoutes(context_);
  if (!routes) return routes.error();
  routes_ = std::move(*routes);
  if (routes_.gap) outcome_.gaps.push_back(*routes_.gap);
  expected_.emplace(content_->entries, routes_.routes, routes_.trust);
  readPods();
  reportPods();
  auto claims = confirm(sift());
  if (!claims) return claims.error();
  claim(*claims);
  return std::move(outcome_);
}

// A pod that is leaving is not worth a request.
void Run::askVersions() {
  for (const Pod& pod : context_.topology.pods) {
    if (pod.terminating) continue;
    pods_.push_back({.pod = pod});
    names_.push_back(pod.name);
  }
  const auto batch = context_.pods.batch(context_.budget);
  for (PodReading& reading : pods_) askVersion(*batch, reading);
  batch->drive(context_.deadline, context_.stop);
}

bool Run::applies() {
  std::set<ghost::Version> memory;
  bool worth = false;
  for (const PodReading& reading : pods_) {
    worth = worth || reading.worthALook();
    if (reading.version && !reading.worthALook()) memory.insert(*reading.version);
  }
  if (worth || (memory.empty() && !pods_.empty())) return true;
  if (memory.empty()) {
    outcome_.notApplicable = "all pods are leaving";
    return false;
  }
  std::string versions;
  for (const ghost::Version& version : memory)
    versions += (versions.empty() ? "" : ", ") + version.text();
  outcome_ = {};
  outcome_.notApplicable = fmt::format(
      "Ghost {} keeps its routes in memory: there the sitemaps are evidence for the check posts",
      versions);
  return false;
}

void Run::readPods() {
  const auto batch = context_.pods.batch(context_.budget);
  for (PodReading& reading : pods_) {
    if (!reading.worthALook()) continue;
    reading.listing.emplace(*expected_, strays_);
    readSitemaps(*batch, context_.site, maxSitemaps_, reading);
  }
  batch->drive(context_.deadline, context_.stop);
}

void Run::reportPods() {
  for (const PodReading& reading : pods_) {
    if (reading.reachable)
      outcome_.tally.pods[reading.pod.name] = {
          .reachable = *reading.reachable,
          .version = reading.version ? reading.version->text() : ""};
    if (reading.gap) outcome_.gaps.push_back({reading.pod.name, "its sitemaps", *reading.gap});
    if (reading.listing && reading.listing->notKept() > 0)
      outcome_.notes.push_back(fmt::format("{}: {} more left-over entries were not kept",
                                           reading.pod.name, reading.listing->notKept()));
    if (!reading.unreadable) continue;
    const auto& [path, why] = *reading.unreadable;
    Finding finding;
    finding.def = &kUnreadable;
    finding.pod = reading.pod.name;
    finding.message = fmt::format("{}'s {} cannot be used: {}", reading.pod.name, path, why);
    finding.evidence["sitemap"] = path;
    if (reading.version) finding.evidence["version"] = reading.version->text();
    finding.reproduce = context_.pods.reproduce(reading.pod, path, Door::kFront);
    finding.remedy =
        fmt::format("read the pod's log (kubectl logs {}), then restart it", reading.pod.name);
    outcome_.findings.push_back(std::move(finding));
  }
}

std::vector<Suspect> Run::sift() {
  std::vector<Reading> readings;
  for (const PodReading& reading : pods_)
    readings.push_back({reading.listing ? &*reading.listing : nullptr, reading.whole});
  const Comparison comparison = compare(*expected_, strays_, readings);
  for (const ResourceType type : comparison.notJudged)
    outcome_.notes.push_back(
        fmt::format("the default permalinks do not hold for {}s: not compared (give --routes or "
                    "--content)",
                    name(type)));
  Sifted sifted = patience_.sift(*expected_, strays_, names_, comparison.suspects,
                                 {.now = content_->now,
                                  .mono = context_.clock.mono(),
                                  .settle = context_.settle,
                                  .daemon = context_.trigger != Trigger::kOnce});
  outcome_.again = sifted.again;
  if (sifted.settling > 0)
    outcome_.notes.push_back(fmt::format("{} differences changed less than {} ago: not judged yet",
                                         sifted.settling, formatDuration(context_.settle)));
  return std::move(sifted.due);
}

// The rows may have changed while the pods were asked: what is about to be claimed is read again.
Result<std::vector<Suspect>> Run::confirm(std::vector<Suspect> due) {
  std::map<std::pair<Fault, std::uint32_t>, std::size_t> perPod;
  std::map<std::uint32_t, std::size_t> omitted;
  std::erase_if(due, [&](const Suspect& one) {
    const bool beyond = ++perPod[{one.fault, one.pod}] > kMaxClaims;
    omitted[one.pod] += beyond;
    return beyond;
  });
  for (const auto& [pod, count] : omitted)
    if (count > 0)
      outcome_.notes.push_back(
          fmt::format("{}: {} more differences are not listed", names_[pod], count));
  const auto changed = changedEntries(due);
  if (!changed) return changed.error();
  const auto known = knownStrays(due);
  if (!known) return known.error();
  const std::size_t before = due.size();
  const std::vector<bool> routes = answering(due);
  for (std::size_t i = due.size(); i-- > 0;)
    if (routes[i]) due.erase(due.begin() + static_cast<std::ptrdiff_t>(i));
  std::erase_if(due, [&](const Suspect& one) {
    if (one.stray) return known->contains(one.id);
    const bool claimed = patience_.wasClaimed(*expected_, strays_, names_[one.pod], one);
    return changed->contains(one.id) && !(claimed && stillWrong(one));
  });
  if (due.size() < before) outcome_.again = std::min(outcome_.again.value_or(1s), Duration(1s));
  return due;
}

Result<std::set<std::uint32_t>> Run::changedEntries(const std::vector<Suspect>& due) {
  std::map<ResourceType, std::vector<std::uint32_t>> byType;
  for (const Suspect& one : due)
    if (!one.stray) byType[content_->entries[one.id].type].push_back(one.id);
  std::set<std::uint32_t> changed;
  for (auto& [type, entries] : byType) {
    std::ranges::sort(entries);
    entries.erase(std::ranges::unique(entries).begin(), entries.end());
    for (std::size_t from = 0; from < entries.size(); from += kIdsPerQuestion) {
      const std::size_t to = std::min(entries.size(), from + kIdsPerQuestion);
      std::vector<std::string> ids;
      for (std::size_t i = from; i < to; ++i) ids.emplace_back(content_->entries[entries[i]].id);
      const auto states = context_.content->states(type, ids, context_.deadline, context_.stop);
      if (!states) return states.error();
      for (std::size_t i = from; i < to; ++i) {
        const Entry& then = content_->entries[entries[i]];
        const auto found = states->find(std::string(then.id));
        const EntryState now = found == states->end() ? EntryState{} : found->second;
        if (now.exists && now.isPublic == then.isPublic && now.slug == then.slug &&
            now.updatedAt == then.updatedAt)
          continue;
        changed.insert(entries[i]);
        now_[entries[i]] = now;
      }
    }
  }
  return changed;
}

// Strays that belong to something by now: it was published while the pods were asked.
Result<std::set<std::uint32_t>> Run::knownStrays(const std::vector<Suspect>& due) {
  std::set<std::uint32_t> fresh;
  for (const Suspect& one : due)
    if (one.stray && !patience_.wasClaimed(*expected_, strays_, names_[one.pod], one))
      fresh.insert(one.id);
  if (fresh.empty()) return fresh;
  const auto content = context_.content->load(context_.deadline, context_.stop);
  if (!content) return content.error();
  const Expected now((*content)->entries, routes_.routes, routes_.trust);
  std::vector<std::uint32_t> found;
  std::erase_if(fresh, [&](std::uint32_t id) {
    now.find(strays_[id].type, strays_[id].path, found);
    return found.empty();
  });
  return fresh;
}

// Whether a row that has changed meanwhile leaves an earlier claim standing.
bool Run::stillWrong(const Suspect& suspect) const {
  const EntryState& now = now_.at(suspect.id);
  if (suspect.fault == Fault::kLeftOver) return !now.exists || !now.isPublic;
  return now.isPublic && now.slug == content_->entries[suspect.id].slug;
}

// Which of them are a pod's own routes: with assumed routes an address among the pages that belongs
// to nothing may be one, and only the pod's answer tells.
std::vector<bool> Run::answering(const std::vector<Suspect>& due) {
  std::vector<bool> answers(due.size());
  if (routes_.trust == Trust::kKnown) return answers;
  std::map<std::uint32_t, std::size_t> asked;
  const auto batch = context_.pods.batch(context_.budget);
  for (std::size_t i = 0; i < due.size(); ++i) {
    const Suspect& one = due[i];
    if (!one.stray || strays_[one.id].type != ResourceType::kPage) continue;
    if (patience_.wasClaimed(*expected_, strays_, names_[one.pod], one)) continue;
    answers[i] = true;
    if (++asked[one.pod] > kAskedRoutes) continue;
    PodRequest request;
    request.path = ghost::encodePath(strays_[one.id].path);
    request.reason = Reason::kSuspect;
    request.paced = true;
    request.maxBytes = kPageBytes;
    request.keepBytes = 0;
    batch->get(pods_[one.pod].pod, std::move(request),
               [&answers, i](const Result<HttpResponse>& answer) {
                 answers[i] = !answer || answer->status != 404;
               });
  }
  batch->drive(context_.deadline, context_.stop);
  return answers;
}

void Run::claim(const std::vector<Suspect>& suspects) {
  for (const Suspect& one : gather(suspects, pods_.size())) add(one);
  std::vector<bool> whole;
  for (const PodReading& reading : pods_) whole.push_back(reading.whole);
  patience_.remember(*expected_, strays_, names_, whole, suspects);
}

void Run::add(const Suspect& suspect) {
  const Scene scene = sceneOf(suspect);
  const Pod& asked = suspect.pod == kAllPods ? pods_.front().pod : pods_[suspect.pod].pod;
  Finding finding;
  finding.def = &defOf(suspect);
  finding.pod = scene.pod;
  finding.resource = resourceOf(scene, context_.site);
  finding.message = messageOf(scene);
  finding.cause = causeOf(scene);
  finding.evidence = evidenceOf(scene);
  finding.reproduce = context_.pods.reproduce(asked, scene.sitemap, Door::kFront);
  finding.remedy = remedyOf(scene);
  outcome_.findings.push_back(std::move(finding));
}

Scene Run::sceneOf(const Suspect& suspect) const {
  const bool all = suspect.pod == kAllPods;
  Scene scene{.fault = suspect.fault,
              .pod = all ? "" : names_[suspect.pod],
              .pods = pods_.size(),
              .entry = suspect.stray ? nullptr : &content_->entries[suspect.id],
              .lastmod = suspect.lastmod};
  scene.type = suspect.stray ? strays_[suspect.id].type : scene.entry->type;
  scene.path = ghost::encodePath(suspect.stray ? strays_[suspect.id].path : placeOf(suspect.id));
  scene.sitemap = pathOf({scene.type, suspect.page});
  if (!all) scene.version = pods_[suspect.pod].version;
  return scene;
}

// With assumed routes a pod that lists the entry knows better where it is.
std::string Run::placeOf(std::size_t entry) const {
  for (const PodReading& reading : pods_) {
    const std::string* place = reading.listing ? reading.listing->placeOf(entry) : nullptr;
    if (place) return *place;
  }
  return expected_->placeOf(entry);
}

class SitemapCheck final : public Check {
 public:
  explicit SitemapCheck(const Params& params) : maxSitemaps_(params.count("max_sitemaps")) {}
  Result<Outcome> run(const CheckContext& context) override {
    return Run(patience_, maxSitemaps_, context).run();
  }

 private:
  const std::size_t maxSitemaps_;
  Patience patience_;
};

}  // namespace
}  // namespace sitemap

const CheckSpec& sitemapSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "sitemap",
      .summary = "each pod's sitemaps agree with the database (Ghost 6.57 and later)",
      .needs = {Need::kPods, Need::kDatabase},
      .interval = 60s,
      .timeout = 30s,
      .onChange = true,
      .findings = sitemap::kFindings,
      .params = sitemap::kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<sitemap::SitemapCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
