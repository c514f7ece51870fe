// Private mode: is what the database calls private guarded by every pod, and only that.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "checks/private/rules.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks {
namespace privacy {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMessageBytes = 64u << 10;  // of a page: enough for an error's text
constexpr Duration kFrontKnown = 2min;            // a leak once seen need not be rendered again
constexpr std::string_view kModeSql =
    "SELECT value, updated_at, UTC_TIMESTAMP(3) FROM settings WHERE `key`='is_private'";

const std::vector<FindingDef> kFindings = {
    {"RC511", Severity::kCritical, "a pod shows a private site to everyone",
     "The site is private in the database, and this pod shows its pages without the password. It "
     "has missed that private mode was switched on: settings live in each pod's memory.",
     "restart the named pod: kubectl delete pod NAME"},
    {"RC512", Severity::kCritical, "a pod asks for a password though the site is public",
     "The site is public in the database, and this pod sends readers to /private/. It has missed "
     "that private mode was switched off: settings live in each pod's memory.",
     "restart the named pod: kubectl delete pod NAME"},
    {"RC513", Severity::kWarning, "pods disagree whether the site is private",
     "Some pods ask for the site's password and some do not. Without the database there is no "
     "telling which are right.",
     "kubectl rollout restart deployment; give Rollcall --db to learn which pods are wrong"},
};
enum Code : std::size_t { kLeak, kLocked, kDisagree };

// A front page that was seen without a password.
struct Leak {
  MonoTime seen{};
  int status = 0;
};

// What is remembered from run to run.
struct Memory {
  std::map<std::string, Leak> leaks;         // by pod
  std::optional<MonoTime> disagreeingSince;  // without a database
};

struct Look {
  const Pod* pod = nullptr;
  Sight probe;
  std::optional<Sight> front;  // when it was asked

  const Sight& sight() const { return front ? *front : probe; }
};

// One run, step by step.
class Run {
 public:
  Run(Memory& memory, const CheckContext& context) : memory_(memory), context_(context) {}

  Result<Outcome> run();

 private:
  Result<Mode> askMode() const;
  Result<void> readMode();
  // Also at the front page, where `front` says so or an earlier look needed it.
  void look(const std::vector<Look*>& looks, bool front);
  void lookUnclear();
  Result<void> judgeByDatabase();
  std::vector<Look*> suspects();
  void judgeAmongThemselves();
  bool disagree() const;
  void claim(const Look& look);
  void reportSights();

