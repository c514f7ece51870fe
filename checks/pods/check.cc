// The pods themselves: does each one answer, is it well, and are they all the same.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "checks/pods/codes.h"
#include "checks/pods/diagnose.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/version.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks {
namespace {

using namespace std::chrono_literals;
using namespace pods;

constexpr std::size_t kPageBytes = 64u << 20;  // read of a page at most,
constexpr std::size_t kKeptBytes = 1u << 20;   // and kept
constexpr double kShareOfLook = 0.4;           // of the time left: room for the second look
constexpr Duration kDatabasePatience = 2s;
constexpr std::string_view kSetupPath = "authentication/setup/";

const std::vector<ParamDef> kParams = {
    {"patience", Duration(5s), "how long a pod may take for one answer", Duration(100ms)},
    {"front_every", std::int64_t{3}, "the daemon asks for the front page in each n-th run",
     std::int64_t{1}},
};

// What a condition is reported as; nullopt for those that are no finding of their own.
std::optional<Code> codeOf(Condition condition) {
  switch (condition) {
    case Condition::kUnreachable:
      return kRc101;
    case Condition::kHangs:
      return kRc102;
    case Condition::kBoots:
      return kRc103;
    case Condition::kDatabaseLost:
      return kRc104;
    case Condition::kThemeMissing:
      return kRc105;
    case Condition::kThemeBroken:
      return kRc106;
    case Condition::kServerError:
      return kRc107;
    case Condition::kNotGhost:
      return kRc108;
    case Condition::kRedirects:
      return kRc112;
    case Condition::kWell:
    case Condition::kPrivate:
    case Condition::kUnseen:
      return std::nullopt;
  }
  std::abort();
}

bool isWell(Condition condition) {
  return condition == Condition::kWell || condition == Condition::kPrivate;
}

std::string replaceName(std::string_view remedy, const std::string& pod) {
  std::string text(remedy);
  for (auto at = text.find("NAME"); at != std::string::npos; at = text.find("NAME", at))
    text.replace(at, 4, pod), at += pod.size();
  return text;
}

std::string versionOf(const Diagnosis& diagnosis) {
  if (!diagnosis.info) return "";
  const auto version = ghost::parseVersion(diagnosis.info->version);
  return version ? version->text() : "";
}

// What is remembered of a pod from run to run.
struct Memory {
  bool ghost4 = false;  // its API lives under /ghost/api/v4/
  std::optional<Condition> last;
  std::uint64_t runs = 0;
  std::optional<WallTime> bootedAt;
};

// One look at all pods.
struct Subject {
  const Pod* pod = nullptr;
  Memory* memory = nullptr;
  bool askFront = false;
  bool askSetup = false;
  Answers answers;
  Diagnosis diagnosis;
};

class PodsCheck final : public Check {
 public:
  explicit PodsCheck(const Params& params)
      : patience_(params.duration("patience")),
        frontEvery_(std::max<std::uint64_t>(params.count("front_every"), 1)) {}

  Result<Outcome> run(const CheckContext& context) override;

 private:
  std::vector<Subject> subjectsOf(const CheckContext& context);
  // What another check saw a moment ago is good enough for a first look, never for a second.
  enum class Look { kFirst, kAgain };
  void look(const CheckContext& context, const std::vector<Subject*>& subjects, Look look) const;
  void askSite(PodBatch& batch, const CheckContext& context, Subject& subject, Look look,
               Duration timeout) const;
  void lookAgain(const CheckContext& context, std::vector<Subject>& subjects) const;
  void remember(const CheckContext& context, std::vector<Subject>& subjects) const;

  void reportConditions(const CheckContext& context, const std::vector<Subject>& subjects,
                        Outcome& outcome) const;

