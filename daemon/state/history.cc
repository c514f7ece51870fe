#include "daemon/state/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/core/cut_text.h"
#include "daemon/state/sqlite.h"

namespace rollcall {
namespace {

constexpr std::int64_t kOurs = 0x526f6c6c;  // "Roll": tells our files from others'
constexpr std::int64_t kVersion = 1;

constexpr const char* kTables[] = {
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

std::int64_t ms(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime wall(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
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
  return {.started = wall(row.number(0)),
          .took = std::chrono::milliseconds(row.number(1)),
          .verdict = row.text(2),
          .pods = count(3),
          .critical = count(4),
          .warning = count(5),
          .info = count(6),
          .gaps = count(7)};
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
  Result<std::vector<PastFinding>> findings();
  Result<void> keep(const PastRun& run);
  Result<void> keep(const std::vector<PastFinding>& findings, std::size_t& room);
  Result<void> replaceFindings(const Comparison& comparison, WallTime now);
  Result<std::vector<PastRun>> runs();
};

Result<void> History::Impl::create(const std::string& site) {
  for (const char* table : kTables)
    if (Result<void> made = file.run(table); !made) return made;
  if (Result<void> named = file.run("INSERT INTO site VALUES (?)", {std::string_view(site)});
      !named)
    return named;
  const std::string ours = fmt::format("PRAGMA application_id = {}", kOurs);
  if (Result<void> marked = file.run(ours.c_str()); !marked) return marked;
  const std::string version = fmt::format("PRAGMA user_version = {}", kVersion);
  return file.run(version.c_str());
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
  return {};
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
  Result<void> kept = file.run(
      "INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
      {ms(run.started), std::int64_t{run.took.count()}, std::string_view(run.verdict),
       count(run.pods), count(run.critical), count(run.warning), count(run.info), count(run.gaps)});
  if (!kept) return kept;
  return file.run("DELETE FROM runs WHERE id NOT IN (SELECT id FROM runs ORDER BY id DESC LIMIT ?)",
                  {count(kMostRuns)});
}

Result<std::vector<PastRun>> History::Impl::runs() {
  std::vector<PastRun> runs;
  Result<void> asked = file.run(
      "SELECT started, took, verdict, pods, critical, warning, info, gaps FROM runs"
      " ORDER BY id",
      {}, [&](const SqliteRow& row) { runs.push_back(runOf(row)); });
  if (!asked) return asked.error();
  return runs;
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
    if (Result<void> kept = impl_->keep(summaryOf(report)); !kept) return kept;
    Result<std::vector<PastRun>> runs = impl_->runs();
    if (!runs) return runs.error();
    chronicle.runs = std::move(*runs);
    dateBack(report, *before);
    return {};
  });
  if (!taken) return taken.error();
  return chronicle;
}

}  // namespace rollcall
