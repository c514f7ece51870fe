#include "daemon/state/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "daemon/core/cut_text.h"
#include "daemon/state/sqlite.h"

namespace rollcall {
namespace {

constexpr std::int64_t kOurs = 0x526f6c6c;  // "Roll": tells our files from others'

// What made each version of the schema from the one before; a file is brought up to the last. What
// stands here is never changed: files that it made exist.
constexpr const char* kFirst[] = {
    "CREATE TABLE site (url TEXT NOT NULL)",
    "CREATE TABLE runs (id INTEGER PRIMARY KEY, started INTEGER NOT NULL, took INTEGER NOT NULL, "
    "verdict TEXT NOT NULL,"
    " pods INTEGER NOT NULL, critical INTEGER NOT NULL, warning INTEGER NOT NULL,"
    " info INTEGER NOT NULL, gaps INTEGER NOT NULL)",
    // Those that were there at the end of the last run; times in ms since 1970.
    "CREATE TABLE findings (check_name TEXT NOT NULL, code TEXT NOT NULL, pod TEXT NOT NULL,"
    " resource TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL, message TEXT NOT NULL,"
    " since INTEGER NOT NULL, seen INTEGER NOT NULL,"
    " PRIMARY KEY (check_name, code, pod, resource))"};
constexpr const char* kSecond[] = {
    // Of what was published since the run before; times in ms, posts = 0 where none was measured.
    "ALTER TABLE runs ADD COLUMN propagated_posts INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN propagated_median INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN propagated_p95 INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN propagated_slowest INTEGER NOT NULL DEFAULT 0",
    // What the daemon measured and no run has yet.
    "CREATE TABLE propagations (id INTEGER PRIMARY KEY, took INTEGER NOT NULL)",
    // The daemon's own.
    "CREATE TABLE watched_findings (check_name TEXT NOT NULL, code TEXT NOT NULL,"
    " pod TEXT NOT NULL, resource TEXT NOT NULL, since INTEGER NOT NULL, seen INTEGER NOT NULL,"
    " PRIMARY KEY (check_name, code, pod, resource))",
    "CREATE TABLE watched_events (id INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
    " tone TEXT NOT NULL, what TEXT NOT NULL)",
    "CREATE TABLE watched_failures (id INTEGER PRIMARY KEY, code TEXT NOT NULL,"
    " check_name TEXT NOT NULL, pod TEXT NOT NULL, findings INTEGER NOT NULL,"
    " began INTEGER NOT NULL, ended INTEGER)"};
constexpr std::span<const char* const> kSchema[] = {kFirst, kSecond};
constexpr std::int64_t kVersion = std::size(kSchema);

std::int64_t ms(WallTime time) {
  return time.time_since_epoch().count();
}
// Of a file that somebody else may have written; what is told of it stays within what can be
// calculated with.
std::chrono::milliseconds span(std::int64_t ms) {
  constexpr std::int64_t kMost = 7'258'118'400'000;  // from 1970 to 2200
  return std::chrono::milliseconds(std::clamp<std::int64_t>(ms, 0, kMost));
}
WallTime wall(std::int64_t ms) {
  return WallTime(span(ms));
}

PastFinding findingOf(const SqliteRow& row) {
  return {.check = row.text(0),
          .code = row.text(1),
          .pod = row.text(2),
          .resource = row.text(3),
          .severity = row.text(4),
          .title = row.text(5),
          .message = row.text(6),
          .since = wall(row.number(7)),
          .seen = wall(row.number(8))};
}

PastRun runOf(const SqliteRow& row) {
  const auto count = [&](int column) { return static_cast<std::size_t>(row.number(column)); };
  const auto time = [&](int column) { return span(row.number(column)); };
  std::optional<Propagation> propagation;
  if (count(8) > 0) propagation = {count(8), time(9), time(10), time(11)};
  return {.started = wall(row.number(0)),
          .took = time(1),
          .verdict = row.text(2),
          .pods = count(3),
          .critical = count(4),
          .warning = count(5),
          .info = count(6),
          .gaps = count(7),
          .propagation = propagation};
}

PastFailure failureOf(const SqliteRow& row) {
  std::optional<WallTime> ended;
  if (!row.isNull(5)) ended = wall(row.number(5));
  return {row.text(0),         row.text(1), row.text(2), static_cast<std::size_t>(row.number(3)),
          wall(row.number(4)), ended};
}

}  // namespace

struct History::Impl {
  Sqlite file;

