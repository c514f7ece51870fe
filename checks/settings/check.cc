// The table `settings` against what every pod shows: title, navigation, code injection, ...
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <set>

#include "checks/settings/compare.h"
#include "checks/settings/wording.h"
#include "daemon/api/pod_api.h"

namespace rollcall::checks {
namespace settings {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAnnouncementPath = "/members/api/announcement/";
constexpr Duration kSoonest = 200ms;

const std::vector<FindingDef> kFindings = {
    {"RC501", Severity::kWarning, "a pod shows old settings",
     "Title, navigation, code injection or other settings were changed through another pod. A pod "
     "reads the settings when it boots, and hears of its own changes only.",
     "restart the named pod (kubectl delete pod NAME), or save each named setting with another "
     "value and back through it"},
    {"RC502", Severity::kWarning, "every pod shows other settings than the database",
     "Not one stale pod: the settings were changed directly in the database or through a pod that "
     "is gone, or hostSettings in Ghost's configuration overrides them.",
     "kubectl rollout restart deployment; or name what hostSettings overrides in "
     "checks.settings.ignore"},
};
enum Code : std::size_t { kStale, kAllStale };

const std::vector<ParamDef> kParams = {
    {"ignore", std::string(), "settings that are not compared, separated by commas"},
};

std::set<std::string, std::less<>> listed(std::string_view text) {
  std::set<std::string, std::less<>> names;
  std::string name;
  for (const char c : std::string(text) + ",") {
    if (c != ',') {
      if (c != ' ') name += c;
      continue;
    }
    if (!name.empty()) names.insert(name);
    name.clear();
  }
  return names;
}

struct Look {
  const Pod* pod = nullptr;
  bool reached = false;
  std::optional<Shown> shown;
  std::optional<Error> why;                    // why not
  std::optional<nlohmann::json> announcement;  // the document, when it could be had
  std::optional<Error> silent;                 // why there is none although there should be
};

// One run, step by step.
class Run {
 public:
  Run(const std::set<std::string, std::less<>>& ignore, const CheckContext& context)
      : ignore_(ignore), context_(context) {}

  Result<Outcome> run();

 private:
  Result<Table> readTable() const;
  void chooseSource();
  void look(const std::vector<Look*>& looks, bool first);
  void askSettings(PodBatch& batch, Look& look, bool first, std::optional<ghost::Version> version);
  void askSite(PodBatch& batch, Look& look, bool first);
  void askAnnouncement(PodBatch& batch, Look& look);
  void take(Look& look, const Result<HttpResponse>& answer);
  std::vector<Difference> differences() const;
  void settle(std::vector<Difference>& found);
  Result<std::vector<Difference>> confirm(std::vector<Difference> found);
  void claim(const std::vector<Difference>& found);
  std::string commandFor(const Scene& scene, const Pod& asked) const;
  void add(const Scene& scene, Code code, const Pod& asked);
  void reportPods();

