#include "daemon/core/finding_changes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/sample_report.h"

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using namespace testing_support;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class FindingChangesTest : public testing::Test {
 protected:
  FindingChangesTest() { run_.check = "posts"; }

  // After a run of the check, `in` later: "began RC201 pod-1".
  std::vector<std::string> round(Duration in = 30s) {
    now_ += in;
    Report report;
    for (int i = 1; i <= pods_; ++i) {
      PodReport pod;
      pod.pod.name = fmt::format("pod-{}", i);
      report.pods.push_back(pod);
    }
    report.podsStale = stale_;
    report.checks = {run_};
    report.leads = leads_;
    changes_ = rule_.take(report, &run_, now_, sampleTime());
    std::vector<std::string> told;
    for (const FindingChange& change : changes_)
      told.push_back(fmt::format(
          "{} {} {}", change.kind == FindingChange::Kind::kEnded ? "ended" : "began",
          change.finding.def->code, change.finding.pod.empty() ? "-" : change.finding.pod));
    return told;
  }
  void find(const std::string& pod, const FindingDef& def = kSampleMissing) {
    Finding finding = sampleMissing(pod.empty() ? "x" : pod, "hello", "1");
    finding.pod = pod;
    finding.def = &def;
    run_.outcome.findings.push_back(finding);
  }
  void findNothing() { run_.outcome = {}; }
  void resume(const std::string& pod) {
    PastFinding past;
    past.check = "posts";
    past.code = "RC201";
    past.pod = pod;
    rule_.resume({past});
  }

  FindingChanges rule_{{}};
  CheckRun run_;
  int pods_ = 2;
  std::string stale_;
  std::optional<bool> leads_;
  MonoTime now_{1h};
  std::vector<FindingChange> changes_;
};

TEST_F(FindingChangesTest, NothingIsOverWhenNoPodCouldBeListed) {
  find("pod-1");
  round();
  findNothing();
  pods_ = 0;
  stale_ = "ghost-pods does not resolve";
  EXPECT_THAT(round(), IsEmpty());
  stale_ = "";
  EXPECT_THAT(round(), ElementsAre("ended RC201 pod-1"));
  EXPECT_TRUE(changes_[0].podIsGone);
}

TEST_F(FindingChangesTest, onOnePodAndOnNoneInParticularEachBeginsAndEndsOnce) {
  round();
  find("pod-1");
  find("pod-1");
  find("", kSampleSkew);
  find("pod-2", kSampleNote);
  EXPECT_THAT(round(), ElementsAre("began RC110 -", "began RC201 pod-1"));
  EXPECT_EQ(changes_[1].more, 1u);
  EXPECT_FALSE(changes_[1].atFirstLook);
  for (int i = 0; i < 100; ++i) EXPECT_THAT(round(), IsEmpty()) << "no counts without recounts";
  findNothing();
  EXPECT_THAT(round(), ElementsAre("ended RC110 -", "ended RC201 pod-1"));
  EXPECT_THAT(round(), IsEmpty());
}

TEST_F(FindingChangesTest, commandsOfOneCodeBeginAndEndOnTheirOwn) {
  const auto fails = [&](const std::string& command) {
    find("");
    run_.outcome.findings.back().resource = ResourceRef{"command", command, "", ""};
  };
  PastFinding past{.check = "posts", .code = "RC201", .resource = "command:disk"};
  rule_.resume({past});
  fails("disk");
  run_.outcome.findings[0].since = sampleTime(-3600);
  EXPECT_THAT(round(), IsEmpty());
  fails("mysql");
  EXPECT_THAT(round(), ElementsAre("began RC201 -"));
  EXPECT_EQ(changes_[0].finding.resource->id, "mysql");
  findNothing();
  fails("mysql");
  EXPECT_THAT(round(), ElementsAre("ended RC201 -"));
  EXPECT_EQ(changes_[0].finding.resource->id, "disk");
}

TEST_F(FindingChangesTest, whatIsThereAtTheFirstLookIsSaidToBe) {
  run_.error = Error{ErrorCode::kUnavailable, "no database"};
  round();
  run_.error.reset();
  find("pod-1");
  round();
  EXPECT_TRUE(changes_.at(0).atFirstLook) << "a run that could not look is no look";
  find("pod-2");
  round();
  EXPECT_FALSE(changes_.at(0).atFirstLook);
}

TEST_F(FindingChangesTest, whatAnEarlierProcessSawIsNotToldAgainAndItsEndIs) {
  resume("pod-1");
  find("pod-1");
  run_.outcome.findings[0].since = sampleTime(-3600);
  find("pod-2");
  EXPECT_THAT(round(), ElementsAre("began RC201 pod-2"));
  findNothing();
  EXPECT_THAT(round(), ElementsAre("ended RC201 pod-1", "ended RC201 pod-2"));
  find("pod-1");
  EXPECT_THAT(round(), ElementsAre("began RC201 pod-1")) << "that is another time";
}

TEST_F(FindingChangesTest, whatAnEarlierProcessMayNotHaveToldIsToldAgain) {
  resume("pod-1");
  find("pod-1");
  find("pod-1");
  run_.outcome.findings[0].since = sampleTime();
  run_.outcome.findings[1].since = sampleTime(-599);
  EXPECT_THAT(round(), ElementsAre("began RC201 pod-1"));
  EXPECT_EQ(changes_[0].finding.since, sampleTime(-599)) << "since the first of them";
  EXPECT_THAT(round(), IsEmpty());
}

