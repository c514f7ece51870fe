#include "daemon/run/once.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <mutex>
#include <set>

#include "daemon/run/test_checks.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::configFor;
using testing_support::critical;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;
using testing_support::FakePodSource;
using testing_support::find;
using testing_support::podsNamed;
using testing_support::scripts;
using testing_support::specFor;

class OnceTest : public testing::Test {
 protected:
  OnceTest() {
    services_.clock = &clock_;
    services_.podSource = std::make_unique<FakePodSource>(podsNamed({"a", "b"}));
    services_.pods = std::make_unique<FakePodClient>();
    scripts()["one"] = scripts()["two"] = [](const CheckContext&) { return Outcome{}; };
  }
  void useDatabase(std::optional<Error> error) {
    services_.contentSource = [error] {
      auto source = std::make_unique<FakeContentSource>();
      source->settings.title = "My Site";
      source->error = error;
      return source;
    };
  }
  static void loadInBothChecks() {
    scripts()["one"] = scripts()["two"] = [](const CheckContext& context) -> Result<Outcome> {
      const auto content = context.content->load(context.deadline, context.stop);
      if (!content) return content.error();
      return Outcome{};
    };
  }
  // Each check's first look at the posts, into `seen`.
  static void lookInBothChecks(std::multiset<SharedContent>& seen, std::mutex& mutex) {
    scripts()["one"] = scripts()["two"] = [&](const CheckContext& context) -> Result<Outcome> {
      const auto content = context.content->roundContent(context.deadline, context.stop);
      if (!content) return content.error();
      const std::lock_guard lock(mutex);
      seen.insert(*content);
      return Outcome{};
    };
  }
  Result<std::shared_ptr<const Report>> once() {
    return runOnce(registry_, config_, services_, options_, stop_.get_token());
  }

  CheckSpec one_ = specFor("one");
  CheckSpec two_ = specFor("two");
  CheckRegistry registry_{{&one_, &two_}};
  Config config_ = configFor({&one_, &two_});
  ManualClock clock_;
  Services services_;
  OnceOptions options_;
  std::stop_source stop_;
};

TEST_F(OnceTest, EveryEnabledCheckIsInTheReportInTheRegistrysOrder) {
  scripts()["two"] = [](const CheckContext&) -> Result<Outcome> {
    Outcome outcome;
    outcome.findings = {find(critical(), "b")};
    return outcome;
  };
  const auto report = once();
  ASSERT_TRUE(report);
  ASSERT_EQ((*report)->checks.size(), 2u);
  EXPECT_EQ((*report)->checks[0].check, "one");
  EXPECT_EQ((*report)->checks[1].check, "two");
  EXPECT_TRUE((*report)->checks[1].outcome.findings[0].since);
  EXPECT_EQ((*report)->verdict, Verdict::kFail);
  EXPECT_EQ((*report)->pods.at(1).verdict, Verdict::kFail);
  EXPECT_FALSE((*report)->databaseUp);
}

TEST_F(OnceTest, ChecksRunAtTheSameTime) {
  std::latch both(2);
  scripts()["one"] = scripts()["two"] = [&](const CheckContext&) {
    both.arrive_and_wait();
    return Outcome{};
  };
  EXPECT_TRUE(once());
}

TEST_F(OnceTest, AllChecksShareOneDeadline) {
  options_.timeout = std::chrono::seconds(7);
  scripts()["one"] = scripts()["two"] = [](const CheckContext& context) -> Result<Outcome> {
    EXPECT_EQ(context.deadline.left(context.clock), std::chrono::seconds(7));
    EXPECT_EQ(context.trigger, Trigger::kOnce);
    return Outcome{};
  };
  EXPECT_TRUE(once());
}

TEST_F(OnceTest, ASwitchedOffCheckIsLeftOutUnlessItIsAskedFor) {
  config_.checks.at("one").enabled = false;
  EXPECT_EQ((*once())->checks.size(), 1u);
  options_.only = {"one"};
  const auto report = once();
  ASSERT_EQ((*report)->checks.size(), 1u);
  EXPECT_EQ((*report)->checks[0].check, "one");
}