  Memory& memory_;
  const CheckContext& context_;
  std::optional<Mode> mode_;
  std::vector<Look> looks_;
  Outcome outcome_;
};

Result<Mode> Run::askMode() const {
  const auto rows = context_.content->rows(std::string(kModeSql), context_.deadline, context_.stop);
  if (!rows) return rows.error();
  return modeOf(*rows);
}

// The database's word; without it, or without the right to read it, the pods are compared with one
// another.
Result<void> Run::readMode() {
  if (!context_.content) return {};
  const auto mode = askMode();
  if (mode) {
    mode_ = *mode;
    return {};
  }
  if (mode.error().code != ErrorCode::kPermissionDenied) return mode.error();
  outcome_.gaps.push_back({"", "private mode in the database", mode.error()});
  return {};
}

void Run::look(const std::vector<Look*>& looks, bool front) {
  const auto batch = context_.pods.batch(context_.budget);
  for (Look* look : looks) {
    // What an earlier look saw is no part of this one.
    const bool andFront = front || look->front;
    look->probe = {}, look->front.reset();
    batch->get(
        *look->pod,
        PodRequest{.path = std::string(kProbePath), .keepBytes = kMessageBytes, .onBody = {}},
        [this, look](const Result<HttpResponse>& answer) {
          look->probe = ofProbe(context_.site, answer);
        });
    if (!andFront) continue;
    batch->get(*look->pod,
               PodRequest{.path = "/",
                          .reason = Reason::kSuspect,
                          .paced = true,
                          .maxBytes = 64u << 20,
                          .keepBytes = kMessageBytes,
                          .onBody = {}},
               [this, look](const Result<HttpResponse>& answer) {
                 look->front = ofFront(context_.site, answer);
               });
  }
  batch->drive(context_.deadline, context_.stop);
}

// Where a redirect of the owner's catches the probe, the front page has to tell.
void Run::lookUnclear() {
  std::vector<Look*> unclear;
  for (Look& look : looks_)
    if (look.probe.shown == Shown::kUnclear) unclear.push_back(&look);
  if (!unclear.empty()) look(unclear, true);
}

std::vector<Look*> Run::suspects() {
  std::vector<Look*> suspects;
  for (Look& look : looks_) {
    const Shown shown = look.sight().shown;
    if (shown == (mode_->isPrivate ? Shown::kPublic : Shown::kPrivate)) suspects.push_back(&look);
  }
  return suspects;
}

// Nothing is claimed on one look, nor before the switch has been read again.
Result<void> Run::judgeByDatabase() {
  std::vector<Look*> accused = suspects();
  if (accused.empty()) return {};
  if (const Duration wait = mode_->settling(context_.settle); wait > Duration::zero()) {
    outcome_.again = std::max(wait, Duration(200ms));
    outcome_.notes.push_back(
        fmt::format("private mode was switched less than {} ago: not judged yet",
                    formatDuration(context_.settle)));
    return {};
  }
  const MonoTime now = context_.clock.mono();
  const auto known = [&](const Look* look) {
    const auto leak = memory_.leaks.find(look->pod->name);
    return mode_->isPrivate && leak != memory_.leaks.end() && now - leak->second.seen < kFrontKnown;
  };
  std::vector<Look*> again;
  std::ranges::copy_if(accused, std::back_inserter(again), [&](Look* one) { return !known(one); });
  if (!again.empty()) look(again, mode_->isPrivate);
  const auto still = askMode();
  if (!still) return still.error();
  if (!still->sameAs(*mode_)) {
    outcome_.again = 1s;
    return {};
  }
  for (const Look* look : suspects()) {
    if (look->front) memory_.leaks[look->pod->name] = {now, look->front->status};
    claim(*look);
  }
  return {};
}

bool Run::disagree() const {
  const auto shows = [this](Shown shown) {
    return std::ranges::any_of(looks_,
                               [&](const Look& look) { return look.sight().shown == shown; });
  };
  return shows(Shown::kPublic) && shows(Shown::kPrivate);
}

// No date tells when they began to: it has to last.
void Run::judgeAmongThemselves() {
  if (!disagree()) {
    memory_.disagreeingSince.reset();
    return;
  }
  const MonoTime now = context_.clock.mono();
  if (!memory_.disagreeingSince) memory_.disagreeingSince = now;
  const MonoTime due = *memory_.disagreeingSince + context_.settle;
  if (now < due && context_.trigger != Trigger::kOnce) {
    outcome_.again = due - now;
    outcome_.notes.push_back(
        fmt::format("pods disagree about private mode since less than {}: not judged yet",
                    formatDuration(context_.settle)));
    return;
  }
  const bool inTime = due < context_.deadline.when();
  if (now < due && !(inTime && context_.clock.sleepUntil(due, context_.stop))) {
    outcome_.gaps.push_back({"", "whether the pods agree about private mode",
                             Error{ErrorCode::kDeadlineExceeded,
                                   "a difference was seen and there was no time to look again"}});
    return;
  }
  std::vector<Look*> all;
  for (Look& look : looks_) all.push_back(&look);
  look(all, false);
  if (!disagree()) return memory_.disagreeingSince.reset();
  Finding finding;
  finding.def = &kFindings[kDisagree];
  std::size_t guarded = 0;
  for (const Look& look : looks_) {
    const Shown shown = look.sight().shown;
    if (shown != Shown::kPublic && shown != Shown::kPrivate) continue;
    guarded += shown == Shown::kPrivate;
    finding.evidence[look.pod->name] = shown == Shown::kPrivate ? "private" : "public";
  }
  finding.message = fmt::format("{} of {} pods ask for the site's password, the others do not",
                                guarded, finding.evidence.size());
  finding.cause = "private mode was switched through some of the pods only";
  finding.remedy = finding.def->remedy;
  outcome_.findings.push_back(std::move(finding));
}

void Run::claim(const Look& look) {
  const bool leak = mode_->isPrivate;
  const std::string& pod = look.pod->name;
  Finding finding;
  finding.def = &kFindings[leak ? kLeak : kLocked];
  finding.pod = pod;
  finding.message =
      leak ? fmt::format("{} shows its pages to everyone, but the site is private", pod)
           : fmt::format("{} asks readers for the site's password, but the site is public", pod);
  finding.cause = fmt::format(
      "private mode was switched {}{} without this pod, which keeps its settings in memory since "
      "it booted{}",
      leak ? "on" : "off", mode_->changed ? " at " + formatTime(*mode_->changed) : "",
      look.pod->startedAt ? " at " + formatTime(*look.pod->startedAt) : "");
  finding.evidence["is_private"] = leak ? "true" : "false";
  if (mode_->changed) finding.evidence["updated_at"] = formatTime(*mode_->changed);
  finding.evidence["status"] =
      std::to_string(leak ? memory_.leaks.at(pod).status : look.sight().status);
  finding.reproduce = context_.pods.reproduce(*look.pod, "/", Door::kFront);
  finding.remedy = fmt::format("restart {}: kubectl delete pod {}", pod, pod);
  outcome_.findings.push_back(std::move(finding));
}

void Run::reportSights() {
  for (const Look& look : looks_) {
    const Sight& sight = look.sight();
    PodFacts& facts = outcome_.tally.pods[look.pod->name];
    facts.reachable = sight.status != 0;
    if (sight.shown == Shown::kPublic || sight.shown == Shown::kPrivate)
      facts.privateMode = sight.shown == Shown::kPrivate;
    else
      outcome_.gaps.push_back({look.pod->name, "whether it is private", sight.why});
  }
  std::erase_if(memory_.leaks, [this](const auto& leak) {
    return std::ranges::none_of(looks_, [&](const Look& look) {
      return look.pod->name == leak.first && look.sight().shown == Shown::kPublic;
    });
  });
}

Result<Outcome> Run::run() {
  for (const Pod& pod : context_.topology.pods)
    if (pod.mayBeBlamed()) looks_.push_back({.pod = &pod});
  if (looks_.empty()) {
    outcome_.notApplicable = "no pod takes readers";
    return std::move(outcome_);
  }
  if (auto read = readMode(); !read) return read.error();
  std::vector<Look*> all;
  for (Look& look : looks_) all.push_back(&look);
  look(all, false);
  lookUnclear();
  if (mode_) {
    if (auto judged = judgeByDatabase(); !judged) return judged.error();
  } else {
    judgeAmongThemselves();
  }
  reportSights();
  return std::move(outcome_);
}

class PrivateCheck final : public Check {
 public:
  Result<Outcome> run(const CheckContext& context) override { return Run(memory_, context).run(); }

 private:
  Memory memory_;
};

}  // namespace
}  // namespace privacy

const CheckSpec& privateSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "private",
      .summary = "a private site is private on every pod, a public one public",
      .needs = {Need::kPods},
      .interval = 20s,
      .timeout = 15s,
      .onChange = false,
      .findings = privacy::kFindings,
      .params = {},
      .make = [](const Params&) -> std::unique_ptr<Check> {
        return std::make_unique<privacy::PrivateCheck>();
      },
  };
  return spec;
}

}  // namespace rollcall::checks
