#include "daemon/k8s/event_plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/sample_report.h"

namespace rollcall::k8s {
namespace {
using namespace std::chrono_literals;
using namespace testing_support;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class EventPlanTest : public testing::Test {
 protected:
  EventPlanTest() { run_.check = "posts"; }

  // After a run of the check, `in` later. "began RC201 pod-1", "goes on RC201 pod-1 x 20".
  std::vector<std::string> round(Duration in = 30s) {
    now_ += in;
    Report report;
    for (int i = 1; i <= pods_; ++i) {
      PodReport pod;
      pod.pod.name = fmt::format("pod-{}", i);
      pod.pod.uid = fmt::format("{}{}", uid_, i);
      report.pods.push_back(pod);
    }
    report.checks = {run_};
    report.leads = leads_;
    steps_ = plan_.take(report, &run_, now_, sampleTime());
    std::vector<std::string> told;
    for (const EventPlan::Step& step : steps_)
      told.push_back(fmt::format("{} {} {}{}",
                                 step.goesOn                           ? "goes on"
                                 : step.event.action == "FindingBegan" ? "began"
                                                                       : "ended",
                                 step.event.reason, step.event.pod,
                                 step.event.count > 1 && step.event.warning
                                     ? fmt::format(" x {}", step.event.count)
                                     : ""));
    return told;
  }
  void find(const std::string& pod, const FindingDef& def = kSampleMissing) {
    Finding finding = sampleMissing(pod, "hello", "1");
    finding.def = &def;
    run_.outcome.findings.push_back(finding);
  }
  void findNothing() { run_.outcome = {}; }

  EventPlan plan_{"blog", 0x10};
  CheckRun run_;
  int pods_ = 2;
  std::string uid_ = "u";
  std::optional<bool> leads_;
  MonoTime now_{1h};
  std::vector<EventPlan::Step> steps_;
};

TEST_F(EventPlanTest, oneTellsTheBeginningAndOneTheEnd) {
  find("pod-1");
  find("pod-1");
  EXPECT_THAT(round(), ElementsAre("began RC201 pod-1"));
  EXPECT_EQ(steps_[0].event.name, "pod-1.rollcall-0000000000000010");
  EXPECT_EQ(steps_[0].event.podUid, "u1");
  EXPECT_TRUE(steps_[0].event.warning);
  EXPECT_EQ(steps_[0].event.note,
            "published but missing on the pod: pod-1 answers 404 for https://example.org/hello/ "
            "(and 1 more)");
  for (int i = 0; i < 5; ++i) EXPECT_THAT(round(), IsEmpty());
  findNothing();
  EXPECT_THAT(round(), ElementsAre("ended RC201 pod-1"));
  EXPECT_FALSE(steps_[0].event.warning);
  EXPECT_THAT(steps_[0].event.note, HasSubstr("over: published but missing on the pod"));
  EXPECT_THAT(round(), IsEmpty());
}

TEST_F(EventPlanTest, whatGoesOnIsCountedInItsEventEachTenMinutes) {
  find("pod-1");
  round();
  const std::string name = steps_[0].event.name;
  std::vector<std::string> told;
  for (int i = 0; i < 65; ++i)
    for (const std::string& one : round()) told.push_back(one);
  EXPECT_THAT(told, ElementsAre("goes on RC201 pod-1 x 21", "goes on RC201 pod-1 x 41",
                                "goes on RC201 pod-1 x 61"));
  findNothing();
  round();
  EXPECT_NE(steps_[0].event.name, name);
}

TEST_F(EventPlanTest, notPublishedIsNotNamed) {
  find("pod-1", kSampleServed);
  run_.outcome.findings[0].evidence["db_status"] = "draft";
  round();
  EXPECT_EQ(steps_[0].event.note, "served though not published");
}

TEST_F(EventPlanTest, whatNamesNoPodOfTheApiOrIsOnlyANoteIsNotTold) {
  find("");
  find("elsewhere");
  find("pod-1", kSampleNote);
  EXPECT_THAT(round(), IsEmpty());
  uid_ = "";
  pods_ = 0;
  find("pod-1");
  EXPECT_THAT(round(), IsEmpty());
}

TEST_F(EventPlanTest, whatCouldNotBeLookedAtIsNotOver) {
  find("pod-1");
  round();
  findNothing();
  for (const char* pod : {"pod-1", ""}) {
    run_.outcome.gaps = {{pod, "the pod", {ErrorCode::kUnavailable, "no answer"}}};
    EXPECT_THAT(round(), IsEmpty()) << pod;
  }
  findNothing();
  run_.error = Error{ErrorCode::kUnavailable, "no database"};
  EXPECT_THAT(round(), IsEmpty());
  run_.error.reset();
  run_.outcome.gaps = {{"pod-2", "the pod", {ErrorCode::kUnavailable, "no answer"}}};
  EXPECT_THAT(round(), ElementsAre("ended RC201 pod-1"));
}

TEST_F(EventPlanTest, aPodThatIsGoneOrReplacedEndsNothing) {
  find("pod-2");
  round();
  uid_ = "other";
  EXPECT_THAT(round(), ElementsAre("began RC201 pod-2"));
  findNothing();
  pods_ = 1;
  EXPECT_THAT(round(), IsEmpty());
}

TEST_F(EventPlanTest, onlyTheLeaderTells) {
  leads_ = false;
  find("pod-1");
  for (int i = 0; i < 10; ++i) EXPECT_THAT(round(), IsEmpty());
  findNothing();
  EXPECT_THAT(round(), IsEmpty());
}

TEST_F(EventPlanTest, aNewLeaderTellsWhatBeganLatelyAndEndsWhatItsPredecessorTold) {
  leads_ = false;
  find("pod-1");
  round();
  for (int i = 0; i < 4; ++i) round();
  find("pod-2");
  round();
  leads_ = true;
  EXPECT_THAT(round(), ElementsAre("began RC201 pod-2 x 2"));
  findNothing();
  EXPECT_THAT(round(), ElementsAre("ended RC201 pod-1", "ended RC201 pod-2"));
}

TEST_F(EventPlanTest, manyAtOnceAreLeftOutAndCounted) {
  pods_ = 500;
  for (int i = 1; i <= pods_; ++i) find(fmt::format("pod-{}", i));
  EXPECT_THAT(round(), SizeIs(30));
  EXPECT_EQ(plan_.leftOut(), 470u);
  EXPECT_THAT(round(), IsEmpty()) << "what was left out is not tried in each round";
  findNothing();
  EXPECT_THAT(round(5min), SizeIs(30)) << "only of those that were told";
}

TEST(Event, isWhatTheApiWants) {
  PodEvent event;
  event.name = "pod-1.rollcall-1";
  event.nameSpace = "blog";
  event.pod = "pod-1";
  event.podUid = "u1";
  event.warning = true;
  event.reason = "RC201";
  event.action = "FindingBegan";
  event.note = std::string(1023, 'x') + "\u00e9";
  event.at = event.seen = sampleTime();
  json made = json::parse(newEvent(event, std::string(200, 'i')));
  EXPECT_EQ(made["note"].get<std::string>().size(), 1023u) << "whole characters";
  EXPECT_EQ(made["reportingInstance"].get<std::string>().size(), 128u);
  EXPECT_FALSE(made.contains("series"));
  made.erase("note");
  made.erase("reportingInstance");
  EXPECT_EQ(made, json::parse(R"({"apiVersion":"events.k8s.io/v1","kind":"Event",
    "metadata":{"name":"pod-1.rollcall-1","namespace":"blog"},"type":"Warning","reason":"RC201",
    "eventTime":"2026-01-01T10:00:00.000000Z","reportingController":"rollcall",
    "action":"FindingBegan","regarding":{"apiVersion":"v1","kind":"Pod","namespace":"blog",
    "name":"pod-1","uid":"u1"}})"));
  event.count = 7;
  EXPECT_EQ(
      json::parse(seriesOf(event)),
      json::parse(R"({"series":{"count":7,"lastObservedTime":"2026-01-01T10:00:00.000000Z"}})"));
  EXPECT_EQ(json::parse(newEvent(event, "i"))["series"]["count"], 7);
}

}  // namespace
}  // namespace rollcall::k8s
