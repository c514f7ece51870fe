#include "daemon/run/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "daemon/run/test_checks.h"

namespace rollcall {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing_support::configFor;
using testing_support::critical;
using testing_support::FakePodClient;
using testing_support::FakePodSource;
using testing_support::find;
using testing_support::podsNamed;
using testing_support::scripts;
using testing_support::specFor;

constexpr auto kPatience = seconds(20);  // real time, only ever used up by a failing test

struct Published {
  std::shared_ptr<const Report> report;
  std::optional<std::string> latest;  // the check's name
};

class RecordingSink final : public Sink {
 public:
  void publish(const std::shared_ptr<const Report>& report,
               const CheckRun* latest) noexcept override {
    std::lock_guard lock(mutex_);
    heard_.push_back({report, latest ? std::optional(latest->check) : std::nullopt});
    news_.notify_all();
  }
  // The first publication from number `from` on that is `wanted`; null when none came.
  std::shared_ptr<const Report> waitFor(const std::function<bool(const Published&)>& wanted,
                                        std::size_t from = 0) {
    std::unique_lock lock(mutex_);
    std::shared_ptr<const Report> found;
    news_.wait_for(lock, kPatience, [&] { return (found = search(wanted, from)) != nullptr; });
    return found;
  }
  // The same without waiting.
  std::shared_ptr<const Report> find(const std::function<bool(const Published&)>& wanted,
                                     std::size_t from) const {
    std::lock_guard lock(mutex_);
    return search(wanted, from);
  }
  std::size_t count() const {
    std::lock_guard lock(mutex_);
    return heard_.size();
  }

 private:
  std::shared_ptr<const Report> search(const std::function<bool(const Published&)>& wanted,
                                       std::size_t from) const {
    for (std::size_t i = from; i < heard_.size(); ++i)
      if (wanted(heard_[i])) return heard_[i].report;
    return nullptr;
  }

  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::vector<Published> heard_;
};

// What the poller's and the checks' sources answer; shared by all of them.
struct Database {
  std::mutex mutex;
  ChangeMark mark;
  std::optional<Error> error;
  std::atomic<int> asked = 0;

  void change() {
    std::lock_guard lock(mutex);
    ++mark.count;
  }
  void fail(std::optional<Error> with) {
    std::lock_guard lock(mutex);
    error = std::move(with);
  }
};

class SharedSource final : public ContentSource {
 public:
  explicit SharedSource(Database& database) : database_(database) {}
  Result<SharedContent> load(Deadline, std::stop_token) override {
    Content content;
    content.settings.title = "My Site";
    return std::make_shared<const Content>(std::move(content));
  }
  Result<ChangeMark> mark(Deadline, std::stop_token) override {
    std::lock_guard lock(database_.mutex);
    ++database_.asked;
    if (database_.error) return *database_.error;
    return database_.mark;
  }
  Result<std::map<std::string, EntryState>> states(ResourceType, const std::vector<std::string>&,
                                                   Deadline, std::stop_token) override {
    return std::map<std::string, EntryState>{};
  }
  Result<std::optional<std::string>> contentApiKey(Deadline, std::stop_token) override {
    return std::optional<std::string>{};
  }
  Result<std::vector<Row>> rows(const std::string&, Deadline, std::stop_token) override {
    return std::vector<Row>{};
  }

 private:
  Database& database_;
};

// Tells of a touch when a test says so.
class FakeChanges final : public ChangeFeed {
 public:
  void follow(const std::function<void()>& touched, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    while (told_.wait(lock, stop, [this] { return touch_; })) {
      touch_ = false;
      touched();
    }
  }
  bool up() const override { return true; }
  void touch() {
    {
      std::lock_guard lock(mutex_);
      touch_ = true;
    }
    told_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any told_;
  bool touch_ = false;
};

// Holds runs up until it is opened or they are told to stop.
class Gate {
 public:
  void pass(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    ++waiting_;
    opened_.wait(lock, stop, [this] { return open_; });
  }
  void open() {
    {
      std::lock_guard lock(mutex_);
      open_ = true;
    }
    opened_.notify_all();
  }
  int waiting() {
    std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any opened_;
  bool open_ = false;
  int waiting_ = 0;
};

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    services_.clock = &clock_;
    auto pods = std::make_unique<FakePodSource>(podsNamed({"a", "b"}));
    podSource_ = pods.get();
    services_.podSource = std::move(pods);
    services_.pods = std::make_unique<FakePodClient>();
    two_.onChange = true;
    scripts()["one"] = count(one_runs_, Outcome{});
    scripts()["two"] = count(two_runs_, Outcome{});
  }
  ~EngineTest() override { stop(); }

