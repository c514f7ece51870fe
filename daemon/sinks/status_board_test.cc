#include "daemon/sinks/status_board.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using namespace testing_support;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// One check on two pods. Each round is 10 s after the one before.
class TimelineTest : public testing::Test {
 protected:
  TimelineTest() {
    run_.check = "posts";
    topology_ = sampleTopology(2);
  }
  // What the round tells: "critical RC201 began on pod-2: ...".
  std::vector<std::string> round(std::optional<bool> leads = {}) {
    const std::size_t before = timeline_.events().size();
    run_.verdict = judge(run_.outcome, run_.error);
    Report report = makeReport(sampleSite(), topology_, {run_}, pending_);
    report.started = sampleTime(10 * rounds_++);
    report.leads = leads;
    timeline_.take(report);
    std::vector<std::string> lines;
    for (std::size_t i = before; i < timeline_.events().size(); ++i)
      lines.push_back(fmt::format("{} {}", timeline_.events()[i].tone, timeline_.events()[i].text));
    return lines;
  }
  void missing(const std::string& pod, const std::string& id = "1") {
    Finding finding = sampleMissing(pod, "story-" + id, id);
    finding.since = sampleTime(10 * rounds_);
    run_.outcome.findings.push_back(finding);
  }

  Topology topology_;
  CheckRun run_;
  std::vector<std::string> pending_;
  Timeline timeline_;
  int rounds_ = 0;
};

TEST_F(TimelineTest, TheFirstVerdictIsThatOfAllChecks) {
  pending_ = {"theme"};
  EXPECT_THAT(round(), ElementsAre("not_applicable Rollcall began to watch 2 pods"));
  EXPECT_THAT(round(), IsEmpty());
  pending_.clear();
  EXPECT_THAT(round(), ElementsAre("pass the verdict is PASS"));
}

TEST_F(TimelineTest, WhatIsWrongIsToldBeforeAllChecksHaveRun) {
  pending_ = {"theme"};
  missing("pod-2");
  EXPECT_THAT(round(), testing::Contains("fail the verdict is FAIL"));
}

TEST_F(TimelineTest, TellsWhatBeganAndWhatEnded) {
  EXPECT_THAT(round(), ElementsAre("not_applicable Rollcall began to watch 2 pods",
                                   "pass the verdict is PASS"));
  EXPECT_THAT(round(), IsEmpty());
  missing("pod-2", "1"), missing("pod-2", "2");
  EXPECT_THAT(
      round(),
      ElementsAre("critical RC201 began on pod-2 (2 findings): published but missing on the pod",
                  "fail the verdict turned from PASS to FAIL"));
  missing("pod-2", "3");
  EXPECT_THAT(round(), IsEmpty());
  run_.outcome.findings.clear();
  EXPECT_THAT(round(),
              ElementsAre("pass RC201 is over on pod-2 after 20.0 s: published but missing on the "
                          "pod",
                          "pass the verdict turned from FAIL to PASS"));
  ASSERT_THAT(timeline_.failures(), SizeIs(1));
  const BoardFailure& failure = timeline_.failures()[0];
  EXPECT_EQ(failure.count, 3u);
  EXPECT_EQ(failure.began, sampleTime(20));
  EXPECT_EQ(failure.ended, sampleTime(40));
}

TEST_F(TimelineTest, WhatCouldNotBeLookedAtIsNotOver) {
  struct Blindness {
    const char* name;
    std::vector<Gap> gaps;
    std::optional<Error> error;
    bool over;
  };
  const Error late{ErrorCode::kDeadlineExceeded, "no answer within 5 s"};
  const Blindness table[] = {
      {"that pod", {{"pod-2", "newest posts", late}}, {}, false},
      {"no single pod", {{"", "the volume", late}}, {}, false},
      {"the whole check", {}, late, false},
      {"another pod", {{"pod-1", "newest posts", late}}, {}, true},
  };
  for (const Blindness& row : table) {
    timeline_ = {};
    run_.outcome = {};
    run_.error = {};
    missing("pod-2");
    round();
    run_.outcome.findings.clear();
    run_.outcome.gaps = row.gaps;
    run_.error = row.error;
    round();
    ASSERT_THAT(timeline_.failures(), SizeIs(1)) << row.name;
    EXPECT_EQ(timeline_.failures()[0].ended.has_value(), row.over) << row.name;
  }
}

TEST_F(TimelineTest, WhatNoLongerAppliesIsNotOver) {
  round();
  missing("pod-2");
  round();
  run_.outcome = Outcome{};
  run_.outcome.notApplicable = "another replica of Rollcall leads";
  for (const std::string& line : round()) EXPECT_THAT(line, Not(HasSubstr("is over")));
  run_.outcome = Outcome{};
  EXPECT_THAT(round(), Contains(HasSubstr("RC201 is over on pod-2")));
}

