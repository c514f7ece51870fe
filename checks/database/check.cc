// The database itself: whether it answers, takes writes, has room, and fits the pods.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "checks/database/codes.h"
#include "checks/database/pod_versions.h"
#include "checks/database/questions.h"
#include "checks/database/rules.h"
#include "checks/database/settings.h"
#include "checks/database/wording.h"

namespace rollcall::checks {
namespace database {
namespace {

using namespace std::chrono_literals;

constexpr int kBeats = 3;
// An answer that did not come in less than this says nothing about the database.
constexpr Duration kFairChance = 2s;
// Between two looks; longer than a source waits before it connects again.
constexpr Duration kPause = 600ms;
constexpr Duration kTablesEvery = 10min;
constexpr std::uint64_t kVersionsEvery = 4;  // runs of the daemon
constexpr std::size_t kMostTables = 20;      // Ghost has more, so the account sees but some

// What is remembered from run to run.
struct Memory {
  std::uint64_t runs = 0;
  PodVersions versions;
  std::optional<Collations> collations;
  MonoTime nextTables{};
  std::optional<std::pair<std::string, MonoTime>> lock;  // the one that is held, and first sight
};

// Nothing about the database.
bool saysNothing(const Error& error) {
  return error.code == ErrorCode::kCancelled || error.code == ErrorCode::kInternal ||
         error.code == ErrorCode::kProtocol;
}

// One run of the check, step by step. A step answers an Error when the database failed meanwhile.
class Run {
 public:
  Run(const Limits& limits, Memory& memory, const CheckContext& context)
      : limits_(limits), memory_(memory), context_(context) {}

  Result<Outcome> run();

 private:
  using Step = Result<void> (Run::*)();

  Result<std::vector<Beat>> reach();
  std::optional<Error> endedBy(const Error& error);
  Result<Outcome> cutShort(const Error& error);
  bool pause() const;
  void noTimeFor(const std::string& what);
  Result<void> server();
  void judgeServer(const Beat& beat, const Server& server, const Beat& again, const Server& later);
  Result<void> lock();
  Duration heldFor(const Lock& lock);
  Result<void> schema();
  Result<void> askTables();
  Result<void> tables();
  void judgeTables(const Collations& before, const Collations& now);
  Result<void> reader();
  Result<void> lagOf(const Newest& writer);