  // A check that counts its runs by trigger, reaches every pod and says `outcome`.
  struct Runs {
    std::atomic<int> interval = 0;
    std::atomic<int> change = 0;
  };
  static testing_support::ScriptedCheck::Script count(Runs& runs, Outcome outcome) {
    return [&runs, outcome](const CheckContext& context) -> Result<Outcome> {
      ++(context.trigger == Trigger::kChange ? runs.change : runs.interval);
      Outcome said = outcome;
      for (const Pod& pod : context.topology.pods) said.tally.pods[pod.name].reachable = true;
      return said;
    };
  }
  static Outcome saying(const FindingDef& def, const std::string& pod) {
    Outcome outcome;
    outcome.findings = {find(def, pod)};
    return outcome;
  }

  void useDatabase() {
    services_.contentSource = [this] { return std::make_unique<SharedSource>(database_); };
  }
  void start() {
    make();
    run();
  }
  void make() {
    config_ = configFor({&one_, &two_});
    engine_ = std::make_unique<Engine>(registry_, config_, services_, std::vector<Sink*>{&sink_});
  }
  void run() {
    thread_ = std::jthread([this](std::stop_token token) { engine_->run(token); });
  }
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  // Past the spread of the first runs, and until both checks have run.
  void startAndRunOnce() {
    start();
    clock_.advance(seconds(2));
    ASSERT_TRUE(sink_.waitFor([](const Published& one) { return one.report->checks.size() == 2; }));
  }
  // Waits for a run of `check` that begins after this call.
  std::shared_ptr<const Report> nextRunOf(const std::string& check, std::size_t from) {
    return sink_.waitFor([&](const Published& one) { return one.latest == check; }, from);
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }

  // Threads may begin their rest after the clock was moved: it is moved until they were seen.
  template <class Condition>
  bool advanceUntil(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      clock_.advance(milliseconds(100));
      std::this_thread::yield();
    }
    return true;
  }
  // The report after the clock was moved until one that is `wanted` was published.
  std::shared_ptr<const Report> advanceUntilReport(const std::function<bool(const Report&)>& wanted,
                                                   std::size_t from = 0) {
    std::shared_ptr<const Report> found;
    advanceUntil([&] {
      found = sink_.find([&](const Published& one) { return wanted(*one.report); }, from);
      return found != nullptr;
    });
    return found;
  }