  const Duration patience_;
  const std::uint64_t frontEvery_;
  std::map<std::string, Memory> memory_;
};

std::vector<Subject> PodsCheck::subjectsOf(const CheckContext& context) {
  std::set<std::string> names;
  for (const Pod& pod : context.topology.pods) names.insert(pod.name);
  std::erase_if(memory_, [&](const auto& one) { return names.count(one.first) == 0; });
  std::vector<Subject> subjects;
  for (const Pod& pod : context.topology.pods) {
    Memory& memory = memory_[pod.name];
    const bool rhythm = memory.runs++ % frontEvery_ == 0;
    const bool wasWell = memory.last && isWell(*memory.last);
    subjects.push_back(Subject{.pod = &pod,
                               .memory = &memory,
                               .askFront = context.trigger == Trigger::kOnce || rhythm || !wasWell,
                               .answers = {},
                               .diagnosis = {}});
  }
  return subjects;
}

std::optional<ghost::Version> apiVersion(const Memory& memory) {
  if (memory.ghost4) return ghost::Version{4, 0};
  return std::nullopt;
}

// Our own time being up says nothing about the pod.
Result<HttpResponse> ours(Result<HttpResponse> answer, const CheckContext& context) {
  if (!answer && answer.error().code == ErrorCode::kDeadlineExceeded &&
      context.deadline.passed(context.clock))
    return Error{ErrorCode::kCancelled, answer.error().message};
  return answer;
}

void PodsCheck::askSite(PodBatch& batch, const CheckContext& context, Subject& subject, Look look,
                        Duration timeout) const {
  const auto request = [look, timeout](const Memory& memory) {
    return PodRequest{.path = ghost::adminApiPath(apiVersion(memory)) + "site/",
                      .door = Door::kAdmin,
                      .reason = Reason::kHealth,
                      .shared = look == Look::kFirst,
                      .timeout = timeout,
                      .onBody = {}};
  };
  batch.get(*subject.pod, request(*subject.memory),
            [&batch, &context, &subject, request](Result<HttpResponse> answer) {
              subject.answers.site = ours(std::move(answer), context);
              // Ghost 4 has its API elsewhere. What that place says counts only if it is an API.
              if (!subject.answers.site || subject.answers.site->status != 404) return;
              Memory other = *subject.memory;
              other.ghost4 = !other.ghost4;
              batch.get(*subject.pod, request(other), [&subject](Result<HttpResponse> second) {
                if (!second || second->status != 200) return;
                subject.memory->ghost4 = !subject.memory->ghost4;
                subject.answers.site = std::move(second);
              });
            });
}

void PodsCheck::look(const CheckContext& context, const std::vector<Subject*>& subjects,
                     Look look) const {
  const Duration left = context.deadline.left(context.clock);
  const Duration timeout =
      std::min(patience_, std::chrono::duration_cast<Duration>(left * kShareOfLook));
  const std::unique_ptr<PodBatch> batch = context.pods.batch(context.budget);
  for (Subject* subject : subjects) {
    askSite(*batch, context, *subject, look, timeout);
    if (subject->askFront)
      batch->get(*subject->pod,
                 PodRequest{.path = "/",
                            .reason = Reason::kHealth,
                            .paced = true,
                            .maxBytes = kPageBytes,
                            .keepBytes = kKeptBytes,
                            .shared = look == Look::kFirst,
                            .timeout = timeout,
                            .onBody = {}},
                 [subject, &context](Result<HttpResponse> answer) {
                   subject->answers.front = ours(std::move(answer), context);
                 });
    if (subject->askSetup)
      batch->get(*subject->pod,
                 PodRequest{.path = ghost::adminApiPath(apiVersion(*subject->memory)) +
                                    std::string(kSetupPath),
                            .door = Door::kAdmin,
                            .reason = Reason::kHealth,
                            .timeout = timeout,
                            .onBody = {}},
                 [subject, &context](Result<HttpResponse> answer) {
                   subject->answers.setup = ours(std::move(answer), context);
                 });
  }
  batch->drive(context.deadline, context.stop);
  for (Subject* subject : subjects) subject->diagnosis = diagnose(subject->answers, context.site);
}

// Nothing that may pass by itself is claimed on one look alone.
void PodsCheck::lookAgain(const CheckContext& context, std::vector<Subject>& subjects) const {
  std::vector<Subject*> doubtful;
  for (Subject& subject : subjects) {
    if (!wantsSecondLook(subject.diagnosis.condition)) continue;
    subject.askFront = subject.askSetup = true;
    doubtful.push_back(&subject);
  }
  if (!doubtful.empty()) look(context, doubtful, Look::kAgain);
}

void PodsCheck::remember(const CheckContext& context, std::vector<Subject>& subjects) const {
  for (Subject& subject : subjects) {
    Memory& memory = *subject.memory;
    Condition& condition = subject.diagnosis.condition;
    // The front page was not asked: it was well the last time, and private stays private.
    if (condition == Condition::kWell && !subject.askFront && memory.last) condition = *memory.last;
    const bool wasDown = memory.last == Condition::kUnreachable || memory.last == Condition::kBoots;
    if (wasDown && isWell(condition)) memory.bootedAt = context.clock.wall();
    if (condition != Condition::kUnseen) memory.last = condition;
  }
}

PodFacts factsOf(const Subject& subject) {
  PodFacts facts;
  facts.reachable = subject.diagnosis.answered;
  if (subject.diagnosis.condition != Condition::kUnseen)
    facts.well = isWell(subject.diagnosis.condition);
  if (isWell(subject.diagnosis.condition))
    facts.privateMode = subject.diagnosis.condition == Condition::kPrivate;
  facts.version = versionOf(subject.diagnosis);
  // What was seen come back may have been away without a boot.
  facts.bootedAt = subject.pod->startedAt ? subject.pod->startedAt : subject.memory->bootedAt;
  return facts;
}

Finding findingFor(Code code, const Pod* pod, std::string message) {
  Finding finding;
  finding.def = &findings()[code];
  finding.pod = pod ? pod->name : "";
  finding.message = std::move(message);
  finding.remedy = pod ? replaceName(finding.def->remedy, pod->name) : finding.def->remedy;
  return finding;
}

// "the database answers Rollcall" or why it does not; empty without a database.
std::string databaseForUs(const CheckContext& context) {
  if (!context.content) return "";
  const Deadline deadline = context.deadline.atMost(context.clock, kDatabasePatience);
  const auto mark = context.content->mark(deadline, context.stop);
  if (mark)
    return "the database answers Rollcall, so it is this pod's own connection: its account, its "
           "pool or the network between them";
  return "the database does not answer Rollcall either: " + mark.error().message;
}

std::string causeOf(const Diagnosis& diagnosis, const CheckContext& context,
                    const std::string& database) {
  switch (diagnosis.condition) {
    case Condition::kUnreachable:
      if (diagnosis.unresolved)
        return "the pod's name does not resolve: it is misspelt, or DNS fails";
      return diagnosis.place == Place::kFront ? "it closes the connection while it renders a page"
                                              : "the process is down or restarts, or the network "
                                                "does not let Rollcall through";
    case Condition::kHangs:
      return diagnosis.place == Place::kSite
                 ? "the process is overloaded, stuck or paused: not even what it knows by heart "
                   "comes"
                 : "rendering is overloaded or stuck; its database answers it";
    case Condition::kBoots:
      return "it was started a moment ago, or a migration runs, or migrations_lock is locked";
    case Condition::kDatabaseLost:
      return database;
    case Condition::kThemeMissing:
      return "content/themes is empty or not mounted on this pod, or the theme was deleted";
    case Condition::kThemeBroken:
      return "a template of the active theme does not compile";
    case Condition::kServerError:
      return "neither the database nor a missing theme: the pod's log names it";
    case Condition::kNotGhost:
      return diagnosis.place == Place::kSite && diagnosis.status == 404
                 ? "another program listens there, or Ghost's admin.url is another host than "
                   "Rollcall was told"
                 : "another program listens there, or something stands between";
    case Condition::kRedirects:
      return "the pod's `url` is not " + context.site.url.text() +
             ", or Rollcall was told the wrong --url";
    case Condition::kWell:
    case Condition::kPrivate:
    case Condition::kUnseen:
      return "";
  }
  std::abort();
}

Finding conditionFinding(Code code, const Subject& subject, const CheckContext& context,
                         const std::string& database) {
  const Diagnosis& diagnosis = subject.diagnosis;
  const bool front = diagnosis.place == Place::kFront;
  std::string message =
      fmt::format("{} ({}): {}", subject.pod->name, subject.pod->address(), diagnosis.seen);
  if (!diagnosis.ghostSays.empty()) message += fmt::format(" \"{}\"", diagnosis.ghostSays);
  Finding finding = findingFor(code, subject.pod, std::move(message));
  finding.cause = causeOf(diagnosis, context, database);
  if (diagnosis.unresolved) finding.remedy = "mend --pod or DNS";
  finding.reproduce = context.pods.reproduce(
      *subject.pod, front ? "/" : ghost::adminApiPath(apiVersion(*subject.memory)) + "site/",
      front ? Door::kFront : Door::kAdmin);
  finding.evidence["address"] = subject.pod->address();
  if (diagnosis.status != 0) finding.evidence["status"] = std::to_string(diagnosis.status);
  if (!diagnosis.ghostSays.empty()) finding.evidence["ghost_says"] = diagnosis.ghostSays;
  if (!diagnosis.target.empty()) finding.evidence["location"] = diagnosis.target;
  if (subject.askSetup) finding.evidence["looks"] = "2";
  return finding;
}

// A list that is old may name a pod that is no more; whoever answers is there.
bool mayBeGone(const Subject& subject, const Topology& topology) {
  return subject.diagnosis.condition == Condition::kUnreachable && topology.old &&
         subject.pod->mayBeBlamed();
}

void PodsCheck::reportConditions(const CheckContext& context, const std::vector<Subject>& subjects,
                                 Outcome& outcome) const {
  const bool lost = std::any_of(subjects.begin(), subjects.end(), [](const Subject& subject) {
    return subject.diagnosis.condition == Condition::kDatabaseLost;
  });
  const std::string database = lost ? databaseForUs(context) : "";
  for (const Subject& subject : subjects) {
    const Diagnosis& diagnosis = subject.diagnosis;
    outcome.tally.pods[subject.pod->name] = factsOf(subject);
    if (diagnosis.condition == Condition::kUnseen) {
      outcome.gaps.push_back({subject.pod->name, "the pod", *diagnosis.why});
      continue;
    }
    const std::optional<Code> code = codeOf(diagnosis.condition);
    if (!code) continue;
    if (mayBeGone(subject, context.topology)) {
      outcome.gaps.push_back(
          {subject.pod->name,
           "the pod",
           {ErrorCode::kUnavailable,
            fmt::format("{}; it may be gone: {}", diagnosis.seen, context.topology.stale)}});
      continue;
    }
    if (subject.pod->mayBeBlamed())
      outcome.findings.push_back(conditionFinding(*code, subject, context, database));
    else
      outcome.notes.push_back(fmt::format("{} is {}, so it is not blamed: {}", subject.pod->name,
                                          subject.pod->terminating ? "leaving" : "not ready",
                                          diagnosis.seen));
  }
}

void reportNobodyServes(const std::vector<Subject>& subjects, const Topology& topology,
                        Outcome& outcome) {
  if (!nobodyServes(topology)) return;
  Finding finding = findingFor(kRc115, nullptr, "");
  std::vector<std::string> names;
  for (const Subject& subject : subjects) {
    if (subject.pod->terminating) continue;
    names.push_back(subject.pod->name);
    finding.evidence[subject.pod->name] =
        subject.diagnosis.seen.empty() ? "answers" : subject.diagnosis.seen;
  }
  finding.message = fmt::format("none of the pods is ready: {}", fmt::join(names, ", "));
  finding.reproduce = fmt::format("kubectl get pod {}", fmt::join(names, " "));
  finding.remedy =
      fmt::format("see why they are not ready: kubectl describe pod {}", fmt::join(names, " "));
  outcome.findings.push_back(std::move(finding));
}

// The pods by what they say of themselves; only those that say something and may be blamed.
using Groups = std::map<std::string, std::vector<const Subject*>>;

Groups groupBy(const std::vector<Subject>& subjects, std::string (*what)(const Diagnosis&)) {
  Groups groups;
  for (const Subject& subject : subjects)
    if (const std::string key = what(subject.diagnosis); !key.empty() && subject.pod->mayBeBlamed())
      groups[key].push_back(&subject);
  return groups;
}

void reportVersions(const std::vector<Subject>& subjects, Outcome& outcome) {
  const Groups groups = groupBy(subjects, versionOf);
  if (groups.size() < 2) return;
  std::string list;
  Finding finding = findingFor(kRc110, nullptr, "");
  for (const auto& [version, pods] : groups) {
    list += fmt::format("{}{} on {} pod{}", list.empty() ? "" : ", ", version, pods.size(),
                        pods.size() == 1 ? "" : "s");
    for (const Subject* subject : pods) finding.evidence[subject->pod->name] = version;
  }
  finding.message = "the pods run different versions of Ghost: " + list;
  finding.cause = "an update is rolling out, or stopped half-way";
  outcome.findings.push_back(std::move(finding));
}

std::string urlOf(const Diagnosis& diagnosis) {
  if (!diagnosis.info || diagnosis.condition == Condition::kRedirects) return "";
  const Result<Url> url = parseUrl(diagnosis.info->url);
  return quotable(url ? url->text() : diagnosis.info->url);
}

void reportUrls(const CheckContext& context, const std::vector<Subject>& subjects,
                Outcome& outcome) {
  const Groups groups = groupBy(subjects, urlOf);
  const std::string told = context.site.url.text();
  if (groups.size() == 1 && groups.begin()->first != told) {
    Finding finding = findingFor(kRc111, nullptr,
                                 fmt::format("every pod's `url` is {}, but Rollcall was told {}",
                                             groups.begin()->first, told));
    finding.cause = "Rollcall was told another address than Ghost has";
    finding.evidence = {{"url", groups.begin()->first}, {"expected", told}};
    outcome.findings.push_back(std::move(finding));
  }
  if (groups.size() < 2) return;
  for (const auto& [url, pods] : groups) {
    if (url == told) continue;
    for (const Subject* subject : pods) {
      Finding finding = findingFor(
          kRc111, subject->pod,
          fmt::format("{}: its `url` is {} instead of {}", subject->pod->name, url, told));
      finding.cause = "the pod's own configuration differs from the other pods'";
      finding.evidence = {{"url", url}, {"expected", told}};
      finding.reproduce = context.pods.reproduce(
          *subject->pod, ghost::adminApiPath(apiVersion(*subject->memory)) + "site/", Door::kAdmin);
      outcome.findings.push_back(std::move(finding));
    }
  }
}

Result<Outcome> PodsCheck::run(const CheckContext& context) {
  std::vector<Subject> subjects = subjectsOf(context);
  std::vector<Subject*> all;
  for (Subject& subject : subjects) all.push_back(&subject);
  look(context, all, Look::kFirst);
  lookAgain(context, subjects);
  remember(context, subjects);
  Outcome outcome;
  reportConditions(context, subjects, outcome);
  reportNobodyServes(subjects, context.topology, outcome);
  reportVersions(subjects, outcome);
  reportUrls(context, subjects, outcome);
  return outcome;
}

}  // namespace

const CheckSpec& podsSpec() {
  static const CheckSpec spec{
      .name = "pods",
      .summary = "every pod answers, is well, and is like the others",
      .needs = {Need::kPods},
      .interval = 10s,
      .timeout = 15s,
      .onChange = false,
      .findings = findings(),
      .params = kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<PodsCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
