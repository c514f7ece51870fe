// What is claimed of pods, files and the content folder.
#include "checks/images/check_fixture.h"

namespace rollcall::checks::images {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

TEST_F(ImagesTest, SaysNothingWhereAllServeWhatIsInTheFolder) {
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_FALSE(outcome.notApplicable);
  EXPECT_THAT(outcome.tally.volumeUp,
              ElementsAre(Pair("a", true), Pair("b", true), Pair("c", true)));
  EXPECT_TRUE(outcome.tally.pods.at("b").reachable);
  EXPECT_THAT(pods_.asked, SizeIs(3));
  EXPECT_EQ(clock_.slept, Duration::zero());
}

TEST_F(ImagesTest, NamesThePodThatDoesNotServeAFile) {
  answers("b", kPng, 404);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC831 b"));
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.def->severity, Severity::kCritical);
  EXPECT_EQ(finding.message,
            "b answers 404 for 1 file that others serve: /content/images/2026/a.png of the post "
            "\"hello\"");
  EXPECT_THAT(finding.cause, HasSubstr("where the file is"));
  EXPECT_EQ(finding.evidence.at("content_folder"), "there");
  EXPECT_THAT(finding.evidence.at("answers"), HasSubstr("b: 404; c: 206, 100 bytes of"));
  EXPECT_THAT(finding.remedy, HasSubstr("kubectl exec b -- df"));
  EXPECT_THAT(outcome.tally.volumeUp, Contains(Pair("b", false)));
  EXPECT_EQ(asked("b", kPng), 2u);
}

TEST_F(ImagesTest, SaysWhichPodAloneHasWhatWasUploadedThroughIt) {
  mounted_ = false;
  answers("b", kPng, 404), answers("c", kPng, 404);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC831 b", "RC831 c"));
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("only a serves it"));
}

TEST_F(ImagesTest, ManyFilesOfOnePodAreOneFindingWithFiveExamples) {
  std::vector<Row> all;
  for (int i = 0; i < 8; ++i) {
    const std::string path = fmt::format("images/{}.png", i);
    put(path);
    answers("b", path, 404);
    all.push_back(post(fmt::format("p{}", i), fmt::format("slug-{}", i), path));
  }
  posts(all);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC831 b"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("8 files"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("and 3 more"));
  EXPECT_EQ(outcome.findings[0].evidence.at("asked_for"), "8");
}

TEST_F(ImagesTest, NothingIsClaimedOfAPodThatServesItAtTheSecondLook) {
  pods_.answer("b", std::string("/content/") + kPng,
               [this, looks = 0](const PodRequest&) mutable -> Result<HttpResponse> {
                 HttpResponse response;
                 response.status = looks++ == 0 ? 404 : 206;
                 return response;
               });
  EXPECT_THAT(codes(run()), IsEmpty());
  EXPECT_EQ(clock_.slept, Duration(1s));
}

TEST_F(ImagesTest, WithoutTimeForASecondLookADifferenceIsAGap) {
  answers("b", kPng, 404);
  deadline_ = Deadline(clock_.mono() + 1s);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(clock_.slept, Duration::zero());
}

TEST_F(ImagesTest, NamesThePostWhoseFileIsMissingEverywhere) {
  remove(kPng);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC832 of hello"));
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.def->severity, Severity::kWarning);
  EXPECT_EQ(finding.resource->type, "post");
  EXPECT_EQ(finding.resource->id, "p1");
  EXPECT_EQ(finding.message,
            "the post \"hello\" references 1 file that no pod serves, and the content folder does "
            "not have: /content/images/2026/a.png");
  EXPECT_THAT(outcome.tally.volumeUp, IsEmpty());
}

TEST_F(ImagesTest, WithoutTheFolderThePodsAloneTellThatAFileIsMissing) {
  mounted_ = false;
  remove(kPng);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC832 of hello"));
  EXPECT_THAT(outcome.findings[0].message, Not(HasSubstr("content folder")));
  EXPECT_EQ(outcome.findings[0].evidence.at("content_folder"), "not looked at");
}

TEST_F(ImagesTest, NamesTheSettingsWhoseFilesAreMissing) {
  settings({{"icon", "__GHOST_URL__/content/images/i.png"},
            {"logo", "__GHOST_URL__/content/images/l.png"}});
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC832"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("the settings icon, logo reference 2 files"));
}

TEST_F(ImagesTest, WhereNothingIsThereOneFindingSaysSo) {
  posts({post("p1", "x", "images/1.png"), post("p2", "y", "images/2.png"),
         post("p3", "z", "images/3.png")});
  dir_.makeFolder("images");
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC832"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("not one of 3 files"));
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("another volume"));
}

TEST_F(ImagesTest, NamesThePodWithAnotherVersion) {
  serves("c", kPng, 55);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC833 c"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("55 bytes of"));
  EXPECT_THAT(outcome.tally.volumeUp, Contains(Pair("c", true)));
}