  CheckSpec one_ = specFor("one");
  CheckSpec two_ = specFor("two");
  CheckRegistry registry_{{&one_, &two_}};
  Config config_;
  ManualClock clock_{WallTime(seconds(1'000))};
  Services services_;
  FakePodSource* podSource_ = nullptr;
  Database database_;
  Runs one_runs_, two_runs_;
  Gate gate_;
  RecordingSink sink_;
  std::unique_ptr<Engine> engine_;
  std::jthread thread_;
};

TEST_F(EngineTest, BeforeTheFirstRunHasEndedThereIsNoReport) {
  for (const char* check : {"one", "two"})
    scripts()[check] = [this](const CheckContext& context) -> Result<Outcome> {
      gate_.pass(context.stop);
      return Outcome{};
    };
  start();
  ASSERT_TRUE(eventually([&] { return gate_.waiting() == 2; }));
  EXPECT_EQ(engine_->report(), nullptr);
  EXPECT_FALSE(engine_->ready());
  gate_.open();
  EXPECT_TRUE(eventually([&] { return engine_->ready(); }));
  EXPECT_NE(engine_->report(), nullptr);
}

TEST_F(EngineTest, EveryCheckRunsAndIsPublished) {
  scripts()["one"] = count(one_runs_, saying(critical(), "b"));
  startAndRunOnce();
  const auto report = engine_->report();
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->verdict, Verdict::kFail);
  EXPECT_EQ(report->pods.at(0).verdict, Verdict::kPass);
  EXPECT_EQ(report->pods.at(1).verdict, Verdict::kFail);
  EXPECT_TRUE(report->checks.at(0).outcome.findings.at(0).since);
  EXPECT_TRUE(engine_->ready());
  EXPECT_FALSE(report->databaseUp);
}

TEST_F(EngineTest, WhatOnlyTheLeaderDoesBeginsAndEndsWithTheLead) {
  class Seat final : public Leadership {
   public:
    bool leads() const override { return taken; }
    std::atomic<bool> taken = false;
  };
  auto made = std::make_unique<Seat>();
  Seat& seat = *made;
  services_.leadership = std::move(made);
  one_.needs = {Need::kLead};
  one_.interval = two_.interval = std::chrono::hours(1);
  scripts()["two"] = [](const CheckContext& context) -> Result<Outcome> {
    Outcome said;
    said.notes = {context.leads ? "leads" : "follows"};
    return said;
  };
  startAndRunOnce();
  EXPECT_EQ(one_runs_.interval, 0);
  EXPECT_EQ(engine_->report()->leads, false);
  EXPECT_EQ(engine_->report()->checks.at(1).outcome.notes.at(0), "follows");

  std::size_t from = sink_.count();
  seat.taken = true;
  auto report = advanceUntilReport(
      [](const Report& one) { return one.checks.at(0).verdict == Verdict::kPass; }, from);
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->leads, true);
  from = sink_.count();
  seat.taken = false;
  report = advanceUntilReport(
      [](const Report& one) { return one.checks.at(0).outcome.notApplicable.has_value(); }, from);
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->leads, false);
  EXPECT_EQ(one_runs_.interval, 1);
  EXPECT_LT(clock_.mono(), MonoTime(std::chrono::minutes(30))) << "it does not wait for its rhythm";
}

TEST_F(EngineTest, WithoutAnElectionItLeadsAndSaysNothingOfIt) {
  one_.needs = {Need::kLead};
  startAndRunOnce();
  EXPECT_EQ(one_runs_.interval, 1);
  EXPECT_FALSE(engine_->report()->leads);
}

TEST_F(EngineTest, AReportIsPublishedWhileOtherChecksStillRun) {
  scripts()["one"] = [this](const CheckContext& context) -> Result<Outcome> {
    gate_.pass(context.stop);
    return Outcome{};
  };
  start();
  clock_.advance(seconds(2));
  const auto report = nextRunOf("two", 0);
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->checks.size(), 1u);
  EXPECT_THAT(report->pending, ElementsAre("one"));
  EXPECT_EQ(report->verdict, Verdict::kUnknown);
  EXPECT_FALSE(engine_->ready());
  gate_.open();
  const auto whole = nextRunOf("one", 0);
  ASSERT_NE(whole, nullptr);
  EXPECT_THAT(whole->pending, testing::IsEmpty());
  EXPECT_EQ(whole->verdict, Verdict::kPass);
}

TEST_F(EngineTest, ChecksRunAgainAfterTheirInterval) {
  startAndRunOnce();
  for (int round = 0; round < 3; ++round) {
    const std::size_t from = sink_.count();
    clock_.advance(seconds(10));
    ASSERT_NE(nextRunOf("one", from), nullptr);
    ASSERT_NE(nextRunOf("two", from), nullptr);
  }
  EXPECT_EQ(one_runs_.interval, 4);
  EXPECT_EQ(one_runs_.change, 0);
}

TEST_F(EngineTest, ARunIsGivenTheDaemonsDeadlineAndPace) {
  scripts()["one"] = [](const CheckContext& context) -> Result<Outcome> {
    EXPECT_EQ(context.deadline.left(context.clock), seconds(5));
    EXPECT_EQ(context.budget.perSecond, 5);
    EXPECT_EQ(context.trigger, Trigger::kInterval);
    EXPECT_EQ(context.topology.pods.size(), 2u);
    return Outcome{};
  };
  startAndRunOnce();
}