  const Limits& limits_;
  Memory& memory_;
  const CheckContext& context_;
  std::vector<Beat> beats_;
  Outcome outcome_;
};

Result<Outcome> Run::run() {
  auto beats = reach();
  if (!beats) return cutShort(beats.error());
  beats_ = std::move(*beats);
  std::vector<std::pair<Step, std::string>> steps = {{&Run::server, "the server's variables"},
                                                     {&Run::lock, "the migration lock"},
                                                     {&Run::schema, "the schema's version"},
                                                     {&Run::tables, "collations"}};
  if (context_.reader) steps.emplace_back(&Run::reader, "the newest change");
  for (auto step = steps.begin(); step != steps.end(); ++step) {
    const auto done = (this->*step->first)();
    if (done) continue;
    if (const auto end = endedBy(done.error())) {
      for (; step != steps.end(); ++step) outcome_.gaps.push_back({"", step->second, *end});
      return cutShort(*end);
    }
    outcome_.gaps.push_back({"", step->second, done.error()});
  }
  ++memory_.runs;
  return std::move(outcome_);
}

// Why no further step can be made after one failed; nullopt when it was but that one question.
std::optional<Error> Run::endedBy(const Error& error) {
  if (saysNothing(error)) return error;
  const auto again = reach();
  return again ? std::nullopt : std::optional<Error>(again.error());
}

// What is left of a run that did not come to its end.
Result<Outcome> Run::cutShort(const Error& error) {
  const auto lost = std::ranges::find_if(
      outcome_.findings, [](const Finding& finding) { return finding.def == &findings()[kRc701]; });
  if (lost != outcome_.findings.end()) {
    // What was seen before it went away does not count any more.
    Outcome outcome;
    outcome.findings.push_back(std::move(*lost));
    return outcome;
  }
  if (outcome_.findings.empty() || error.code == ErrorCode::kCancelled) return error;
  return std::move(outcome_);
}

// Whether there is time for another look, after a while.
bool Run::pause() const {
  if (context_.deadline.left(context_.clock) < 2 * kPause) return false;
  return context_.clock.sleepUntil(context_.clock.mono() + kPause, context_.stop);
}

void Run::noTimeFor(const std::string& what) {
  outcome_.gaps.push_back({"", what, {ErrorCode::kDeadlineExceeded, "no time was left for it"}});
}

// Claims that the database does not answer only after it did not twice, or for long enough.
Result<std::vector<Beat>> Run::reach() {
  const MonoTime began = context_.clock.mono();
  auto beats = askBeats(context_, kBeats);
  if (beats || saysNothing(beats.error())) return beats;
  Error error = beats.error();
  if (pause()) {
    auto again = askBeats(context_, kBeats);
    if (again || saysNothing(again.error())) return again;
    if (!context_.deadline.passed(context_.clock)) error = again.error();
  }
  if (context_.stop.stop_requested()) return Error{ErrorCode::kCancelled, error.message};
  const bool hasty =
      error.code == ErrorCode::kDeadlineExceeded && context_.clock.mono() - began < kFairChance;
  if (!hasty) outcome_.findings.push_back(unreachable(error));
  return error;
}

Result<void> Run::server() {
  const auto now = askServer(context_);
  if (!now) return now.error();
  const Beat beat = fastest(beats_);
  const auto connections = connectionsOf(now->status, now->variables);
  const bool doubt = beat.roundTrip > limits_.latency || clocksDiffer(beat, limits_.clockSkew) ||
                     (connections && nearLimit(*connections, limits_.connectionsPercent)) ||
                     writableOf(now->variables) == Writable::kReadOnly ||
                     writableOf(now->variables) == Writable::kAuroraReader;
  if (writableOf(now->variables) == Writable::kUnknown)
    outcome_.notes.emplace_back("the server does not say whether it takes writes");
  if (!doubt) return {};
  if (!pause()) {
    noTimeFor("the server's state a second time");
    return {};
  }
  const auto beats = askBeats(context_, kBeats);
  if (!beats) return beats.error();
  const auto later = askServer(context_);
  if (!later) return later.error();
  judgeServer(beat, *now, fastest(*beats), *later);
  return {};
}

// What holds in both looks.
void Run::judgeServer(const Beat& beat, const Server& server, const Beat& again,
                      const Server& later) {
  std::vector<Finding>& findings = outcome_.findings;
  const Writable writable = writableOf(later.variables);
  if (writable == writableOf(server.variables) &&
      (writable == Writable::kReadOnly || writable == Writable::kAuroraReader))
    findings.push_back(readOnly(writable, later.variables));
  const Beat best = fastest({beat, again});
  if (best.roundTrip > limits_.latency) findings.push_back(slow(best, limits_.latency));
  if (clocksDiffer(beat, limits_.clockSkew) && clocksDiffer(again, limits_.clockSkew))
    findings.push_back(clockDrift(best));
  const auto first = connectionsOf(server.status, server.variables);
  const auto second = connectionsOf(later.status, later.variables);
  if (first && second && nearLimit(*first, limits_.connectionsPercent) &&
      nearLimit(*second, limits_.connectionsPercent))
    findings.push_back(fewConnections(*second));
}

Result<void> Run::lock() {
  const auto answer = askLock(context_);
  if (!answer) return answer.error();
  if (!answer->note.empty()) {
    outcome_.notes.push_back(answer->note);
    return {};
  }
  outcome_.tally.restart.migrationLocked = answer->held.has_value();
  if (!answer->held) {
    memory_.lock.reset();
    return {};
  }
  const Lock& lock = *answer->held;
  const Duration held = heldFor(lock);
  if (held > limits_.lockPatience)
    outcome_.findings.push_back(lockHeld(lock, held));
  else
    outcome_.notes.push_back(lockMessage(lock, held));
  return {};
}

// At least. A daemon trusts what it saw itself; what looks once has but the lock's date, which is
// in the local time of the pod that took it.
Duration Run::heldFor(const Lock& lock) {
  if (context_.trigger == Trigger::kOnce) return heldInEveryTimeZone(lock.age);
  const MonoTime now = context_.clock.mono();
  if (!memory_.lock || memory_.lock->first != lock.acquiredAt)
    memory_.lock = {lock.acquiredAt, now};
  return now - memory_.lock->second;
}

// A pod newer than the schema is well: not every version of Ghost brings a migration.
Result<void> Run::schema() {
  const auto answer = askSchema(context_);
  if (!answer) return answer.error();
  if (!answer->note.empty()) outcome_.notes.push_back(answer->note);
  const auto schema = ghost::parseVersion(answer->version);
  if (!schema || context_.topology.pods.empty()) return {};
  PodVersions& versions = memory_.versions;
  versions.learn(context_,
                 context_.trigger == Trigger::kOnce || memory_.runs % kVersionsEvery == 0);
  if (const auto suspects = versions.olderThan(*schema, context_.topology); !suspects.empty()) {
    versions.askAgain(context_, suspects);
    const auto again = askSchema(context_);
    if (!again) return again.error();
    if (again->version == answer->version)
      for (const Pod* pod : versions.olderThan(*schema, context_.topology))
        outcome_.findings.push_back(olderPod(pod->name, versions.textOf(*pod), schema->text()));
  }
  std::ranges::move(versions.gaps(context_.topology), std::back_inserter(outcome_.gaps));
  return {};
}

Result<void> Run::askTables() {
  auto collations = askCollations(context_);
  if (!collations) return collations.error();
  memory_.collations = std::move(*collations);
  memory_.nextTables = context_.clock.mono() + kTablesEvery;
  return {};
}

// The daemon asks seldom while all is well, and in every run while it is not.
Result<void> Run::tables() {
  const bool once = context_.trigger == Trigger::kOnce;
  auto before = memory_.collations;
  if (once || !before || !isWell(*before) || context_.clock.mono() >= memory_.nextTables)
    if (const auto asked = askTables(); !asked) return asked.error();
  if (once && !isWell(*memory_.collations)) {
    before = memory_.collations;
    if (!pause()) {
      noTimeFor("collations a second time");
      return {};
    }
    if (const auto asked = askTables(); !asked) return asked.error();
  }
  judgeTables(before.value_or(Collations{}), *memory_.collations);
  return {};
}

// What two successive answers agree on.
void Run::judgeTables(const Collations& before, const Collations& now) {
  if (now.tables < kMostTables)
    outcome_.notes.push_back(fmt::format(
        "collations were compared between {} tables: the account may see no more of Ghost's",
        now.tables));
  const Collations both = agreed(before, now);
  if (!both.others.empty()) outcome_.findings.push_back(mixedCollations(both));
  if (!both.narrow.empty()) outcome_.findings.push_back(narrowTables(both));
  if (isWell(now) || !isWell(both)) return;
  outcome_.notes.emplace_back(
      "collations of Ghost's tables seem to be amiss: claimed when two looks agree");
  outcome_.again = context_.settle;
}

// The writer is asked first, so that the reader had more time and never less.
Result<void> Run::reader() {
  if (!context_.reader) return {};
  const auto writer = askNewest(*context_.content, context_);
  if (!writer) return writer.error();
  if (!*writer) return {};
  return lagOf(**writer);
}

Result<void> Run::lagOf(const Newest& writer) {
  const auto shows = [&](const Result<std::optional<Newest>>& answer) {
    return *answer && (*answer)->change >= writer.change;
  };
  const auto gap = [&](const Error& why) {
    outcome_.gaps.push_back({"", "the reader (database.reader)", why});
    return Result<void>();
  };
  const auto now = askNewest(*context_.reader, context_);
  if (!now) return gap(now.error());
  if (shows(now)) return {};
  if (writer.age <= limits_.readerLag) {
    outcome_.notes.push_back(fmt::format("the reader does not show a change of {} ago yet",
                                         formatDuration(std::max(writer.age, Duration(0)))));
    outcome_.again = limits_.readerLag;
    return {};
  }
  if (!pause()) return gap({ErrorCode::kDeadlineExceeded, "no time was left for a second look"});
  const auto later = askNewest(*context_.reader, context_);
  if (!later) return gap(later.error());
  if (!shows(later)) outcome_.findings.push_back(lagging(writer, *later));
  return {};
}

class DatabaseCheck final : public Check {
 public:
  explicit DatabaseCheck(const Params& params) : limits_(limitsOf(params)) {}
  Result<Outcome> run(const CheckContext& context) override {
    return Run(limits_, memory_, context).run();
  }

 private:
  const Limits limits_;
  Memory memory_;
};

}  // namespace
}  // namespace database

const CheckSpec& databaseSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "database",
      .summary = "the database answers, takes writes, has room, and fits the pods",
      .needs = {Need::kDatabase},
      .interval = 30s,
      .timeout = 20s,
      .onChange = false,
      .findings = database::findings(),
      .params = database::params(),
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<database::DatabaseCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
