#include "daemon/state/history.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "daemon/state/sqlite.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kSite = "https://example.org";
const FindingDef kMissing{"RC201", Severity::kCritical, "missing", "", ""};

WallTime at(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

Finding missing(const std::string& id) {
  Finding finding;
  finding.def = &kMissing;
  finding.pod = "a";
  finding.resource = ResourceRef{"post", id, "", ""};
  finding.message = "a answers 404 for " + id;
  return finding;
}

Report report(std::int64_t seconds, const std::vector<std::string>& ids, bool looked = true) {
  CheckRun run;
  run.check = "posts";
  run.started = at(seconds);
  for (const std::string& id : ids) run.outcome.findings.push_back(missing(id));
  if (!looked) run.outcome.gaps = {{"", "the database", {}}};
  Topology topology;
  topology.pods.push_back(Pod{.name = "a"});
  Report made = makeReport({}, topology, {std::move(run)});
  made.started = at(seconds);
  return made;
}

std::vector<std::string> resources(const std::vector<PastFinding>& findings) {
  std::vector<std::string> names;
  for (const PastFinding& one : findings) names.push_back(one.resource);
  return names;
}

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = (folder_ / "state.db").string();
  }
  ~HistoryTest() override { std::filesystem::remove_all(folder_); }

  // Each time in a new process' manner: opened, used, closed.
  Chronicle take(Report report) {
    auto history = History::open(path_, kSite);
    EXPECT_TRUE(history) << history.error().message;
    Result<Chronicle> chronicle = (*history)->take(report);
    EXPECT_TRUE(chronicle) << chronicle.error().message;
    return *chronicle;
  }
  std::string refusal(const std::string& site = kSite) const {
    const auto history = History::open(path_, site);
    return history ? "none" : history.error().message;
  }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(HistoryTest, theFileIsItsOwnersAlone) {
  const mode_t before = ::umask(0);
  EXPECT_TRUE(History::open(path_, kSite));
  ::umask(before);
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path_).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(HistoryTest, TheFirstRunBeginsEverything) {
  const Chronicle got = take(report(100, {"1", "2"}));
  EXPECT_THAT(resources(got.comparison.began), ElementsAre("post:1", "post:2"));
  EXPECT_THAT(got.runs, SizeIs(1));
}

TEST_F(HistoryTest, TheNextRunTellsWhatBeganLastsAndEnded) {
  take(report(100, {"1", "2"}));
  const Chronicle got = take(report(200, {"2", "3"}));
  EXPECT_THAT(resources(got.comparison.began), ElementsAre("post:3"));
  EXPECT_THAT(resources(got.comparison.lasting), ElementsAre("post:2"));
  EXPECT_THAT(resources(got.comparison.ended), ElementsAre("post:1"));
  ASSERT_THAT(got.runs, SizeIs(2));
  EXPECT_EQ(got.runs[0].critical, 2u);
  EXPECT_EQ(got.runs[1].started, at(200));
}

TEST_F(HistoryTest, TheLastRunIsTheLastThoughTheClockWasSetBack) {
  take(report(500, {"1"}));
  const Chronicle got = take(report(400, {"1"}));
  ASSERT_THAT(got.runs, SizeIs(2));
  EXPECT_EQ(got.runs.back().started, at(400));
  EXPECT_EQ(got.before(), at(500));
}

TEST_F(HistoryTest, ARunThatCouldNotLookForgetsNothing) {
  take(report(100, {"1"}));
  const Chronicle blind = take(report(200, {}, false));
  EXPECT_THAT(resources(blind.comparison.unseen), ElementsAre("post:1"));
  const Chronicle got = take(report(300, {"1"}));
  ASSERT_THAT(resources(got.comparison.lasting), ElementsAre("post:1"));
  EXPECT_EQ(got.comparison.lasting[0].since, at(100));
}

TEST_F(HistoryTest, WhatCouldNotBeLookedAtForAMonthIsForgotten) {
  constexpr std::int64_t kMonth = 30 * 24 * 3'600;
  take(report(100, {"1"}));
  take(report(200 + kMonth, {}, false));
  const Chronicle got = take(report(300 + kMonth, {}, false));
  EXPECT_THAT(got.comparison.unseen, IsEmpty());
}

TEST_F(HistoryTest, TheReportSaysSinceWhenAcrossRuns) {
  take(report(100, {"1"}));
  auto history = History::open(path_, kSite);
  ASSERT_TRUE(history);
  Report now = report(900, {"1"});
  ASSERT_TRUE((*history)->take(now));
  EXPECT_EQ(now.checks[0].outcome.findings[0].since, at(100));
}

TEST_F(HistoryTest, RunsAndTextsAreBounded) {
  Report large = report(1, {"1"});
  large.checks[0].outcome.findings[0].message = std::string(999, 'x') + "\xc3\xa9 and more";
  take(std::move(large));
  auto history = History::open(path_, kSite);
  ASSERT_TRUE(history);
  std::size_t runs = 0;
  for (std::size_t i = 2; i < History::kMostRuns + 10; ++i) {
    Report one = report(static_cast<std::int64_t>(i), {});
    one.checks[0].error = Error{};
    Result<Chronicle> chronicle = (*history)->take(one);
    ASSERT_TRUE(chronicle);
    runs = chronicle->runs.size();
    if (i == 2) {
      EXPECT_EQ(chronicle->comparison.unseen.at(0).message, std::string(999, 'x'));
    }
  }
  EXPECT_EQ(runs, History::kMostRuns);
}

