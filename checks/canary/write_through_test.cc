// What is uploaded through the pods, with and without a content folder beside it.
#include "checks/canary/check_fixture.h"

namespace rollcall::checks::canary {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Pair;
using testing::SizeIs;

constexpr const char* kMonth = "images/2026/11";

class WriteThroughTest : public CanaryTest {
 protected:
  void SetUp() override {
    CanaryTest::SetUp();
    volume_ = nullptr;
    make({{"write_through_pods", true}});
  }
  // What Ghost 6.65 answers when the copy into its content folder fails.
  static HttpResponse refusal(const std::string& why) {
    return response(500,
                    R"({"errors":[{"message":"Internal server error, cannot upload image.",)"
                    R"("context":"An unexpected error occurred, please try again. )" +
                        why + "\"}]}",
                    "application/json");
  }
  void answersUploads(const std::string& pod, Answer answer) {
    answers(pod, [answer](const PodRequest& request) -> std::optional<Answer> {
      if (request.method == Method::kPost) return answer;
      return std::nullopt;
    });
  }
  std::size_t posts() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        pods_.asked, [](const auto& one) { return one.method == Method::kPost; }));
  }
};

TEST_F(WriteThroughTest, UploadsThroughEachPodAndFetchesThroughAll) {
  const Outcome outcome = run();
  EXPECT_FALSE(outcome.notApplicable);
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(gaps(outcome), IsEmpty());
  EXPECT_THAT(outcome.tally.volumeUp,
              ElementsAre(Pair("a", true), Pair("b", true), Pair("c", true)));
  EXPECT_THAT(uploads_, SizeIs(3));
  EXPECT_EQ(pods_.asked.size(), 3u + 3u + 9u);
  EXPECT_TRUE(std::ranges::all_of(pods_.asked, [](const auto& one) {
    return one.method != Method::kPost || one.door == Door::kAdmin;
  }));
  for (const PodRequest& one : uploads_) EXPECT_THAT(one.authorization, HasSubstr("Ghost ey"));
  EXPECT_THAT(left(dir_, kMonth), SizeIs(3)) << "without a content folder they stay";
  EXPECT_THAT(left(dir_, kMonth)[0], MatchesRegex("rollcall-write-through-[0-9a-f-]+\\.ico"));
}

TEST_F(WriteThroughTest, WithAContentFolderNothingStays) {
  volume_ = &dir_;
  dir_.write("images/2026/11/rollcall-write-through-9-1-1.ico", std::string(kUploadBytes, 'x'),
             dir_.now - 1h);
  dir_.write("images/2026/11/photo.png", "an author's", dir_.now - 1h);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_THAT(left(dir_, kMonth), ElementsAre("photo.png"));
}