  // `work` as a whole or not at all.
  template <class Work>
  Result<void> atOnce(const Work& work) {
    if (Result<void> begun = file.run("BEGIN IMMEDIATE"); !begun) return begun;
    Result<void> done = work();
    if (done) done = file.run("COMMIT");
    if (!done) (void)file.run("ROLLBACK");
    return done;
  }

  Result<void> prepare(const std::string& site);
  Result<void> create(const std::string& site);
  Result<void> bringUp(std::int64_t version);
  Result<std::vector<std::chrono::milliseconds>> takePropagation();
  Result<void> keep(const std::vector<std::chrono::milliseconds>& propagation);
  Result<void> keepWatched(const std::vector<PastFinding>& findings);
  Result<void> keep(const std::vector<PastEvent>& events);
  Result<void> keep(const std::vector<PastFailure>& failures);
  Result<void> readWatch(PastWatch& watch);
  Result<std::vector<PastFinding>> findings();
  Result<void> keep(const PastRun& run);
  Result<void> keep(const std::vector<PastFinding>& findings, std::size_t& room);
  Result<void> replaceFindings(const Comparison& comparison, WallTime now);
  Result<std::vector<PastRun>> runs();
};

Result<void> History::Impl::create(const std::string& site) {
  const std::string ours = fmt::format("PRAGMA application_id = {}", kOurs);
  if (Result<void> marked = file.run(ours.c_str()); !marked) return marked;
  if (Result<void> made = bringUp(0); !made) return made;
  return file.run("INSERT INTO site VALUES (?)", {std::string_view(site)});
}

// From `version` to the last.
Result<void> History::Impl::bringUp(std::int64_t version) {
  for (auto step = static_cast<std::size_t>(version); step < std::size(kSchema); ++step)
    for (const char* change : kSchema[step])
      if (Result<void> made = file.run(change); !made) return made;
  const std::string now = fmt::format("PRAGMA user_version = {}", kVersion);
  return file.run(now.c_str());
}

Result<void> History::Impl::prepare(const std::string& site) {
  const Result<std::int64_t> mark = file.number("PRAGMA application_id");
  if (!mark) return mark.error();
  const Result<std::int64_t> version = file.number("PRAGMA user_version");
  if (!version) return version.error();
  const Result<std::int64_t> tables = file.number("SELECT count(*) FROM sqlite_master");
  if (!tables) return tables.error();
  if (*tables == 0 && *mark == 0) return create(site);
  if (*mark != kOurs) return invalidArgument("it is another program's: name another file");
  if (*version > kVersion)
    return invalidArgument("a newer Rollcall wrote it: name another file, or use that one");
  std::string known;
  Result<void> asked =
      file.run("SELECT url FROM site", {}, [&](const SqliteRow& row) { known = row.text(0); });
  if (!asked) return asked;
  if (known != site)
    return invalidArgument(fmt::format("it belongs to {}: each site has a file of its own", known));
  return *version < kVersion ? bringUp(*version) : Result<void>();
}

Result<std::vector<PastFinding>> History::Impl::findings() {
  std::vector<PastFinding> findings;
  Result<void> asked = file.run(
      "SELECT check_name, code, pod, resource, severity, title, message, since, seen"
      " FROM findings ORDER BY check_name, code, pod, resource",
      {}, [&](const SqliteRow& row) { findings.push_back(findingOf(row)); });
  if (!asked) return asked.error();
  return findings;
}

Result<void> History::Impl::keep(const std::vector<PastFinding>& findings, std::size_t& room) {
  for (const PastFinding& one : findings) {
    if (room == 0) return {};
    --room;
    Result<void> kept =
        file.run("INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 {std::string_view(one.check), std::string_view(one.code),
                  std::string_view(one.pod), std::string_view(one.resource),
                  std::string_view(one.severity), cutText(one.title, kMostText),
                  cutText(one.message, kMostText), ms(one.since), ms(one.seen)});
    if (!kept) return kept;
  }
  return {};
}