TEST_F(FindingChangesTest, whatAnEarlierProcessSawIsNotToldAgainThoughItCannotBeSeenAtOnce) {
  resume("pod-1");
  resume("pod-2");
  pods_ = 0;
  round();
  pods_ = 2;
  run_.outcome.gaps = {{"pod-1", "the pod", {ErrorCode::kUnavailable, "no answer"}}};
  round();
  findNothing();
  find("pod-1");
  find("pod-2");
  for (Finding& one : run_.outcome.findings) one.since = sampleTime(-3600);
  EXPECT_THAT(round(), ElementsAre("began RC201 pod-2")) << "pod-2 was well in between";
}

TEST_F(FindingChangesTest, aPodThatIsGoneEndsWhatWasFoundOnIt) {
  find("pod-2");
  round();
  findNothing();
  pods_ = 1;
  EXPECT_THAT(round(), ElementsAre("ended RC201 pod-2"));
  EXPECT_TRUE(changes_[0].podIsGone);
}

TEST_F(FindingChangesTest, whatCouldNotBeLookedAtIsNotOver) {
  find("pod-1");
  round();
  findNothing();
  run_.outcome.gaps = {{"pod-1", "the pod", {ErrorCode::kUnavailable, "no answer"}}};
  EXPECT_THAT(round(), IsEmpty());
}

TEST_F(FindingChangesTest, whatComesAndGoesIsToldFourTimesAndThenOnceInTenMinutesAsItIs) {
  std::vector<std::string> told;
  for (int i = 0; i < 120; ++i) {  // an hour
    if (i % 2 == 0)
      find("pod-1");
    else
      findNothing();
    for (const std::string& one : round()) told.push_back(one);
  }
  EXPECT_THAT(told, testing::SizeIs(testing::AllOf(testing::Ge(6u), testing::Le(10u))));
  findNothing();
  bool isOpen = told.back().starts_with("began");
  for (int i = 0; i < 30; ++i)
    for (const std::string& one : round()) isOpen = one.starts_with("began");
  EXPECT_FALSE(isOpen) << "an end is told late rather than never";
}

TEST_F(FindingChangesTest, eachBeginningHasANumberOfItsOwn) {
  find("pod-1");
  round();
  const std::uint64_t first = changes_.at(0).number;
  findNothing();
  round();
  EXPECT_EQ(changes_.at(0).number, first);
  find("pod-1");
  round();
  EXPECT_NE(changes_.at(0).number, first);
}

TEST_F(FindingChangesTest, manyBeginningsAtOnceAreLeftOutAndToldTenMinutesLater) {
  pods_ = 40;
  for (int i = 1; i <= pods_; ++i) find(fmt::format("pod-{}", i));
  EXPECT_THAT(round(), SizeIs(30));
  EXPECT_EQ(rule_.leftOut(), 10u);
  EXPECT_THAT(round(), IsEmpty());
  EXPECT_THAT(round(11min), SizeIs(10));
  findNothing();
  EXPECT_THAT(round(), SizeIs(testing::Ge(20u)));
  EXPECT_EQ(rule_.leftOut(), 10u) << "an end waits";
  EXPECT_THAT(round(2min), testing::Not(IsEmpty()));
}

TEST_F(FindingChangesTest, whatIsToldLateIsToldAsItThenIs) {
  pods_ = 31;
  for (int i = 1; i <= pods_; ++i) find(fmt::format("pod-{}", i));
  EXPECT_THAT(round(), SizeIs(30));
  for (Finding& one : run_.outcome.findings) one.message = "another post";
  ASSERT_THAT(round(11min), SizeIs(1));
  EXPECT_EQ(changes_[0].finding.message, "another post") << "the first may have been taken back";
}

TEST_F(FindingChangesTest, endsAreToldBeforeBeginnings) {
  pods_ = 60;
  for (int i = 31; i <= 60; ++i) find(fmt::format("pod-{}", i));
  EXPECT_THAT(round(), SizeIs(30));
  findNothing();
  for (int i = 1; i <= 30; ++i) find(fmt::format("pod-{}", i));
  const std::vector<std::string> told = round();
  EXPECT_THAT(told, testing::Not(IsEmpty()));
  EXPECT_THAT(told, testing::Each(testing::StartsWith("ended")));
}

TEST_F(FindingChangesTest, aNewLeaderTellsWhatBeganLatelyOnceAndEndsTheRest) {
  leads_ = false;
  find("pod-1");
  for (int i = 0; i < 5; ++i) EXPECT_THAT(round(), IsEmpty());
  find("pod-2");
  round();
  leads_ = true;
  EXPECT_THAT(round(), ElementsAre("began RC201 pod-2"));
  for (int i = 0; i < 60; ++i) EXPECT_THAT(round(), IsEmpty()) << "its predecessor told it";
  findNothing();
  EXPECT_THAT(round(), ElementsAre("ended RC201 pod-1", "ended RC201 pod-2"));
}

TEST_F(FindingChangesTest, aNewLeaderTellsWhatEndedLately) {
  leads_ = false;
  find("pod-1");
  find("pod-2");
  round();
  findNothing();
  find("pod-2");
  round();
  for (int i = 0; i < 2; ++i) round();
  findNothing();
  round();
  leads_ = true;
  EXPECT_THAT(round(), ElementsAre("ended RC201 pod-2"));
}

TEST_F(FindingChangesTest, whatIsNotPublishedIsNotNamed) {
  find("pod-1", kSampleServed);
  run_.outcome.findings[0].evidence["db_status"] = "draft";
  round();
  EXPECT_EQ(changes_.at(0).finding.message.find("hello"), std::string::npos);
  EXPECT_TRUE(changes_[0].finding.resource->url.empty());
}

}  // namespace
}  // namespace rollcall