TEST_F(ImagesTest, AFileThatChangedAMomentAgoIsNotCompared) {
  serves("c", kPng, 55, kNow - 1min);
  EXPECT_THAT(codes(run()), IsEmpty());
}

TEST_F(ImagesTest, AFileThatChangesBetweenTheLooksIsNotCompared) {
  pods_.answer("c", std::string("/content/") + kPng,
               [size = 50](const PodRequest&) mutable -> Result<HttpResponse> {
                 HttpResponse response;
                 response.status = 206;
                 response.headers = {{"content-range", fmt::format("bytes 0-0/{}", size++)}};
                 return response;
               });
  EXPECT_THAT(codes(run()), IsEmpty());
}

TEST_F(ImagesTest, NamesThePodThatFails) {
  answers("b", kPng, 500);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC834 b"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("b answers 500 for 1 of 1 file:"));
  EXPECT_THAT(outcome.findings[0].remedy,
              HasSubstr("kubectl exec b -- head -c 1 '/var/lib/ghost/content/images/2026/a.png'"));
  EXPECT_THAT(outcome.tally.volumeUp, Contains(Pair("b", false)));
}

TEST_F(ImagesTest, WhereEveryPodFailsNoSingleOneIsBlamed) {
  for (const char* pod : {"a", "b", "c"}) answers(pod, kPng, 403);
  EXPECT_THAT(codes(run()), ElementsAre("RC834"));
}

TEST_F(ImagesTest, AFolderThatIsNotMountedHereSaysNothingOfWhatThePodsServeFromIt) {
  dir_.makeFolder("images");
  settings({{"icon", "__GHOST_URL__/content/media/v.mp4"}});
  for (const char* pod : {"a", "b", "c"}) serves(pod, "media/v.mp4");
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, SizeIs(1));
}

TEST_F(ImagesTest, SaysThatTheFolderIsNotThePods) {
  settings({{"icon", "__GHOST_URL__/content/images/i.png"}});
  for (const char* pod : {"a", "b", "c"}) answers(pod, kPng, 404), serves(pod, "images/i.png");
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC835"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("2 of 2 files"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("(in the folder only)"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("(served only)"));
}

TEST_F(ImagesTest, NamesThePostThatShowsAnEmptyFile) {
  put(kPng, 0);
  EXPECT_THAT(codes(run()), ElementsAre("RC836 of hello"));
}

TEST_F(ImagesTest, APodThatCannotBeAskedIsAGapAndTheOthersAreJudgedAllTheSame) {
  for (int i = 0; i < 10; ++i) put(fmt::format("images/{}.png", i));
  std::vector<Row> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(post(fmt::format("p{}", i), "x", fmt::format("images/{}.png", i)));
  posts(all);
  for (int i = 0; i < 10; ++i)
    pods_.fail("c", fmt::format("/content/images/{}.png", i), ErrorCode::kDeadlineExceeded);
  answers("b", "images/9.png", 404);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), ElementsAre("RC831 b"));
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "c");
  EXPECT_EQ(outcome.gaps[0].why.message, "as the test asked");
  EXPECT_EQ(pods_.counts().at({"c", Reason::kNewest}), 4u);  // those that were under way
  EXPECT_FALSE(pods_.counts().contains({"c", Reason::kSuspect}));
  EXPECT_FALSE(outcome.tally.pods.at("c").reachable);
}

TEST_F(ImagesTest, AFileIsNotCalledMissingEverywhereWhileAPodCannotBeAsked) {
  mounted_ = false;
  remove(kPng);
  pods_.fail("c", std::string("/content/") + kPng, ErrorCode::kUnavailable);
  EXPECT_THAT(codes(run()), IsEmpty());
}

TEST_F(ImagesTest, APodThatBootsIsAGap) {
  answers("b", kPng, 503);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, SizeIs(1));
}

TEST_F(ImagesTest, APodThatIsNotReadyOrLeavesIsNotAsked) {
  topology_.pods[1].terminating = true;
  topology_.pods[2].ready = false;
  EXPECT_THAT(codes(run()), IsEmpty());
  EXPECT_THAT(pods_.asked, SizeIs(1));
  topology_.pods[0].ready = false;
  EXPECT_TRUE(run().notApplicable);
}

TEST_F(ImagesTest, AFolderThatCannotBeLookedAtIsAGapAndThePodsAreCompared) {
  dir_.error = Error{ErrorCode::kUnavailable, "the volume hangs"};
  answers("b", kPng, 404);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), ElementsAre("RC831 b"));
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].why.message, "the volume hangs");
}

TEST_F(ImagesTest, AFolderThatIsNotGhostsSaysNothingOfItsFiles) {
  dir_.clear();
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("is all of it mounted?"));
}

TEST_F(ImagesTest, WhatARedirectCatchesIsNotJudged) {
  answers("a", kPng, 301), answers("b", kPng, 404);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("redirect")));
}

}  // namespace
}  // namespace rollcall::checks::images