Result<void> History::Impl::replaceFindings(const Comparison& comparison, WallTime now) {
  std::vector<PastFinding> unseen = comparison.unseen;
  std::erase_if(unseen, [&](const PastFinding& one) { return one.seen < now - kForget; });
  if (Result<void> emptied = file.run("DELETE FROM findings"); !emptied) return emptied;
  std::size_t room = kMostFindings;
  for (const auto& list : {comparison.lasting, comparison.began, unseen})
    if (Result<void> kept = keep(list, room); !kept) return kept;
  return {};
}

Result<void> History::Impl::keep(const PastRun& run) {
  const auto count = [](std::size_t number) { return static_cast<std::int64_t>(number); };
  const Propagation propagation = run.propagation.value_or(Propagation{});
  Result<void> kept =
      file.run("INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               {ms(run.started), std::int64_t{run.took.count()}, std::string_view(run.verdict),
                count(run.pods), count(run.critical), count(run.warning), count(run.info),
                count(run.gaps), count(propagation.posts), std::int64_t{propagation.median.count()},
                std::int64_t{propagation.p95.count()}, std::int64_t{propagation.slowest.count()}});
  if (!kept) return kept;
  return file.run("DELETE FROM runs WHERE id NOT IN (SELECT id FROM runs ORDER BY id DESC LIMIT ?)",
                  {count(kMostRuns)});
}

Result<std::vector<PastRun>> History::Impl::runs() {
  std::vector<PastRun> runs;
  Result<void> asked = file.run(
      "SELECT started, took, verdict, pods, critical, warning, info, gaps, propagated_posts,"
      " propagated_median, propagated_p95, propagated_slowest FROM runs ORDER BY id",
      {}, [&](const SqliteRow& row) { runs.push_back(runOf(row)); });
  if (!asked) return asked.error();
  return runs;
}

// What was measured since the last run; after that it is this run's.
Result<std::vector<std::chrono::milliseconds>> History::Impl::takePropagation() {
  std::vector<std::chrono::milliseconds> times;
  Result<void> asked = file.run("SELECT took FROM propagations", {}, [&](const SqliteRow& row) {
    times.push_back(span(row.number(0)));
  });
  if (asked) asked = file.run("DELETE FROM propagations");
  if (!asked) return asked.error();
  return times;
}

Result<void> History::Impl::keep(const std::vector<std::chrono::milliseconds>& propagation) {
  if (propagation.empty()) return {};
  for (const std::chrono::milliseconds took : propagation)
    if (Result<void> kept =
            file.run("INSERT INTO propagations VALUES (NULL, ?)", {std::int64_t{took.count()}});
        !kept)
      return kept;
  return file.run(
      "DELETE FROM propagations WHERE id NOT IN"
      " (SELECT id FROM propagations ORDER BY id DESC LIMIT ?)",
      {static_cast<std::int64_t>(kMostPropagations)});
}

Result<void> History::Impl::keepWatched(const std::vector<PastFinding>& findings) {
  if (Result<void> emptied = file.run("DELETE FROM watched_findings"); !emptied) return emptied;
  const std::size_t most = std::min(kMostFindings, findings.size());
  for (const PastFinding& one : std::span(findings).first(most)) {
    Result<void> kept = file.run(
        "INSERT OR REPLACE INTO watched_findings VALUES (?, ?, ?, ?, ?, ?)",
        {std::string_view(one.check), std::string_view(one.code), std::string_view(one.pod),
         std::string_view(one.resource), ms(one.since), ms(one.seen)});
    if (!kept) return kept;
  }
  return {};
}

Result<void> History::Impl::keep(const std::vector<PastEvent>& events) {
  if (Result<void> emptied = file.run("DELETE FROM watched_events"); !emptied) return emptied;
  for (const PastEvent& one : events)
    if (Result<void> kept =
            file.run("INSERT INTO watched_events VALUES (NULL, ?, ?, ?)",
                     {ms(one.at), std::string_view(one.tone), cutText(one.text, kMostText)});
        !kept)
      return kept;
  return {};
}

