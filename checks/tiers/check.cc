// The tiers of the database against those that every pod shows.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

#include "checks/tiers/compare.h"
#include "checks/tiers/wording.h"
#include "daemon/api/pod_api.h"

namespace rollcall::checks {
namespace tiers {
namespace {

using namespace std::chrono_literals;

const std::vector<FindingDef> kFindings = {
    {"RC521", Severity::kWarning, "a pod shows old tiers",
     "A tier was renamed, priced, made or archived through another pod: this pod offers its "
     "readers what it read when it booted.",
     "restart the named pod (kubectl delete pod NAME), or save the same tier through it"},
    {"RC522", Severity::kWarning, "every pod shows other tiers than the database",
     "Not one stale pod: the tiers were changed directly in the database or through a pod that is "
     "gone.",
     "kubectl rollout restart deployment"},
};
enum Code : std::size_t { kStale, kAllStale };

// Pod and difference -> when it was first seen: a change of a tier carries no date that can be
// trusted.
using FirstSeen = std::map<std::pair<std::string, Difference>, MonoTime>;

struct Look {
  const Pod* pod = nullptr;
  bool reached = false;
  bool none = false;  // has no tiers in its API: Ghost 4 and before
  std::optional<Tiers> shown;
  std::optional<Error> why;  // why not
  std::vector<Difference> differences;
};

// One run, step by step.
class Run {
 public:
  Run(FirstSeen& firstSeen, const CheckContext& context)
      : firstSeen_(firstSeen), context_(context) {}

  Result<Outcome> run();

 private:
  bool notApplicable(std::string why);
  bool readKey();
  Result<bool> readTable();
  void look(const std::vector<Look*>& looks);
  void take(Look& look, const Result<HttpResponse>& answer) const;
  bool waitUntil(MonoTime when) const;
  std::vector<Look*> due();
  Result<void> confirm(std::vector<Look*> accused);
  void claim();
  void reportPods();