TEST_F(TimelineTest, OfAllPodsNothingIsOverWhileOneCouldNotBeLookedAt) {
  round();
  missing("");
  round();
  run_.outcome = Outcome{};
  run_.outcome.gaps = {{"pod-2", "the pod", {}}};
  for (const std::string& line : round()) EXPECT_THAT(line, Not(HasSubstr("is over")));
}

TEST_F(TimelineTest, OfAPodThatGetsNoReadersNothingIsOver) {
  round();
  missing("pod-2");
  round();
  run_.outcome = Outcome{};
  topology_.pods[1].ready = false;
  for (const std::string& line : round()) EXPECT_THAT(line, Not(HasSubstr("is over")));
  topology_.pods[1].ready = true;
  EXPECT_THAT(round(), Contains(HasSubstr("RC201 is over on pod-2")));
}

TEST_F(TimelineTest, ABlindSpotIsToldOnceAPod) {
  round();
  const Error late{ErrorCode::kDeadlineExceeded, "no answer within 5 s"};
  run_.outcome.gaps = {{"pod-2", "newest posts", late}, {"pod-2", "sitemaps", late}};
  EXPECT_THAT(round(),
              ElementsAre("unknown posts could not look at pod-2: newest posts: no answer within "
                          "5 s",
                          "unknown the verdict turned from PASS to UNKNOWN"));
  EXPECT_THAT(round(), IsEmpty());
  run_.outcome.gaps.clear();
  EXPECT_THAT(round(), ElementsAre("pass everything on pod-2 can be looked at again after 20.0 s",
                                   "pass the verdict turned from UNKNOWN to PASS"));
}

TEST_F(TimelineTest, PodsComeAndGoAndTheirFindingsEndWithThem) {
  missing("pod-2");
  round();
  topology_ = sampleTopology(1);
  run_.outcome.findings.clear();
  run_.outcome.gaps = {{"", "anything", {ErrorCode::kUnavailable, "down"}}};
  EXPECT_THAT(round(), ElementsAre("info pod-2 is gone", HasSubstr("RC201 is over on pod-2"),
                                   HasSubstr("could not look"), HasSubstr("to UNKNOWN")));
  topology_ = sampleTopology(2);
  EXPECT_THAT(round(), ElementsAre("info pod-2 came"));
  topology_.pods[0].uid = "another";
  topology_.pods[1].startedAt = sampleTime(1);
  EXPECT_THAT(round(), ElementsAre("info pod-1 was replaced"));
  topology_.pods[1].startedAt = sampleTime(35);
  EXPECT_THAT(round(), ElementsAre("info pod-2 was restarted"));
}

TEST_F(TimelineTest, TellsWhoLeadsOnlyWhereThereIsALease) {
  round();
  EXPECT_THAT(round(true), ElementsAre("not_applicable this replica of Rollcall leads"));
  EXPECT_THAT(round(true), IsEmpty());
  EXPECT_EQ(timeline_.leadKnownSince(), sampleTime(10));
  EXPECT_THAT(round(false), ElementsAre("not_applicable another replica of Rollcall leads"));
}

TEST_F(TimelineTest, FailuresOutliveAFloodOfOtherEvents) {
  missing("pod-2");
  round();
  run_.outcome.findings.clear();
  for (int i = 0; i < 300; ++i) {
    topology_ = sampleTopology(1 + i % 2);
    round();
  }
  EXPECT_THAT(timeline_.events(), SizeIs(Timeline::kEvents));
  ASSERT_THAT(timeline_.failures(), SizeIs(1));
  EXPECT_EQ(timeline_.failures()[0].pod, "pod-2");
}

TEST_F(TimelineTest, WhatGoesOnIsNotPushedOutByWhatIsOver) {
  missing("pod-2");
  round();
  for (int i = 0; i < 300; ++i) {
    if (i % 2 == 0)
      missing("pod-1");
    else
      run_.outcome.findings.pop_back();
    round();
  }
  EXPECT_THAT(timeline_.failures(), SizeIs(Timeline::kFailures));
  EXPECT_EQ(timeline_.failures().front().pod, "pod-2");
}

TEST_F(TimelineTest, NamesNoSlug) {
  round();
  missing("pod-1", "secret");
  for (const std::string& line : round()) EXPECT_THAT(line, Not(HasSubstr("story")));
}

TEST(StatusBoard, ShowsReportAndTimelineOfOneMoment) {
  StatusBoard board;
  EXPECT_EQ(board.board(), nullptr);
  const auto first = std::make_shared<const Report>(samplePass());
  board.publish(first, nullptr);
  const auto shown = board.board();
  EXPECT_EQ(shown->report, first);
  board.publish(std::make_shared<const Report>(sampleFail()), nullptr);
  EXPECT_EQ(shown->report, first);
  EXPECT_THAT(shown->timeline->failures(), IsEmpty());
  EXPECT_THAT(board.board()->timeline->failures(), Not(IsEmpty()));
}

}  // namespace
}  // namespace rollcall