TEST_F(EngineTest, ARunThatAsksForAnotherGetsIt) {
  Outcome outcome;
  outcome.again = seconds(3);
  scripts()["one"] = [outcome](const CheckContext& context) -> Result<Outcome> {
    if (context.trigger == Trigger::kChange) return Outcome{};
    return outcome;
  };
  startAndRunOnce();
  const std::size_t from = sink_.count();
  clock_.advance(seconds(3));
  EXPECT_NE(nextRunOf("one", from), nullptr);
}

// What runNow() answered, in order. Outlives the test where the engine does.
class Answers {
 public:
  RunReply reply() {
    return [state = state_](RunAnswer answer) {
      std::lock_guard lock(state->mutex);
      state->heard.push_back(std::move(answer));
    };
  }
  std::vector<RunAnswer> heard() const {
    std::lock_guard lock(state_->mutex);
    return state_->heard;
  }

 private:
  struct State {
    std::mutex mutex;
    std::vector<RunAnswer> heard;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

TEST_F(EngineTest, ACheckRunsAtOnceWhenItIsAskedToAndCountsLikeAnyOther) {
  scripts()["one"] = count(one_runs_, saying(critical(), "b"));
  startAndRunOnce();
  Answers answers;
  clock_.advance(seconds(1));
  EXPECT_TRUE(engine_->runNow("one", clock_.mono(), answers.reply()));
  ASSERT_TRUE(eventually([&] { return answers.heard().size() == 1; }));
  const RunAnswer answer = answers.heard().front();
  EXPECT_EQ(answer.began, clock_.mono());
  EXPECT_EQ(answer.report, engine_->report());
  EXPECT_EQ(answer.report->checks.at(0).started, clock_.wall());
  EXPECT_EQ(one_runs_.interval, 2);
  const std::size_t from = sink_.count();
  clock_.advance(seconds(9));
  EXPECT_NE(nextRunOf("one", from), nullptr) << "the rhythm stays";
}

TEST_F(EngineTest, OnlyChecksThatAreSwitchedOnCanBeAskedToRun) {
  startAndRunOnce();
  Answers answers;
  EXPECT_FALSE(engine_->runNow("three", clock_.mono(), answers.reply()));
  stop();
  EXPECT_TRUE(answers.heard().empty());
}

TEST_F(EngineTest, WhoAsksDuringARunIsAnsweredByItOrByTheNextButNeverByTwoAtOnce) {
  struct Seen {
    std::atomic<int> now = 0;
    std::atomic<int> most = 0;
    std::atomic<int> runs = 0;
    Gate gate;
  };
  const auto seen = std::make_shared<Seen>();
  scripts()["one"] = [seen](const CheckContext& context) -> Result<Outcome> {
    seen->most = std::max(seen->most.load(), ++seen->now);
    if (++seen->runs == 2) seen->gate.pass(context.stop);
    --seen->now;
    return Outcome{};
  };
  startAndRunOnce();
  clock_.advance(seconds(1));
  const MonoTime begin = clock_.mono();
  Answers first, joining, later;
  engine_->runNow("one", begin, first.reply());
  ASSERT_TRUE(eventually([&] { return seen->gate.waiting() == 1; }));
  clock_.advance(seconds(1));
  for (int i = 0; i < 3; ++i) {
    engine_->runNow("one", begin, joining.reply());
    engine_->runNow("one", clock_.mono(), later.reply());
  }
  seen->gate.open();
  ASSERT_TRUE(eventually([&] { return later.heard().size() == 3; }));
  ASSERT_EQ(first.heard().size(), 1u);
  ASSERT_EQ(joining.heard().size(), 3u);
  for (const RunAnswer& one : joining.heard()) EXPECT_EQ(one.began, begin);
  for (const RunAnswer& one : later.heard()) EXPECT_EQ(one.began, begin + seconds(1));
  EXPECT_EQ(seen->runs, 3);
  EXPECT_EQ(seen->most, 1);
}

TEST_F(EngineTest, ARunForAChangeIsNotTheWholeRunThatWasAskedFor) {
  useDatabase();
  scripts()["two"] = [this](const CheckContext& context) -> Result<Outcome> {
    if (context.trigger == Trigger::kChange) gate_.pass(context.stop);
    ++(context.trigger == Trigger::kChange ? two_runs_.change : two_runs_.interval);
    return Outcome{};
  };
  two_.interval = std::chrono::hours(1);
  startAndRunOnce();
  ASSERT_TRUE(eventually([&] { return database_.asked >= 1; }));
  database_.change();
  ASSERT_TRUE(advanceUntil([&] { return gate_.waiting() == 1; }));
  Answers answers;
  engine_->runNow("two", MonoTime::min(), answers.reply());
  gate_.open();
  ASSERT_TRUE(eventually([&] { return answers.heard().size() == 1; }));
  EXPECT_EQ(two_runs_.interval, 2);
}

TEST_F(EngineTest, WhoAsksBeforeThePodsAreKnownIsAnsweredByTheFirstRun) {
  Answers answers;
  make();
  EXPECT_TRUE(engine_->runNow("one", clock_.mono(), answers.reply()));
  run();
  EXPECT_TRUE(eventually([&] { return answers.heard().size() == 1; }));
  EXPECT_EQ(one_runs_.interval, 1);
}

TEST_F(EngineTest, AChangeInTheDatabaseRunsTheChecksThatCareAtOnce) {
  useDatabase();
  startAndRunOnce();
  ASSERT_TRUE(eventually([&] { return database_.asked >= 1; }));
  database_.change();
  EXPECT_TRUE(advanceUntil([&] { return two_runs_.change == 1; }));
  EXPECT_EQ(one_runs_.change, 0);
}

TEST_F(EngineTest, ATouchIsLookedAtWithoutWaitingForTheRhythm) {
  useDatabase();
  auto owned = std::make_unique<FakeChanges>();
  FakeChanges& changes = *owned;
  services_.changes = std::move(owned);
  startAndRunOnce();
  ASSERT_TRUE(eventually([&] { return database_.asked >= 1; }));
  database_.change();
  changes.touch();  // and the clock stands still
  EXPECT_TRUE(eventually([&] { return two_runs_.change == 1; }));
}

TEST_F(EngineTest, ATouchThatChangedNothingRunsNothing) {
  useDatabase();
  auto owned = std::make_unique<FakeChanges>();
  FakeChanges& changes = *owned;
  services_.changes = std::move(owned);
  startAndRunOnce();
  ASSERT_TRUE(eventually([&] { return database_.asked >= 1; }));
  const int asked = database_.asked;
  changes.touch();
  ASSERT_TRUE(eventually([&] { return database_.asked > asked; }));
  database_.change();
  EXPECT_TRUE(advanceUntil([&] { return two_runs_.change == 1; })) << "the rhythm goes on";
  EXPECT_EQ(two_runs_.change, 1);
}

TEST_F(EngineTest, AChangeDuringARunRunsItAgainRightAfter) {
  useDatabase();
  scripts()["two"] = [this](const CheckContext& context) -> Result<Outcome> {
    if (context.trigger == Trigger::kChange)
      ++two_runs_.change;
    else
      gate_.pass(context.stop);
    return Outcome{};
  };
  start();
  clock_.advance(seconds(2));
  ASSERT_TRUE(eventually([&] { return gate_.waiting() == 1 && database_.asked >= 1; }));
  database_.change();
  const int asked = database_.asked;
  ASSERT_TRUE(advanceUntil([&] { return database_.asked > asked; }));
  EXPECT_EQ(two_runs_.change, 0);
  gate_.open();
  EXPECT_TRUE(eventually([&] { return two_runs_.change == 1; }));
}

TEST_F(EngineTest, TheDatabaseGoingDownAndUpIsPublishedAndLooksAgain) {
  useDatabase();
  startAndRunOnce();
  ASSERT_TRUE(advanceUntilReport([](const Report& one) { return one.databaseUp == true; }));
  database_.fail(Error{ErrorCode::kUnavailable, "connection refused"});
  ASSERT_TRUE(advanceUntilReport([](const Report& one) { return one.databaseUp == false; }));
  const std::size_t from = sink_.count();
  const int runs = one_runs_.interval;
  database_.fail({});
  ASSERT_TRUE(advanceUntilReport([](const Report& one) { return one.databaseUp == true; }, from));
  EXPECT_TRUE(eventually([&] { return one_runs_.interval > runs; }));
}

TEST_F(EngineTest, TheSitesTitleComesFromTheDatabase) {
  useDatabase();
  scripts()["one"] = [](const CheckContext& context) -> Result<Outcome> {
    EXPECT_TRUE(context.content->load(context.deadline, context.stop));
    return Outcome{};
  };
  startAndRunOnce();
  EXPECT_EQ(engine_->report()->site.title, "My Site");
}

TEST_F(EngineTest, AGonePodVanishesWithItsFindings) {
  scripts()["one"] = count(one_runs_, saying(critical(), "b"));
  startAndRunOnce();
  podSource_->set(podsNamed({"a"}));
  const auto report = advanceUntilReport([](const Report& one) { return one.pods.size() == 1; });
  ASSERT_NE(report, nullptr);
  EXPECT_TRUE(report->checks.at(0).outcome.findings.empty());
  EXPECT_EQ(report->verdict, Verdict::kPass);
}

TEST_F(EngineTest, ANewPodIsUnknownUntilItWasAskedAndIsAskedAtOnce) {
  startAndRunOnce();
  const std::size_t from = sink_.count();
  podSource_->set(podsNamed({"a", "b", "c"}));
  const auto report = advanceUntilReport([](const Report& one) { return one.pods.size() == 3; });
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->pods[2].verdict, Verdict::kUnknown);
  EXPECT_NE(nextRunOf("one", from), nullptr);
  EXPECT_TRUE(sink_.waitFor([](const Published& one) {
    return one.report->pods.size() == 3 && one.report->pods[2].verdict == Verdict::kPass;
  }));
}

TEST_F(EngineTest, ANewPodIsNoNewsToWhatStandsBesideTheSite) {
  two_.needs = {Need::kLead};
  two_.interval = std::chrono::hours(24 * 365);  // its rhythm is not what would bring a run
  startAndRunOnce();
  const std::size_t from = sink_.count();
  podSource_->set(podsNamed({"a", "b", "c"}));
  ASSERT_NE(advanceUntilReport([](const Report& one) { return one.pods.size() == 3; }), nullptr);
  EXPECT_NE(nextRunOf("one", from), nullptr);
  EXPECT_EQ(two_runs_.interval, 1);
}

TEST_F(EngineTest, AnotherProcessUnderAnOldNameIsAskedAtOnce) {
  startAndRunOnce();
  Topology topology = podsNamed({"a", "b"});
  for (const char* change : {"uid", "start"}) {
    const std::size_t from = sink_.count();
    if (std::string(change) == "uid")
      topology.pods[1].uid = "another";
    else
      topology.pods[1].startedAt = WallTime(seconds(7));
    podSource_->set(topology);
    ASSERT_NE(
        advanceUntilReport([&](const Report& one) { return one.pods[1].pod == topology.pods[1]; }),
        nullptr);
    EXPECT_NE(nextRunOf("one", from), nullptr) << change;
  }
}

TEST_F(EngineTest, WhatWasFoundOfAPodIsNotSaidOfItsSuccessor) {
  const auto says = saying(critical(), "b");
  // Its own, for it may run until the fixture ends.
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  scripts()["one"] = [this, gone, says](const CheckContext& context) -> Result<Outcome> {
    if (*gone) gate_.pass(context.stop);
    return says;
  };
  startAndRunOnce();
  ASSERT_EQ(engine_->report()->checks.at(0).outcome.findings.size(), 1u);
  *gone = true;
  Topology topology = podsNamed({"a", "b"});
  topology.pods[1].uid = "another";
  podSource_->set(topology);
  const auto report =
      advanceUntilReport([&](const Report& one) { return one.pods[1].pod == topology.pods[1]; });
  ASSERT_NE(report, nullptr);
  EXPECT_TRUE(report->checks.at(0).outcome.findings.empty());
  EXPECT_EQ(report->pods[1].verdict, Verdict::kUnknown);
  gate_.open();
}

// What a rollout goes through: the pod is asked while it boots, and blamed for nothing yet.
TEST_F(EngineTest, APodThatGetsReadersAgainIsNotWellUntilItWasAskedAndIsAskedAtOnce) {
  const auto again = std::make_shared<std::atomic<bool>>(false);
  scripts()["one"] = [this, again](const CheckContext& context) -> Result<Outcome> {
    if (*again) gate_.pass(context.stop);
    return saying(critical(), "b");
  };
  one_.needs = {Need::kPods};
  Topology topology = podsNamed({"a", "b"});
  topology.pods[1].ready = false;
  podSource_->set(topology);
  startAndRunOnce();
  EXPECT_EQ(engine_->report()->checks.at(0).verdict, Verdict::kPass) << "nobody's finding";
  *again = true;
  topology.pods[1].ready = true;
  podSource_->set(topology);
  const auto report = advanceUntilReport([](const Report& one) { return one.pods[1].pod.ready; });
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->checks.at(0).verdict, Verdict::kUnknown);
  EXPECT_EQ(report->pods[1].verdict, Verdict::kUnknown);
  ASSERT_TRUE(eventually([&] { return gate_.waiting() == 1; })) << "at once";
  gate_.open();
  EXPECT_TRUE(sink_.waitFor(
      [](const Published& one) { return one.report->checks.at(0).verdict == Verdict::kFail; }));
}

