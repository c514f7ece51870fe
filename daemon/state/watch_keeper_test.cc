#include "daemon/state/watch_keeper.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/state/history.h"
#include "daemon/state/sqlite.h"
#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using namespace testing_support;
using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kSite = "https://example.org";

std::unique_ptr<Check> noCheck(const Params&) {
  return nullptr;
}
const CheckSpec kPosts{.name = "posts",
                       .summary = "",
                       .needs = {},
                       .interval = {},
                       .timeout = {},
                       .onChange = false,
                       .findings = {kSampleMissing},
                       .params = {},
                       .make = noCheck};

// Posts of which pod-2 lacks those in `ids`, looked for at `second`.
Report missing(int second, const std::vector<std::string>& ids, std::vector<Gap> gaps = {},
               int began = 0) {
  CheckRun run;
  run.check = "posts";
  run.started = sampleTime(second);
  for (const std::string& id : ids) {
    run.outcome.findings.push_back(sampleMissing("pod-2", "story-" + id, id));
    run.outcome.findings.back().since = sampleTime(began);
  }
  run.outcome.gaps = std::move(gaps);
  run.verdict = judge(run.outcome, run.error);
  Report report = makeReport(sampleSite(), sampleTopology(2), {std::move(run)});
  report.started = sampleTime(second);
  return report;
}