TEST_F(WriteThroughTest, IsOffByDefault) {
  make();
  EXPECT_TRUE(run().notApplicable);
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(WriteThroughTest, NeedsAKey) {
  for (const char* key : {"", "abc", "abc:xyz"}) {
    key_ = key;
    const Outcome outcome = run();
    ASSERT_THAT(outcome.gaps, SizeIs(1)) << key;
    EXPECT_EQ(outcome.gaps[0].why.code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("ROLLCALL_ADMIN_API_KEY"));
  }
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(WriteThroughTest, IsDoneOnceAnHourAndWhatItFoundIsSaidUntilThen) {
  run();
  EXPECT_EQ(posts(), 3u);
  clock_.advance(59min);
  EXPECT_THAT(run().tally.volumeUp, Contains(Pair("b", true)));
  EXPECT_EQ(posts(), 3u);
  clock_.advance(1min);
  run();
  EXPECT_EQ(posts(), 6u);
  run(Trigger::kOnce);
  EXPECT_EQ(posts(), 9u) << "a person waits";
}

TEST_F(WriteThroughTest, IsRepeatedAfterTenMinutesWhenSomethingIsWrongOrAPodIsNew) {
  volumes_["b"] = &other_;
  EXPECT_THAT(codes(run()), ElementsAre("RC856 b"));
  volumes_["b"] = &dir_;
  clock_.advance(9min);
  EXPECT_THAT(codes(run()), ElementsAre("RC856 b"));
  clock_.advance(1min);
  EXPECT_THAT(codes(run()), IsEmpty());
  EXPECT_EQ(posts(), 6u);
  topology_.pods[2].name = "d";
  volumes_["d"] = &dir_;
  answersAsGhost("d");
  clock_.advance(5min);
  EXPECT_THAT(run().tally.volumeUp, testing::Not(Contains(Pair("c", true))));
  EXPECT_EQ(posts(), 6u);
  clock_.advance(5min);
  EXPECT_THAT(run().tally.volumeUp, Contains(Pair("d", true)));
  EXPECT_EQ(posts(), 9u);
}

TEST_F(WriteThroughTest, NamesThePodThatCannotStoreAndWhatGhostSays) {
  answersUploads("b", refusal("EROFS: read-only file system, copyfile 'x' -> 'y'"));
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC855 b"));
  const Finding& finding = outcome.findings[0];
  EXPECT_THAT(finding.message, HasSubstr("EROFS: read-only file system"));
  EXPECT_EQ(finding.evidence.at("error"), "EROFS");
  EXPECT_THAT(finding.remedy, HasSubstr("kubectl exec b -- grep content /proc/mounts"));
  EXPECT_THAT(outcome.tally.volumeUp,
              ElementsAre(Pair("a", true), Pair("b", false), Pair("c", true)));
  EXPECT_EQ(posts(), 4u) << "nothing is claimed on one failure";
  EXPECT_THAT(gaps(outcome), IsEmpty());
}

TEST_F(WriteThroughTest, AnUploadThatFailsOnceIsNoFinding) {
  answersUploads("b", refusal("EIO: i/o error"));
  clock_.asleep = [this] { answersAsGhost("b"); };
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.tally.volumeUp, Contains(Pair("b", true)));
}

TEST_F(WriteThroughTest, AnUploadThatHangsOnAPodThatAnswersIsNotStored) {
  answersUploads("b", Error{ErrorCode::kDeadlineExceeded, "no answer"});
  pods_.failAll("c", ErrorCode::kDeadlineExceeded);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC855 b"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("not stored within 10.0 s"));
  EXPECT_THAT(gaps(outcome), ElementsAre("c: as the test asked"));
}

TEST_F(WriteThroughTest, ARefusedKeyOrAPodThatBootsIsAGap) {
  answersUploads("b",
                 response(401, R"({"errors":[{"message":"Invalid token"}]})", "application/json"));
  answersUploads("c", response(503));
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(2));
  EXPECT_EQ(outcome.gaps[0].why.code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(outcome.gaps[1].why.code, ErrorCode::kUnavailable);
  EXPECT_THAT(outcome.tally.volumeUp, ElementsAre(Pair("a", true)));
}

TEST_F(WriteThroughTest, NamesThePodThatDoesNotShareTheVolume) {
  volumes_["c"] = &other_;
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC856 c"));
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.message,
            "what was uploaded through a is missing on c; what was uploaded through b is missing "
            "on c; what was uploaded through c is missing on a, b");
  EXPECT_EQ(finding.evidence.at("through c"), "404 on a, b");
  EXPECT_THAT(outcome.tally.volumeUp,
              ElementsAre(Pair("a", true), Pair("b", true), Pair("c", false)));
  EXPECT_EQ(clock_.slept, 4s);
}

TEST_F(WriteThroughTest, TwoPodsApartAccuseNeither) {
  topology_.pods.resize(2);
  volumes_["b"] = &other_;
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), ElementsAre("RC856"));
  EXPECT_THAT(outcome.tally.volumeUp, IsEmpty());
}

TEST_F(WriteThroughTest, APodThatCannotReadUploadsIsNamedAlthoughItStoresThem) {
  answersImages("b", response(500, "The server has encountered an error."));
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC854 b"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("an image that was just uploaded"));
  EXPECT_THAT(gaps(outcome), IsEmpty());
}

TEST_F(WriteThroughTest, ImagesThatAreKeptElsewhereCannotBeAskedFor) {
  for (const char* pod : {"a", "b", "c"})
    answersUploads(pod, response(201, R"({"images":[{"url":"https://cdn.e.org/x.ico"}]})",
                                 "application/json"));
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(gaps(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("through a, b, c is kept elsewhere")));
  for (const char* pod : {"a", "b", "c"}) answersImages(pod, response(404));
  EXPECT_THAT(codes(run(Trigger::kOnce)), IsEmpty()) << "no pod serves what it stored";
}

TEST_F(WriteThroughTest, APodThatIsLeavingIsNotAskedAndWhatWasFoundOfItIsForgotten) {
  volumes_["b"] = &other_;
  EXPECT_THAT(codes(run()), ElementsAre("RC856 b"));
  topology_.pods[1].terminating = true;
  EXPECT_THAT(codes(run()), IsEmpty());
  pods_.asked.clear();
  run(Trigger::kOnce);
  EXPECT_EQ(asked("b"), 0u);
}

TEST_F(WriteThroughTest, WhereTheVolumeSaysNoAndUploadsSayYesThePodIsNotUp) {
  volume_ = &dir_;
  for (const char* pod : {"a", "b", "c"}) volumes_[pod] = &other_;
  volumes_["a"] = &dir_;
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), ElementsAre("RC851 b", "RC851 c", "RC856 a"));
  EXPECT_THAT(outcome.tally.volumeUp,
              ElementsAre(Pair("a", false), Pair("b", false), Pair("c", false)));
}

TEST_F(WriteThroughTest, ARoundForWhichThereIsNoTimeIsAGap) {
  patience_ = 5s;
  answersUploads("b", refusal("EIO: i/o error"));
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(gaps(outcome), ElementsAre(HasSubstr("no time for a second one")));
}

}  // namespace
}  // namespace rollcall::checks::canary