TEST_F(EngineTest, AContainerThatEndedIsNoNewProcess) {
  one_.interval = std::chrono::hours(24 * 365);  // its rhythm is not what brings a run
  Topology topology = podsNamed({"a", "b"});
  topology.pods[1].startedAt = WallTime(seconds(7));
  podSource_->set(topology);
  startAndRunOnce();
  const int runs = one_runs_.interval;
  topology.pods[1].startedAt = WallTime(seconds(3));  // the pod's own, for want of the container's
  podSource_->set(topology);
  ASSERT_NE(
      advanceUntilReport([&](const Report& one) { return one.pods[1].pod == topology.pods[1]; }),
      nullptr);
  EXPECT_EQ(one_runs_.interval, runs);
}

TEST_F(EngineTest, PodsThatCannotBeListedAnyMoreStayAndAreMarked) {
  startAndRunOnce();
  podSource_->set(Error{ErrorCode::kNotFound, "ghost-pods does not resolve"});
  const auto report = advanceUntilReport([](const Report& one) { return !one.podsStale.empty(); });
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->podsStale, "ghost-pods does not resolve");
  EXPECT_EQ(report->pods.size(), 2u);
}

TEST_F(EngineTest, RunsThatWereLeftOutAreNoted) {
  scripts()["one"] = [this](const CheckContext& context) -> Result<Outcome> {
    gate_.pass(context.stop);
    return Outcome{};
  };
  start();
  clock_.advance(seconds(2));
  ASSERT_TRUE(eventually([&] { return gate_.waiting() == 1; }));
  clock_.advance(seconds(25));
  gate_.open();
  const auto report = nextRunOf("one", 0);
  ASSERT_NE(report, nullptr);
  const CheckRun& run = *std::find_if(report->checks.begin(), report->checks.end(),
                                      [](const CheckRun& one) { return one.check == "one"; });
  EXPECT_THAT(run.outcome.notes,
              ElementsAre("2 runs were left out: the runs take longer than the check's interval"));
}