TEST_F(OnceTest, AnUnknownNameIsNamed) {
  options_.only = {"posst"};
  const auto report = once();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(report.error().message, HasSubstr("\"posst\""));
}

TEST_F(OnceTest, PodsThatCannotBeListedAreAnError) {
  services_.podSource =
      std::make_unique<FakePodSource>(Error{ErrorCode::kNotFound, "ghost-pods does not resolve"});
  const auto report = once();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message, "ghost-pods does not resolve");
}

TEST_F(OnceTest, ADatabaseThatAnswersIsUpAndNamesTheSite) {
  useDatabase({});
  loadInBothChecks();
  const auto report = once();
  EXPECT_EQ((*report)->databaseUp, true);
  EXPECT_EQ((*report)->site.title, "My Site");
}

TEST_F(OnceTest, TheChecksOfARoundShareOneLookAtThePostsAndTheNextRoundTakesAnother) {
  useDatabase({});
  std::mutex mutex;
  std::multiset<SharedContent> seen;
  lookInBothChecks(seen, mutex);
  Rounds rounds(registry_, config_, services_, options_);
  ASSERT_TRUE(rounds.take({}));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(*seen.begin(), *seen.rbegin());
  ASSERT_TRUE(rounds.take({}));
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_NE(*seen.begin(), *seen.rbegin());
}

TEST_F(OnceTest, ADatabaseThatDoesNotAnswerIsDownAndTheVerdictUnknown) {
  useDatabase(Error{ErrorCode::kUnavailable, "connection refused"});
  loadInBothChecks();
  const auto report = once();
  EXPECT_EQ((*report)->databaseUp, false);
  EXPECT_EQ((*report)->verdict, Verdict::kUnknown);
}

TEST_F(OnceTest, ACancelledQuerySaysNothingAboutTheDatabase) {
  useDatabase(Error{ErrorCode::kCancelled, "asked to stop"});
  loadInBothChecks();
  EXPECT_FALSE((*once())->databaseUp);
}

TEST_F(OnceTest, ProgressTellsWhenChecksStartAndEnd) {
  std::mutex mutex;
  std::vector<std::string> lines;
  options_.only = {"one"};
  options_.progress = [&](std::string_view line) {
    std::lock_guard lock(mutex);
    lines.emplace_back(line);
  };
  ASSERT_TRUE(once());
  EXPECT_THAT(lines, ElementsAre("one: asking 2 pods", "one: pass after 0 ms"));
}

TEST_F(OnceTest, RoundsKeepTheChecksAndWhatTheyRemember) {
  std::mutex mutex;
  std::vector<Trigger> triggers;
  // Replaced before the second round: instances made anew would run this one.
  scripts()["one"] = [&](const CheckContext& context) -> Result<Outcome> {
    const std::lock_guard lock(mutex);
    triggers.push_back(context.trigger);
    Outcome outcome;
    outcome.findings = {find(critical(), "b")};
    return outcome;
  };
  Rounds rounds(registry_, config_, services_, options_);
  const auto first = rounds.take(stop_.get_token());
  ASSERT_TRUE(first);
  scripts()["one"] = [](const CheckContext&) { return Outcome{}; };
  clock_.advance(std::chrono::seconds(10));
  const auto second = rounds.take(stop_.get_token());
  ASSERT_TRUE(second);
  ASSERT_EQ((*second)->checks[0].outcome.findings.size(), 1u);
  EXPECT_EQ((*second)->checks[0].outcome.findings[0].since,
            (*first)->checks[0].outcome.findings[0].since);
  EXPECT_THAT(triggers, ElementsAre(Trigger::kOnce, Trigger::kInterval));
  EXPECT_GT((*second)->started, (*first)->started);
}

}  // namespace
}  // namespace rollcall