Result<void> History::Impl::keep(const std::vector<PastFailure>& failures) {
  if (Result<void> emptied = file.run("DELETE FROM watched_failures"); !emptied) return emptied;
  for (const PastFailure& one : failures) {
    // -1 stands for "goes on": no time is before 1970.
    Result<void> kept =
        file.run("INSERT INTO watched_failures VALUES (NULL, ?, ?, ?, ?, ?, nullif(?, -1))",
                 {std::string_view(one.code), std::string_view(one.check),
                  std::string_view(one.pod), static_cast<std::int64_t>(one.count), ms(one.began),
                  one.ended ? ms(*one.ended) : std::int64_t{-1}});
    if (!kept) return kept;
  }
  return {};
}

Result<void> History::Impl::readWatch(PastWatch& watch) {
  Result<void> asked = file.run(
      "SELECT check_name, code, pod, resource, since, seen FROM watched_findings"
      " ORDER BY check_name, code, pod, resource",
      {}, [&](const SqliteRow& row) {
        watch.findings.push_back({.check = row.text(0),
                                  .code = row.text(1),
                                  .pod = row.text(2),
                                  .resource = row.text(3),
                                  .since = wall(row.number(4)),
                                  .seen = wall(row.number(5))});
      });
  if (asked)
    asked = file.run(
        "SELECT at, tone, what FROM watched_events ORDER BY id", {}, [&](const SqliteRow& row) {
          watch.events.push_back(
              {wall(row.number(0)), row.text(1), std::string(cutText(row.text(2), kMostText))});
        });
  if (asked)
    asked = file.run(
        "SELECT code, check_name, pod, findings, began, ended FROM watched_failures ORDER BY id",
        {}, [&](const SqliteRow& row) { watch.failures.push_back(failureOf(row)); });
  return asked;
}

History::History(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
History::~History() = default;

Result<std::unique_ptr<History>> History::open(const std::string& path, const std::string& site) {
  const auto named = [&](Error error) {
    error.message = fmt::format("the state file {}: {}", path, error.message);
    return error;
  };
  Result<Sqlite> file = Sqlite::open(path);
  if (!file) return named(file.error());
  auto impl = std::make_unique<Impl>(Impl{std::move(*file)});
  if (Result<void> ready = impl->atOnce([&] { return impl->prepare(site); }); !ready)
    return named(ready.error());
  return std::unique_ptr<History>(new History(std::move(impl)));
}

Result<Chronicle> History::take(Report& report) {
  Chronicle chronicle;
  Result<void> taken = impl_->atOnce([&]() -> Result<void> {
    const Result<std::vector<PastFinding>> before = impl_->findings();
    if (!before) return before.error();
    chronicle.comparison = compare(*before, report);
    if (Result<void> kept = impl_->replaceFindings(chronicle.comparison, report.started); !kept)
      return kept;
    Result<std::vector<std::chrono::milliseconds>> times = impl_->takePropagation();
    if (!times) return times.error();
    for (const CheckRun& run : report.checks)
      std::ranges::copy(propagationTimes(run), std::back_inserter(*times));
    PastRun run = summaryOf(report);
    run.propagation = propagationOf(std::move(*times));
    if (Result<void> kept = impl_->keep(run); !kept) return kept;
    Result<std::vector<PastRun>> runs = impl_->runs();
    if (!runs) return runs.error();
    chronicle.runs = std::move(*runs);
    dateBack(report, *before);
    return {};
  });
  if (!taken) return taken.error();
  return chronicle;
}

Result<PastWatch> History::watch() {
  PastWatch watch;
  if (Result<void> read = impl_->atOnce([&] { return impl_->readWatch(watch); }); !read)
    return read.error();
  return watch;
}

Result<void> History::keep(const PastWatch& watch,
                           const std::vector<std::chrono::milliseconds>& propagation) {
  return impl_->atOnce([&]() -> Result<void> {
    if (Result<void> kept = impl_->keepWatched(watch.findings); !kept) return kept;
    if (Result<void> kept = impl_->keep(watch.events); !kept) return kept;
    if (Result<void> kept = impl_->keep(watch.failures); !kept) return kept;
    return impl_->keep(propagation);
  });
}

}  // namespace rollcall