TEST_F(EngineTest, ACheckThatThrowsStopsNothing) {
  scripts()["one"] = [](const CheckContext&) -> Result<Outcome> { throw std::runtime_error("x"); };
  startAndRunOnce();
  EXPECT_EQ(engine_->report()->checks.at(0).verdict, Verdict::kUnknown);
  EXPECT_EQ(engine_->report()->checks.at(1).verdict, Verdict::kPass);
}

TEST_F(EngineTest, StopCancelsRunningChecks) {
  scripts()["one"] = [this](const CheckContext& context) -> Result<Outcome> {
    gate_.pass(context.stop);
    return Error{ErrorCode::kCancelled, "asked to stop"};
  };
  start();
  clock_.advance(seconds(2));
  ASSERT_TRUE(eventually([&] { return gate_.waiting() == 1; }));
  stop();
  const auto report = engine_->report();
  if (report) {
    for (const CheckRun& run : report->checks) EXPECT_NE(run.check, "one");
  }
}

TEST_F(EngineTest, TurnsTellThatItIsAlive) {
  startAndRunOnce();
  const MonoTime before = engine_->lastTurn();
  EXPECT_TRUE(advanceUntil([&] { return engine_->lastTurn() > before; }));
}

}  // namespace
}  // namespace rollcall