TEST_F(HistoryTest, AnotherSitesFileIsRefused) {
  take(report(100, {}));
  EXPECT_THAT(refusal("https://other.org"), HasSubstr("belongs to https://example.org"));
}

TEST_F(HistoryTest, AnotherProgramsFileIsRefusedAndLeftAlone) {
  Result<Sqlite> file = Sqlite::open(path_);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->run("CREATE TABLE theirs (x)"));
  EXPECT_THAT(refusal(), HasSubstr("another program's"));
  EXPECT_EQ(*file->number("SELECT count(*) FROM sqlite_master"), 1);
}

TEST_F(HistoryTest, AFileOfANewerVersionIsRefused) {
  take(report(100, {}));
  ASSERT_TRUE(Sqlite::open(path_)->run("PRAGMA user_version = 99"));
  EXPECT_THAT(refusal(), HasSubstr("a newer Rollcall wrote it"));
}

// As version 1 of the schema made it.
TEST_F(HistoryTest, AFileOfTheVersionBeforeIsBroughtUp) {
  {
    Result<Sqlite> file = Sqlite::open(path_);
    ASSERT_TRUE(file);
    for (const char* sql :
         {"CREATE TABLE site (url TEXT NOT NULL)",
          "CREATE TABLE runs (id INTEGER PRIMARY KEY, started INTEGER NOT NULL, took INTEGER NOT "
          "NULL, verdict TEXT NOT NULL, pods INTEGER NOT NULL, critical INTEGER NOT NULL, warning "
          "INTEGER NOT NULL, info INTEGER NOT NULL, gaps INTEGER NOT NULL)",
          "CREATE TABLE findings (check_name TEXT NOT NULL, code TEXT NOT NULL, pod TEXT NOT NULL,"
          " resource TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL, message TEXT NOT "
          "NULL, since INTEGER NOT NULL, seen INTEGER NOT NULL,"
          " PRIMARY KEY (check_name, code, pod, resource))",
          "INSERT INTO site VALUES ('https://example.org')",
          "INSERT INTO runs VALUES (NULL, 100000, 5, 'fail', 1, 1, 0, 0, 0)",
          "INSERT INTO findings VALUES ('posts', 'RC201', 'a', 'post:1', 'critical', 'missing',"
          " 'a answers 404 for 1', 100000, 100000)",
          "PRAGMA application_id = 1383033964", "PRAGMA user_version = 1"})
      ASSERT_TRUE(file->run(sql)) << sql;
  }
  const Chronicle got = take(report(200, {"1"}));
  ASSERT_THAT(resources(got.comparison.lasting), ElementsAre("post:1"));
  EXPECT_EQ(got.comparison.lasting[0].since, at(100));
  ASSERT_THAT(got.runs, SizeIs(2));
  EXPECT_EQ(got.runs[0].verdict, "fail");
  EXPECT_EQ(got.runs[0].propagation, std::nullopt);
  const auto history = History::open(path_, kSite);
  ASSERT_TRUE(history);
  EXPECT_THAT((*history)->watch()->findings, IsEmpty());
}

TEST_F(HistoryTest, WhatADaemonKeepsIsBounded) {
  auto history = History::open(path_, kSite);
  ASSERT_TRUE(history);
  const std::vector<std::chrono::milliseconds> many(History::kMostPropagations,
                                                    std::chrono::milliseconds(7));
  PastWatch watch{{}, {{at(1), "info", std::string(5'000, 'x')}}, {}};
  for (std::size_t i = 0; i < History::kMostFindings + 5; ++i)
    watch.findings.push_back({.check = "posts", .code = "RC201", .resource = std::to_string(i)});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE((*history)->keep(watch, many));
  const Result<PastWatch> kept = (*history)->watch();
  ASSERT_TRUE(kept);
  EXPECT_THAT(kept->findings, SizeIs(History::kMostFindings));
  EXPECT_THAT(kept->events.at(0).text, testing::SizeIs(History::kMostText));
  Report now = report(2, {});
  EXPECT_EQ((*history)->take(now)->runs.back().propagation->posts, History::kMostPropagations);
}

TEST_F(HistoryTest, WhatIsNoDatabaseIsNamed) {
  std::ofstream(path_) << "this is a text file, and long enough to be taken for a header of one.\n"
                       << std::string(1'000, 'x');
  EXPECT_THAT(refusal(), HasSubstr(path_));
  EXPECT_THAT(refusal(), HasSubstr("not a database"));
}

TEST_F(HistoryTest, AFolderThatIsMissingIsNamed) {
  path_ = (folder_ / "none" / "state.db").string();
  EXPECT_THAT(refusal(), HasSubstr("unable to open"));
}

// A run that is killed at any moment leaves the file as it was before it or after it.
TEST_F(HistoryTest, AKilledRunLeavesAWholeFile) {
  take(report(1, {"1"}));
  for (int i = 0; i < 20; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto history = History::open(path_, kSite);
      for (std::int64_t second = 2;; ++second) {
        Report one = report(second, {"1", "2", "3"});
        (void)(*history)->take(one);
      }
    }
    const SystemClock clock;
    clock.sleepUntil(clock.mono() + std::chrono::milliseconds(5 * i), {});
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const Chronicle got = take(report(1'000'000 + i, {"1"}));
    EXPECT_THAT(resources(got.comparison.lasting), ElementsAre("post:1"));
  }
}

}  // namespace
}  // namespace rollcall