  const std::set<std::string, std::less<>>& ignore_;
  const CheckContext& context_;
  std::string key_;  // of the Content API; empty = only what needs none is compared
  Table table_;
  std::deque<Look> looks_;
  std::vector<Look*> compared_;  // those that differences() numbers
  Outcome outcome_;
};

Result<Table> Run::readTable() const {
  const auto rows = context_.content->rows(selectSql(), context_.deadline, context_.stop);
  if (!rows) return rows.error();
  return tableOf(*rows);
}

void Run::chooseSource() {
  auto key = api::contentKey(context_);
  if (key) {
    key_ = std::move(*key);
    return;
  }
  if (key.error().code == ErrorCode::kNotFound)
    outcome_.notes.push_back(
        "without a Content API key only what /ghost/api/admin/site/ and the announcement show was "
        "compared: " +
        key.error().message);
  else
    outcome_.gaps.push_back({"", "the settings that need a Content API key", key.error()});
}

void Run::take(Look& look, const Result<HttpResponse>& answer) {
  look.reached = look.reached || answer.has_value();
  const auto document = api::document(answer);
  Shown shown;
  if (!document)
    look.why = document.error();
  else if (!addDocument(shown, *document, key_.empty() ? "site" : "settings"))
    look.why = Error{ErrorCode::kProtocol, "its answer is not Ghost's document of settings"};
  else
    look.shown = std::move(shown);
}

void Run::askSettings(PodBatch& batch, Look& look, bool first,
                      std::optional<ghost::Version> version) {
  batch.get(*look.pod,
            PodRequest{.path = ghost::contentApiPath(version) + "settings/?key=" + key_,
                       .door = Door::kAdmin,
                       .reason = Reason::kView,
                       .shared = first,
                       .onBody = {}},
            [this, &batch, &look, first, version](const Result<HttpResponse>& answer) {
              // Ghost 4 has its API elsewhere.
              if (!version && answer && answer->status == 404)
                return askSettings(batch, look, first, ghost::Version{4, 0});
              take(look, answer);
            });
}

void Run::askSite(PodBatch& batch, Look& look, bool first) {
  api::askSite(batch, *look.pod, first, [this, &look](const Result<api::PodSite>& site) {
    if (!site) {
      look.reached = look.reached || site.error().code == ErrorCode::kProtocol;
      look.why = site.error();
      return;
    }
    HttpResponse answer;
    answer.status = 200;
    answer.body = site->body;
    take(look, answer);
  });
}

// Not to be had on Ghost 4, nor where members are switched off: then it is not compared.
void Run::askAnnouncement(PodBatch& batch, Look& look) {
  batch.get(
      *look.pod,
      PodRequest{.path = std::string(kAnnouncementPath), .reason = Reason::kView, .onBody = {}},
      [&look](const Result<HttpResponse>& answer) {
        auto document = api::document(answer);
        if (document)
          look.announcement = std::move(*document);
        else if (document.error().code != ErrorCode::kNotFound)
          look.silent = document.error();
      });
}

void Run::look(const std::vector<Look*>& looks, bool first) {
  const auto batch = context_.pods.batch(context_.budget);
  for (Look* look : looks) {
    *look = {.pod = look->pod, .reached = look->reached};
    if (key_.empty())
      askSite(*batch, *look, first);
    else
      askSettings(*batch, *look, first, std::nullopt);
    askAnnouncement(*batch, *look);
  }
  batch->drive(context_.deadline, context_.stop);
  for (Look* look : looks)
    if (look->shown && look->announcement && !addAnnouncement(*look->shown, *look->announcement))
      look->silent = Error{ErrorCode::kProtocol, "its answer is not Ghost's announcement"};
}

// Of the pods that could be looked at, `compared_`.
std::vector<Difference> Run::differences() const {
  std::vector<const Shown*> shown;
  for (const Look* look : compared_) shown.push_back(&*look->shown);
  std::vector<Difference> found = compare(table_, shown);
  std::erase_if(found, [&](const Difference& one) { return ignore_.contains(one.key->name); });
  return found;
}

// Takes out what was changed a moment ago.
void Run::settle(std::vector<Difference>& found) {
  std::optional<Duration> wait;
  std::erase_if(found, [&](const Difference& one) {
    // The announcement shows and vanishes with its visibility and its content.
    std::optional<WallTime> changed;
    const auto consider = [&](std::string_view name) {
      const auto row = table_.rows.find(name);
      if (row != table_.rows.end()) changed = std::max(changed, row->second.changed);
    };
    consider(one.key->name);
    if (one.key->kind == Kind::kAnnouncement)
      consider("announcement_content"), consider("announcement_visibility");
    if (!changed || elapsed(table_.now, *changed) > context_.settle) return false;
    const Duration left = context_.settle - elapsed(*changed, table_.now);
    if (left <= Duration::zero()) return false;
    wait = std::max(wait.value_or(kSoonest), left);
    return true;
  });
  if (!wait) return;
  outcome_.again = wait;
  outcome_.notes.push_back(fmt::format("settings changed less than {} ago: not judged yet",
                                       formatDuration(context_.settle)));
}

// Before anything is claimed the accused pods are asked anew and the rows read again; what changed
// meanwhile is dropped.
Result<std::vector<Difference>> Run::confirm(std::vector<Difference> found) {
  if (found.empty()) return found;
  std::set<std::pair<const Look*, const Key*>> before;
  std::vector<Look*> accused;
  for (const Difference& one : found) {
    Look* look = compared_[one.pod];
    before.insert({look, one.key});
    if (accused.empty() || accused.back() != look) accused.push_back(look);
  }
  look(accused, false);
  auto table = readTable();
  if (!table) return table.error();
  std::erase_if(compared_, [](const Look* look) { return !look->shown; });
  std::swap(table_, *table);
  std::vector<Difference> still = differences();
  std::erase_if(still, [&](const Difference& one) {
    const auto row = table->rows.find(one.key->name);
    return !before.contains({compared_[one.pod], one.key}) || row == table->rows.end() ||
           row->second != table_.rows.find(one.key->name)->second;
  });
  if (still.size() < found.size())
    outcome_.again = std::min(outcome_.again.value_or(1s), Duration(1s));
  return still;
}

// Prints what the pod shows. The key of the Content API is no business of a report.
std::string Run::commandFor(const Scene& scene, const Pod& asked) const {
  const bool announcement = std::ranges::all_of(scene.differences, [](const Difference& one) {
    return one.key->kind == Kind::kAnnouncement;
  });
  const std::string path = announcement   ? std::string(kAnnouncementPath)
                           : key_.empty() ? "/ghost/api/admin/site/"
                                          : "/ghost/api/content/settings/?key=KEY";
  std::string command =
      context_.pods.reproduce(asked, path, announcement ? Door::kFront : Door::kAdmin);
  constexpr std::string_view kHeadersOnly = " -o /dev/null -D -";
  if (const auto at = command.find(kHeadersOnly); at != std::string::npos)
    command.erase(at, kHeadersOnly.size());
  return command;
}

void Run::add(const Scene& scene, Code code, const Pod& asked) {
  Finding finding;
  finding.def = &kFindings[code];
  finding.pod = scene.pod;
  finding.message = messageOf(scene, table_);
  finding.cause = causeOf(scene, table_);
  finding.evidence = evidenceOf(scene, table_);
  finding.reproduce = commandFor(scene, asked);
  finding.remedy = remedyOf(scene);
  outcome_.findings.push_back(std::move(finding));
}

// What every pod shows alike is one finding; as long as one could not be looked at, each is named.
void Run::claim(const std::vector<Difference>& found) {
  const bool all = compared_.size() == looks_.size();
  std::map<const Key*, std::vector<const Difference*>> byKey;
  for (const Difference& one : found) byKey[one.key].push_back(&one);
  const auto everywhere = [&](const Difference& one) {
    const auto& those = byKey.at(one.key);
    return all && those.size() == compared_.size() &&
           std::ranges::all_of(those,
                               [&](const Difference* other) { return other->shown == one.shown; });
  };
  Scene every;
  std::map<std::size_t, Scene> scenes;
  for (const Difference& one : found) {
    if (everywhere(one)) {
      if (one.pod == 0) every.differences.push_back(one);
      continue;
    }
    Scene& scene = scenes[one.pod];
    scene.pod = compared_[one.pod]->pod->name;
    scene.version = compared_[one.pod]->shown->version;
    scene.startedAt = compared_[one.pod]->pod->startedAt;
    scene.differences.push_back(one);
  }
  if (!every.differences.empty()) add(every, kAllStale, *compared_[0]->pod);
  for (const auto& [pod, scene] : scenes) add(scene, kStale, *compared_[pod]->pod);
}

void Run::reportPods() {
  for (const Look& look : looks_) {
    PodFacts& facts = outcome_.tally.pods[look.pod->name];
    facts.reachable = look.reached;
    if (look.shown) facts.version = look.shown->version;
    if (look.why)
      outcome_.gaps.push_back({look.pod->name, "its settings", *look.why});
    else if (look.silent)
      outcome_.gaps.push_back({look.pod->name, "its announcement", *look.silent});
  }
}

Result<Outcome> Run::run() {
  auto table = readTable();
  if (!table) return table.error();
  table_ = std::move(*table);
  for (const Pod& pod : context_.topology.pods)
    if (pod.mayBeBlamed()) looks_.push_back({.pod = &pod});
  if (looks_.empty()) {
    outcome_.notApplicable = "no pod takes readers";
    return std::move(outcome_);
  }
  chooseSource();
  std::vector<Look*> every;
  for (Look& look : looks_) every.push_back(&look);
  look(every, true);
  for (Look& look : looks_)
    if (look.shown) compared_.push_back(&look);
  std::vector<Difference> found = differences();
  settle(found);
  auto confirmed = confirm(std::move(found));
  if (!confirmed) return confirmed.error();
  claim(*confirmed);
  reportPods();
  return std::move(outcome_);
}

class SettingsCheck final : public Check {
 public:
  explicit SettingsCheck(const Params& params) : ignore_(listed(params.text("ignore"))) {}
  Result<Outcome> run(const CheckContext& context) override { return Run(ignore_, context).run(); }

 private:
  const std::set<std::string, std::less<>> ignore_;
};

}  // namespace
}  // namespace settings

const CheckSpec& settingsSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "settings",
      .summary = "every pod shows the settings of the database: title, navigation, code injection",
      .needs = {Need::kPods, Need::kDatabase},
      .interval = 60s,
      .timeout = 20s,
      .onChange = false,
      .findings = settings::kFindings,
      .params = settings::kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<settings::SettingsCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