TEST(WatchMemory, KnowsWhatIsThereAndWhatCouldNotBeLookedAt) {
  struct Row {
    const char* name;
    Report next;
    bool changed;
    std::size_t known;
  };
  const Gap gap{"pod-2", "the pod", {}};
  const Row table[] = {{"still there", missing(10, {"1"}), false, 1},
                       {"over", missing(10, {}), true, 0},
                       {"not looked at", missing(10, {}, {gap}), false, 1},
                       {"one more", missing(10, {"1", "2"}), true, 2},
                       {"after a month", missing(31 * 86'400, {}, {gap}), true, 0}};
  for (const Row& row : table) {
    WatchMemory memory;
    EXPECT_TRUE(memory.take(missing(0, {"1"}))) << row.name;
    EXPECT_EQ(memory.take(row.next), row.changed) << row.name;
    EXPECT_THAT(memory.findings(), SizeIs(row.known)) << row.name;
  }
}

TEST(WatchMemory, KeepsNoTextThatCouldNameASlug) {
  WatchMemory memory;
  memory.take(missing(0, {"1"}));
  EXPECT_EQ(memory.findings().at(0).message, "");
  EXPECT_EQ(memory.findings().at(0).resource, "post:1");
}

// A store that does what a test says; several threads.
class FakeStore final : public WatchStore {
 public:
  Result<PastWatch> open() override {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !hangs; });
    if (refuses) return *refuses;
    return PastWatch{};
  }
  Result<void> keep(const PastWatch& watch, const std::vector<milliseconds>& propagation) override {
    std::unique_lock lock(mutex);
    ++tries;
    changed.notify_all();
    changed.wait(lock, [&] { return !hangs; });
    if (fails) return *fails;
    kept.push_back(watch);
    measured.insert(measured.end(), propagation.begin(), propagation.end());
    changed.notify_all();
    return {};
  }

  void set(bool hanging, std::optional<Error> failing = {}) {
    std::lock_guard lock(mutex);
    hangs = hanging;
    fails = std::move(failing);
    changed.notify_all();
  }
  template <class Condition>
  void await(Condition condition) {
    std::unique_lock lock(mutex);
    changed.wait(lock, condition);
  }

  std::mutex mutex;
  std::condition_variable changed;
  bool hangs = false;
  std::optional<Error> refuses;
  std::optional<Error> fails;
  int tries = 0;
  std::vector<PastWatch> kept;
  std::vector<milliseconds> measured;
};

class WatchKeeperTest : public testing::Test {
 protected:
  WatchKeeperTest() : journal_(makeJournal(LogStyle::kText, log_)) {
    auto store = std::make_unique<FakeStore>();
    store_ = store.get();
    keeper_ = std::make_unique<WatchKeeper>(
        clock_, std::move(store), [this] { return board_.board()->timeline; }, *journal_);
  }
  ~WatchKeeperTest() override {
    store_->set(false);
    keeper_->stop();
  }

  void publish(const Report& report, const std::vector<double>& propagation = {}) {
    Report now = report;
    now.checks[0].outcome.tally.propagationSeconds = propagation;
    const auto shared = std::make_shared<const Report>(std::move(now));
    board_.publish(shared, &shared->checks[0]);
    keeper_->publish(shared, &shared->checks[0]);
  }
  void passTimeUntil(const std::function<bool()>& condition) {
    for (;; clock_.advance(std::chrono::seconds(1)), std::this_thread::yield()) {
      std::lock_guard lock(store_->mutex);
      if (condition()) return;
    }
  }
  std::size_t lines() const {
    const std::string text = log_.str();
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  ManualClock clock_{sampleTime()};
  std::ostringstream log_;
  std::unique_ptr<Journal> journal_;
  StatusBoard board_;
  FakeStore* store_ = nullptr;
  std::unique_ptr<WatchKeeper> keeper_;
};

TEST_F(WatchKeeperTest, KeepsTheNewestPictureAndEveryMeasurement) {
  ASSERT_TRUE(keeper_->start({}));
  store_->set(true);
  publish(missing(0, {"1"}), {0.5});
  store_->await([&] { return store_->tries == 1; });
  publish(missing(1, {"1", "2"}), {1.5});
  publish(missing(2, {"3"}), {2.5});
  store_->set(false);
  keeper_->stop();
  ASSERT_THAT(store_->kept, SizeIs(2));
  ASSERT_THAT(store_->kept[1].findings, SizeIs(1));
  EXPECT_EQ(store_->kept[1].findings[0].resource, "post:3");
  EXPECT_THAT(store_->kept[1].failures, SizeIs(1));
  EXPECT_THAT(store_->measured,
              ElementsAre(milliseconds(500), milliseconds(1'500), milliseconds(2'500)));
}

TEST_F(WatchKeeperTest, WhatDidNotChangeIsNotWrittenAgainForAnHour) {
  ASSERT_TRUE(keeper_->start({}));
  publish(missing(0, {"1"}));
  store_->await([&] { return store_->kept.size() == 1; });
  clock_.advance(std::chrono::minutes(59));
  publish(missing(3'540, {"1"}));
  clock_.advance(std::chrono::minutes(1));
  publish(missing(3'600, {"1"}));
  keeper_->stop();
  ASSERT_THAT(store_->kept, SizeIs(2));
  EXPECT_EQ(store_->kept[1].findings[0].seen, sampleTime(3'600));
}

TEST_F(WatchKeeperTest, ADiskThatHangsWhileWritingDelaysNoReport) {
  ASSERT_TRUE(keeper_->start({}));
  store_->set(true);
  for (int i = 0; i < 1'000; ++i) publish(missing(i, {std::to_string(i)}));
  store_->await([&] { return store_->tries == 1; });
  EXPECT_EQ(store_->tries, 1);
}

TEST_F(WatchKeeperTest, AStoreThatCannotBeOpenedIsToldOnceAndLeftAlone) {
  store_->refuses = Error{ErrorCode::kProtocol, "the state file x: file is not a database"};
  EXPECT_FALSE(keeper_->start({}));
  publish(missing(0, {"1"}));
  keeper_->stop();
  EXPECT_EQ(store_->tries, 0);
  EXPECT_EQ(lines(), 1u);
  EXPECT_THAT(log_.str(), HasSubstr("the daemon goes on without it"));
  EXPECT_THAT(log_.str(), HasSubstr("file is not a database"));
}

TEST_F(WatchKeeperTest, AStoreThatHangsWhenOpenedIsGivenUpAndNeverOverwritten) {
  store_->hangs = true;
  std::atomic<bool> started = false;
  std::jthread time([&] { passTimeUntil([&] { return started.load(); }); });
  EXPECT_FALSE(keeper_->start({}));
  started = true;
  publish(missing(0, {"1"}));
  store_->set(false);
  keeper_->stop();
  EXPECT_EQ(store_->tries, 0);
  EXPECT_THAT(log_.str(), HasSubstr("did not answer within 3.0 s"));
}

TEST_F(WatchKeeperTest, AWriteThatFailsIsToldOnceAndTriedAgain) {
  ASSERT_TRUE(keeper_->start({}));
  store_->set(false, Error{ErrorCode::kUnavailable, "database or disk is full"});
  publish(missing(0, {"1"}), {0.5});
  passTimeUntil([this] { return store_->tries == 3; });
  store_->set(false);
  keeper_->stop();
  EXPECT_THAT(store_->measured, ElementsAre(milliseconds(500)));
  EXPECT_EQ(lines(), 2u) << log_.str();
  EXPECT_THAT(log_.str(), HasSubstr("database or disk is full"));
  EXPECT_THAT(log_.str(), HasSubstr("over: the history cannot be written"));
}

// The real file: what a daemon knew, the next one goes on with.
class FileStoreTest : public testing::Test {
 protected:
  FileStoreTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = (folder_ / "state.db").string();
  }
  ~FileStoreTest() override { std::filesystem::remove_all(folder_); }
  std::string refusal() const {
    const auto opened = makeFileStore(path_, kSite)->open();
    return opened ? "none" : opened.error().message;
  }

  std::filesystem::path folder_;
  std::string path_;
};

// One process of the daemon: takes the reports in and ends. What its timeline then is.
Timeline live(const std::string& path, const std::vector<Report>& reports) {
  const SystemClock clock;
  std::ostringstream log;
  const auto journal = makeJournal(LogStyle::kText, log);
  StatusBoard board;
  WatchKeeper keeper(
      clock, makeFileStore(path, kSite), [&] { return board.board()->timeline; }, *journal);
  const auto past = keeper.start({});
  EXPECT_TRUE(past) << log.str();
  const CheckRegistry registry({&kPosts});
  if (past) board.resume(*past, registry, {"posts"});
  for (const Report& report : reports) {
    const auto shared = std::make_shared<const Report>(report);
    board.publish(shared, &shared->checks[0]);
    keeper.publish(shared, &shared->checks[0]);
  }
  keeper.stop();
  return *board.board()->timeline;
}

std::vector<std::string> texts(const Timeline& timeline) {
  std::vector<std::string> all;
  for (const BoardEvent& one : timeline.events()) all.push_back(one.text);
  return all;
}

TEST_F(FileStoreTest, TheNextDaemonGoesOnWithTheTimeline) {
  const Timeline before = live(path_, {missing(0, {}), missing(10, {"1"}, {}, 10)});
  const Timeline after = live(path_, {missing(100, {"1"}, {}, 10), missing(110, {})});
  const std::vector<std::string> told = texts(after);
  EXPECT_THAT(std::vector(told.begin(), told.begin() + 4),
              testing::ElementsAreArray(texts(before)));
  EXPECT_EQ(told.at(4), "Rollcall was started again and goes on to watch 2 pods");
  EXPECT_THAT(told, Contains(HasSubstr("RC201 is over on pod-2 after 2 min")));
  EXPECT_EQ(std::ranges::count_if(
                told, [](const std::string& one) { return one.starts_with("RC201 began"); }),
            1);
  ASSERT_THAT(after.failures(), SizeIs(1));
  EXPECT_EQ(after.failures()[0].began, sampleTime(10));
  EXPECT_EQ(after.failures()[0].ended, sampleTime(110));
}

TEST_F(FileStoreTest, WhatASwitchedOffCheckFoundEndedWhenItWasLastSeen) {
  live(path_, {missing(10, {"1"})});
  const auto past = makeFileStore(path_, kSite)->open();
  ASSERT_TRUE(past);
  Timeline timeline;
  timeline.resume(*past, CheckRegistry({&kPosts}), {});
  ASSERT_THAT(timeline.failures(), SizeIs(1));
  EXPECT_EQ(timeline.failures()[0].ended, sampleTime(10));
}

TEST_F(FileStoreTest, WhatIsOfACodeThatIsNoMoreIsLeftOut) {
  live(path_, {missing(10, {"1"})});
  const auto past = makeFileStore(path_, kSite)->open();
  ASSERT_TRUE(past);
  Timeline timeline;
  timeline.resume(*past, CheckRegistry({}), {"posts"});
  EXPECT_THAT(timeline.failures(), IsEmpty());
  EXPECT_THAT(timeline.events(), Not(IsEmpty()));
}

TEST_F(FileStoreTest, ASecondDaemonIsRefusedWhileTheFirstLives) {
  auto first = makeFileStore(path_, kSite);
  ASSERT_TRUE(first->open());
  EXPECT_THAT(refusal(), HasSubstr("another daemon of Rollcall keeps its history there"));
  first.reset();
  EXPECT_EQ(refusal(), "none");
}

TEST_F(FileStoreTest, ADamagedFileIsNamedAndLeftAsItIs) {
  live(path_, {missing(10, {"1"})});
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file << std::string(4'000, 'x');
  }
  EXPECT_THAT(refusal(), HasSubstr("the state file " + path_ + ": "));
  EXPECT_THAT(refusal(), HasSubstr("malformed"));
}

TEST_F(FileStoreTest, ADamagedRowIsNotInvented) {
  live(path_, {missing(10, {"1"})});
  ASSERT_TRUE(Sqlite::open(path_)->run("UPDATE watched_events SET tone = '<script>'"));
  const auto past = makeFileStore(path_, kSite)->open();
  ASSERT_TRUE(past);
  Timeline timeline;
  timeline.resume(*past, CheckRegistry({&kPosts}), {"posts"});
  EXPECT_THAT(timeline.events(), IsEmpty());
}

TEST_F(FileStoreTest, ATimeThatCannotBeIsBroughtIntoReach) {
  live(path_, {missing(10, {"1"})});
  Result<Sqlite> file = Sqlite::open(path_);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->run("UPDATE watched_findings SET since = 9223372036854775807"));
  ASSERT_TRUE(file->run("UPDATE watched_events SET at = -9223372036854775807"));
  const auto past = makeFileStore(path_, kSite)->open();
  ASSERT_TRUE(past);
  EXPECT_EQ(past->findings.at(0).since, WallTime(milliseconds(7'258'118'400'000)));
  EXPECT_EQ(past->events.at(0).at, WallTime());
  EXPECT_THAT(texts(live(path_, {missing(20, {})})), Contains(HasSubstr("RC201 is over")));
}

TEST_F(FileStoreTest, ATextThatIsTooLongIsCut) {
  live(path_, {missing(10, {"1"})});
  Result<Sqlite> file = Sqlite::open(path_);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->run("UPDATE watched_events SET what = replace(hex(zeroblob(5000)), '0', 'x')"));
  const auto past = makeFileStore(path_, kSite)->open();
  ASSERT_TRUE(past);
  EXPECT_EQ(past->events.at(0).text, std::string(History::kMostText, 'x'));
}

TEST_F(FileStoreTest, AReportTakesOverWhatTheDaemonMeasuredAndDisturbsNothing) {
  Report seen = missing(10, {"1"});
  for (int i = 1; i <= 100; ++i) seen.checks[0].outcome.tally.propagationSeconds.push_back(i);
  live(path_, {seen});
  for (const bool first : {true, false}) {
    auto history = History::open(path_, kSite);
    ASSERT_TRUE(history);
    Report report = missing(20, {"1"});
    const Result<Chronicle> chronicle = (*history)->take(report);
    ASSERT_TRUE(chronicle) << chronicle.error().message;
    // The daemon's findings are not the last report's.
    EXPECT_THAT(chronicle->comparison.began, SizeIs(first ? 1 : 0));
    const std::optional<Propagation> got = chronicle->runs.back().propagation;
    ASSERT_EQ(got.has_value(), first);
    if (!first) continue;
    EXPECT_EQ(*got, (Propagation{100, std::chrono::seconds(50), std::chrono::seconds(95),
                                 std::chrono::seconds(100)}));
  }
  EXPECT_THAT(makeFileStore(path_, kSite)->open()->findings, SizeIs(1));
}

}  // namespace
}  // namespace rollcall
