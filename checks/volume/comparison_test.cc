#include "checks/volume/comparison.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "checks/volume/looks.h"

namespace rollcall::checks::volume {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

View view(const std::string& pod, std::vector<MountLook> looks) {
  return {.place = {.pod = pod, .path = pod.empty() ? "/content" : "/ghost", .user = 1000},
          .looks = std::move(looks),
          .forecasts = {}};
}
View readOnly(const std::string& pod) {
  return view(pod, {on(disk(), {failing(ProbeStep::kCreate, EROFS, "images")})});
}
View healthy(const std::string& pod) {
  return view(pod, {on(disk(), {well("images")})});
}
View hung(const std::string& pod, WallTime since) {
  MountLook look = on(share(), {cutAt(ProbeStep::kSync, 0s)});
  look.hungSince = since;
  return view(pod, {look});
}
View slow(const std::string& pod, Duration time) {
  return view(pod, {on(disk(), {took(well("images"), time)})});
}
View skewed(const std::string& pod, Duration skew) {
  FolderLook look = well("images");
  look.skew = skew;
  return view(pod, {on(disk(), {look})});
}
std::vector<std::string> places(const Outcome& outcome) {
  std::vector<std::string> places;
  for (const Finding& one : outcome.findings)
    places.push_back(std::string(one.def->code) + " " + one.pod);
  return places;
}

TEST(Comparison, SaysNothingOfWhatIsWellEverywhere) {
  const Outcome outcome = compare({healthy("pod-1"), healthy("pod-2"), healthy("")}, {}, 2);
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_EQ(outcome.tally.volumeUp,
            (std::map<std::string, bool>{{"pod-1", true}, {"pod-2", true}}));
  EXPECT_THAT(outcome.tally.volumes, SizeIs(3));
}

TEST(Comparison, NamesThePodThatAloneSeesIt) {
  const Outcome outcome = compare({healthy("pod-1"), readOnly("pod-2"), healthy("")}, {}, 2);
  ASSERT_THAT(places(outcome), ElementsAre("RC801 pod-2"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("images in /ghost of pod-2: read-only"));
  EXPECT_TRUE(outcome.tally.volumeUp.at("pod-1"));
  EXPECT_FALSE(outcome.tally.volumeUp.at("pod-2"));
}

TEST(Comparison, NamesEachOfSeveralPodsWhileOthersAreWell) {
  const Outcome outcome =
      compare({readOnly("pod-1"), readOnly("pod-2"), healthy("pod-3"), readOnly("")}, {}, 3);
  EXPECT_THAT(places(outcome), UnorderedElementsAre("RC801 pod-1", "RC801 pod-2", "RC801 "));
}

TEST(Comparison, SaysOnceWhatAllPodsSee) {
  const Outcome outcome = compare({readOnly("pod-1"), readOnly("pod-2"), readOnly("pod-3")}, {}, 3);
  ASSERT_THAT(places(outcome), ElementsAre("RC801 "));
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.message,
            "nothing can be written to images in /ghost of all 3 pods: read-only file system "
            "(EROFS)");
  EXPECT_EQ(finding.evidence.at("pods"), "pod-1, pod-2, pod-3");
  EXPECT_THAT(outcome.tally.volumeUp, SizeIs(3));
}

TEST(Comparison, SaysOnceWhatThePodsAndRollcallSee) {
  const Outcome both = compare({readOnly("pod-1"), readOnly("pod-2"), readOnly("")}, {}, 2);
  ASSERT_THAT(places(both), ElementsAre("RC801 "));
  EXPECT_THAT(both.findings[0].message, HasSubstr("/ghost of both pods and of Rollcall: "));
  const Outcome one = compare({readOnly("pod-1"), readOnly("")}, {}, 1);
  ASSERT_THAT(places(one), ElementsAre("RC801 "));
  EXPECT_THAT(one.findings[0].message, HasSubstr("/ghost of pod-1 and of Rollcall: "));
}

TEST(Comparison, ASinglePodIsNamedAsAnyOther) {
  EXPECT_THAT(places(compare({readOnly("pod-1")}, {}, 1)), ElementsAre("RC801 pod-1"));
  EXPECT_THAT(places(compare({readOnly("pod-1"), healthy("")}, {}, 1)), ElementsAre("RC801 pod-1"));
}

TEST(Comparison, WhatAllPodsSeeIsSaidOfThemWhereRollcallDoesNot) {
  const Outcome outcome = compare({readOnly("pod-1"), readOnly("pod-2"), healthy("")}, {}, 2);
  ASSERT_THAT(places(outcome), ElementsAre("RC801 "));
  EXPECT_THAT(outcome.findings[0].message, Not(HasSubstr("Rollcall")));
}

TEST(Comparison, OnlyThosePodsAreMeantThatWereSeen) {
  EXPECT_THAT(compare({readOnly("pod-1"), readOnly("pod-3")}, {}, 3).findings.at(0).message,
              HasSubstr("/ghost of pod-1 and pod-3: "));
  std::vector<View> many;
  for (char pod = 'a'; pod < 'f'; ++pod) many.push_back(readOnly(std::string(1, pod)));
  EXPECT_THAT(compare(many, {}, 6).findings.at(0).message, HasSubstr("/ghost of 5 of 6 pods: "));
}

TEST(Comparison, TroubleInOtherFoldersOrWithAnotherErrorIsNotTheSame) {
  const View other = view("pod-2", {on(disk(), {failing(ProbeStep::kCreate, EROFS, "themes")})});
  EXPECT_THAT(places(compare({readOnly("pod-1"), other}, {}, 2)),
              UnorderedElementsAre("RC801 pod-1", "RC801 pod-2"));
  const View io = view("pod-1", {on(disk(), {failing(ProbeStep::kWrite, EIO)})});
  const View gone = view("pod-2", {on(disk(), {failing(ProbeStep::kWrite, ENODEV)})});
  EXPECT_THAT(places(compare({io, gone}, {}, 2)),
              UnorderedElementsAre("RC806 pod-1", "RC806 pod-2"));
  EXPECT_THAT(places(compare({skewed("pod-1", 9s), skewed("pod-2", -9s)}, {}, 2)),
              UnorderedElementsAre("RC816 pod-1", "RC816 pod-2"));
}

TEST(Comparison, OfAHangThatAllSeeTheFirstMomentCounts) {
  const WallTime first{1'800'000'000s};
  const Outcome outcome =
      compare({hung("pod-1", first + 9s), hung("pod-2", first), hung("pod-3", first + 1s)}, {}, 3);
  ASSERT_THAT(places(outcome), ElementsAre("RC811 "));
  EXPECT_THAT(outcome.findings[0].message,
              HasSubstr("/ghost of all 3 pods does not answer since 2027-01-15T08:00:00.000Z"));
  EXPECT_EQ(outcome.findings[0].since, first);
  EXPECT_THAT(outcome.tally.volumeUp, SizeIs(3));
  EXPECT_EQ(outcome.tally.volumes.at("pod-1").hungSince, first + 9s);
}

TEST(Comparison, OfNumbersTheWorstSpeaksForAll) {
  EXPECT_THAT(compare({slow("pod-1", 3s), slow("pod-2", 4s)}, {}, 2).findings.at(0).message,
              HasSubstr("took up to 4.0 s in images in /ghost of both pods"));
  EXPECT_THAT(compare({skewed("pod-1", 9s), skewed("pod-2", 8s)}, {}, 2).findings.at(0).message,
              HasSubstr("dated up to 9.0 s ahead of the clock of both pods"));
}

TEST(Comparison, OfAPodWhoseAgentMayNotWriteItIsNotKnownWhetherItIsUp) {
  View view = readOnly("pod-1");
  view.looks[0].mount = bound(disk(), "ro,relatime", "rw");
  const Outcome outcome = compare({view}, {}, 1);
  ASSERT_THAT(places(outcome), ElementsAre("RC802 pod-1"));
  EXPECT_EQ(outcome.findings[0].message,
            "images in /ghost of pod-1 is mounted read-only for the agent of pod-1; where Ghost's "
            "container has the same mount, Ghost cannot write there");
  EXPECT_THAT(outcome.findings[0].remedy, Not(HasSubstr("checks.volume.write")));
  EXPECT_THAT(outcome.tally.volumeUp, IsEmpty());
}

TEST(Comparison, OfTheSameTheFirstPodSpeaksForAll) {
  std::vector<View> views = {readOnly("pod-1"), readOnly("pod-2")};
  views[0].place.path = "/first";
  views[1].looks[0].folders.push_back(took(well("themes"), 1s));
  EXPECT_THAT(compare(views, {}, 2).findings.at(0).message, HasSubstr("/first of both pods"));
}

TEST(Comparison, GapsNameTheirPods) {
  View view = healthy("pod-2");
  view.looks[0].folders.push_back({.folder = "data"});
  const Outcome outcome = compare({healthy("pod-1"), view}, {}, 2);
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "pod-2");
}

}  // namespace
}  // namespace rollcall::checks::volume