  FirstSeen& firstSeen_;
  const CheckContext& context_;
  std::string key_;
  Tiers table_;
  std::deque<Look> looks_;
  Outcome outcome_;
};

bool Run::notApplicable(std::string why) {
  outcome_ = {};
  outcome_.notApplicable = std::move(why);
  return false;
}

bool Run::readKey() {
  auto key = api::contentKey(context_);
  if (key) {
    key_ = std::move(*key);
    return true;
  }
  if (key.error().code == ErrorCode::kNotFound) return notApplicable(key.error().message);
  outcome_.gaps.push_back({"", "the tiers, which need a Content API key", key.error()});
  return false;
}

// False when there is nothing to compare with: a site that grants little is not a site in doubt.
Result<bool> Run::readTable() {
  const auto rows =
      context_.content->rows(std::string(kTiersSql), context_.deadline, context_.stop);
  if (rows) {
    table_ = tiersOf(*rows);
    return true;
  }
  const Error& why = rows.error();
  if (!isAboutOneTable(why, *context_.content, context_.deadline, context_.stop)) return why;
  return notApplicable(
      why.code == ErrorCode::kPermissionDenied
          ? "the database account may not read the tiers: GRANT SELECT ON ghost.products"
          : "this Ghost has no tiers: " + why.message);
}

void Run::take(Look& look, const Result<HttpResponse>& answer) const {
  look.shown.reset(), look.why.reset();
  look.reached = answer.has_value();
  look.none = answer && answer->status == 404;
  if (look.none) return;
  const auto document = api::document(answer);
  if (!document)
    look.why = document.error();
  else if (look.shown = shownOf(*document); !look.shown)
    look.why = Error{ErrorCode::kProtocol, "its answer is not Ghost's list of tiers"};
}

void Run::look(const std::vector<Look*>& looks) {
  const auto batch = context_.pods.batch(context_.budget);
  for (Look* look : looks)
    batch->get(*look->pod,
               PodRequest{.path = "/ghost/api/content/tiers/?key=" + key_,
                          .door = Door::kAdmin,
                          .reason = Reason::kView,
                          .onBody = {}},
               [this, look](const Result<HttpResponse>& answer) { take(*look, answer); });
  batch->drive(context_.deadline, context_.stop);
  for (Look* look : looks)
    look->differences = look->shown ? compare(table_, *look->shown) : std::vector<Difference>();
}

bool Run::waitUntil(MonoTime when) const {
  return when < context_.deadline.when() && context_.clock.sleepUntil(when, context_.stop);
}

// The pods with differences that have lasted long enough. A one-shot run waits for them.
std::vector<Look*> Run::due() {
  const MonoTime now = context_.clock.mono();
  FirstSeen seen;
  std::vector<Look*> accused;
  MonoTime last = now;
  for (Look& look : looks_) {
    for (const Difference& one : look.differences) {
      const auto key = std::pair(look.pod->name, one);
      const auto known = firstSeen_.find(key);
      seen[key] = known == firstSeen_.end() ? now : known->second;
      last = std::max(last, seen[key] + context_.settle);
    }
    if (!look.differences.empty()) accused.push_back(&look);
  }
  firstSeen_ = std::move(seen);
  if (accused.empty() || last <= now) return accused;
  if (context_.trigger == Trigger::kOnce) {
    if (waitUntil(last)) return accused;
    for (Look* look : accused)
      look->why = Error{ErrorCode::kDeadlineExceeded,
                        "a difference was seen and there was no time to look again"};
    return {};
  }
  outcome_.again = last - now;
  outcome_.notes.push_back(fmt::format("tiers differ since less than {}: not judged yet",
                                       formatDuration(context_.settle)));
  std::erase_if(accused, [&](const Look* look) {
    return std::ranges::none_of(look->differences, [&](const Difference& one) {
      return firstSeen_.at({look->pod->name, one}) + context_.settle <= now;
    });
  });
  return accused;
}

// Nothing is claimed but what is the same at a second look at pods and table, and has lasted.
Result<void> Run::confirm(std::vector<Look*> accused) {
  for (Look& look : looks_)
    if (std::ranges::find(accused, &look) == accused.end()) look.differences.clear();
  if (accused.empty()) return {};
  const auto read = readTable();
  if (!read) return read.error();
  look(accused);
  const MonoTime now = context_.clock.mono();
  for (Look* look : accused)
    std::erase_if(look->differences, [&](const Difference& one) {
      const auto known = firstSeen_.find({look->pod->name, one});
      return known == firstSeen_.end() || known->second + context_.settle > now;
    });
  return {};
}

void Run::claim() {
  const auto add = [this](Code code, std::string_view name, const Look& look) {
    Finding finding;
    finding.def = &kFindings[code];
    finding.pod = name;
    finding.message = messageOf(name, look.differences);
    finding.cause = causeOf(name, look.pod->startedAt);
    finding.evidence = evidenceOf(look.differences);
    // The key of the Content API is no business of a report.
    finding.reproduce =
        context_.pods.reproduce(*look.pod, "/ghost/api/content/tiers/?key=KEY", Door::kAdmin);
    constexpr std::string_view kHeadersOnly = " -o /dev/null -D -";
    if (const auto at = finding.reproduce.find(kHeadersOnly); at != std::string::npos)
      finding.reproduce.erase(at, kHeadersOnly.size());
    finding.remedy = remedyOf(name);
    outcome_.findings.push_back(std::move(finding));
  };
  const auto& first = looks_.front().differences;
  const bool all = !first.empty() && std::ranges::all_of(looks_, [&](const Look& look) {
    return look.shown && look.differences == first;
  });
  if (all) return add(kAllStale, "", looks_.front());
  for (const Look& look : looks_)
    if (!look.differences.empty()) add(kStale, look.pod->name, look);
}

void Run::reportPods() {
  for (const Look& look : looks_) {
    outcome_.tally.pods[look.pod->name].reachable = look.reached;
    if (look.why) outcome_.gaps.push_back({look.pod->name, "its tiers", *look.why});
  }
}

Result<Outcome> Run::run() {
  const auto read = readTable();
  if (!read) return read.error();
  if (!*read || !readKey()) return std::move(outcome_);
  for (const Pod& pod : context_.topology.pods)
    if (pod.mayBeBlamed()) looks_.push_back({.pod = &pod});
  std::vector<Look*> every;
  for (Look& look : looks_) every.push_back(&look);
  look(every);
  if (std::ranges::all_of(looks_, &Look::none)) {
    notApplicable(looks_.empty() ? "no pod takes readers" : "the pods' Ghost shows no tiers");
    return std::move(outcome_);
  }
  if (auto confirmed = confirm(due()); !confirmed) return confirmed.error();
  claim();
  reportPods();
  return std::move(outcome_);
}

class TiersCheck final : public Check {
 public:
  Result<Outcome> run(const CheckContext& context) override {
    return Run(firstSeen_, context).run();
  }

 private:
  FirstSeen firstSeen_;
};

}  // namespace
}  // namespace tiers

const CheckSpec& tiersSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "tiers",
      .summary = "every pod shows the tiers of the database",
      .needs = {Need::kPods, Need::kDatabase},
      .interval = 2min,
      .timeout = 20s,
      .onChange = false,
      .findings = tiers::kFindings,
      .params = {},
      .make = [](const Params&) -> std::unique_ptr<Check> {
        return std::make_unique<tiers::TiersCheck>();
      },
  };
  return spec;
}

}  // namespace rollcall::checks
