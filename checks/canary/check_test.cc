#include "checks/canary/check_fixture.h"

namespace rollcall::checks::canary {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

TEST_F(CanaryTest, PodsOnOneVolumeAreAskedThreeTimesAndNothingIsLeft) {
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(gaps(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_THAT(outcome.tally.volumeUp,
              ElementsAre(Pair("a", true), Pair("b", true), Pair("c", true)));
  for (const char* pod : {"a", "b", "c"}) EXPECT_EQ(asked(pod), 3u);
  EXPECT_THAT(left(dir_), IsEmpty());
  EXPECT_EQ(clock_.slept, 0s);
}

TEST_F(CanaryTest, EachQuestionHasAnAddressOfItsOwnBelowContentImages) {
  run(), run();
  std::set<std::string> paths;
  for (const auto& one : pods_.asked) {
    EXPECT_THAT(one.path, testing::MatchesRegex(
                              "/content/images/rollcall-canary-[0-9a-f-]+\\.txt\\?look=[0-9]+"));
    EXPECT_TRUE(paths.insert(one.path).second) << one.path;
  }
  EXPECT_EQ(paths.size(), 18u);
}

TEST_F(CanaryTest, NamesThePodThatHasAnotherVolume) {
  volumes_["b"] = &other_;
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC851 b"));
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.def->severity, Severity::kCritical);
  EXPECT_EQ(finding.message,
            "b answers 404 for a file that was just put into content/images, a, c serve it");
  EXPECT_THAT(finding.remedy, HasSubstr("kubectl delete pod b"));
  EXPECT_THAT(finding.reproduce, HasSubstr("images/by-hand.txt"));
  EXPECT_EQ(finding.evidence.at("status"), "404");
  EXPECT_THAT(outcome.tally.volumeUp,
              ElementsAre(Pair("a", true), Pair("b", false), Pair("c", true)));
  EXPECT_THAT(gaps(outcome), IsEmpty());
  EXPECT_EQ(asked("b"), 3u) << "looked at again, twice";
  EXPECT_EQ(clock_.slept, 4s);
  EXPECT_THAT(left(dir_), IsEmpty());
}

TEST_F(CanaryTest, AClaimThatStandsIsLookedAtOnceAgainAndClearsWhenThePodIsMended) {
  volumes_["b"] = &other_;
  run();
  clock_.slept = {};
  EXPECT_THAT(codes(run()), ElementsAre("RC851 b"));
  EXPECT_EQ(clock_.slept, 2s);
  volumes_["b"] = &dir_;
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.tally.volumeUp, Contains(Pair("b", true)));
}

TEST_F(CanaryTest, APodThatServesItALittleLaterIsNotBlamed) {
  volumes_["b"] = &other_;
  clock_.asleep = [this] { volumes_["b"] = &dir_; };
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.tally.volumeUp, Contains(Pair("b", true)));
}

TEST_F(CanaryTest, WhatNoPodServesIsRollcallsFolderAndNobodysFault) {
  for (auto& [pod, volume] : volumes_) volume = &other_;
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC852"));
  EXPECT_EQ(outcome.findings[0].def->severity, Severity::kWarning);
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("none of the 3 pods"));
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("S3"));
  EXPECT_THAT(outcome.tally.volumeUp, IsEmpty());
  EXPECT_THAT(gaps(outcome), IsEmpty());
}

TEST_F(CanaryTest, TheOnlyPodWithoutItIsNoPodWithAnotherVolume) {
  topology_.pods.resize(1);
  volumes_["a"] = &other_;
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC852"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("a does not serve"));
}

TEST_F(CanaryTest, DoesNotApplyWherePodsSendReadersOfImagesElsewhere) {
  HttpResponse sent = response(301);
  sent.headers.emplace_back("location", "https://cdn.e.org/x");
  for (const char* pod : {"a", "b", "c"}) answersImages(pod, sent);
  const Outcome outcome = run();
  ASSERT_TRUE(outcome.notApplicable);
  EXPECT_THAT(*outcome.notApplicable, HasSubstr("answers 301 to https://cdn.e.org/x"));
  EXPECT_THAT(left(dir_), IsEmpty());
}

TEST_F(CanaryTest, OnePodThatRedirectsWhileOthersServeIsAGap) {
  HttpResponse sent = response(301);
  sent.headers.emplace_back("location", "https://e.org/");
  answersImages("b", sent);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(gaps(outcome), ElementsAre("b: it answers 301 to https://e.org/"));
}

TEST_F(CanaryTest, NamesThePodThatCannotReadWhatIsThere) {
  answersImages("b", response(500, "The server has encountered an error."));
  answersImages("c", response(403, "Forbidden"));
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC854 b", "RC854 c"));
  EXPECT_THAT(outcome.findings[0].message,
              HasSubstr("it answers 500 \"The server has encountered an error.\""));
  EXPECT_THAT(outcome.tally.volumeUp,
              ElementsAre(Pair("a", true), Pair("b", false), Pair("c", false)));
}

TEST_F(CanaryTest, AnErrorOfAnotherKindIsLookedAtAgainBeforeItIsClaimed) {
  int images = 0;
  answers("b", [&](const PodRequest& request) -> std::optional<Answer> {
    if (!request.path.starts_with("/content/images/")) return std::nullopt;
    ++images;
    if (images <= 2) return response(404);
    if (images == 3) return response(500, "once");
    return std::nullopt;
  });
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.tally.volumeUp, Contains(Pair("b", true)));
}

TEST_F(CanaryTest, APodThatAnswersAllButTheFileHangsOnTheVolume) {
  answersImages("b", Error{ErrorCode::kDeadlineExceeded, "no answer within 5 s"});
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC854 b"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("does not answer for it in time"));
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("hangs"));
}

TEST_F(CanaryTest, APodThatAnswersNothingIsAGap) {
  pods_.failAll("b", ErrorCode::kDeadlineExceeded);
  pods_.failAll("c", ErrorCode::kUnavailable);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(gaps(outcome), ElementsAre("b: as the test asked", "c: as the test asked"));
  EXPECT_THAT(outcome.tally.volumeUp, ElementsAre(Pair("a", true)));
}

TEST_F(CanaryTest, APodThatBootsIsAGap) {
  answersImages("b", response(503, "", "text/html"));
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(gaps(outcome), ElementsAre(HasSubstr("b: it boots or migrates")));
}

// Serves what the volume held when the pod first saw a file.
class StaleTest : public CanaryTest {
 protected:
  void remembers(const std::string& pod) {
    answers(pod, [this, pod](const PodRequest& request) -> std::optional<Answer> {
      const std::string path = request.path.substr(0, request.path.find('?'));
      const auto known = seen_.find(path);
      if (known != seen_.end()) return known->second;
      Answer now = ghost(pod, request);
      if (now && now->status == 200) seen_.emplace(path, now);
      return now;
    });
  }
  std::map<std::string, Answer> seen_;
};

TEST_F(StaleTest, AnOldStateIsClaimedAtOnceOnlyWhereAPersonWaits) {
  remembers("b");
  const Outcome outcome = run(Trigger::kOnce);
  ASSERT_THAT(codes(outcome), ElementsAre("RC853 b"));
  EXPECT_EQ(outcome.findings[0].def->severity, Severity::kWarning);
  EXPECT_THAT(
      outcome.findings[0].message,
      HasSubstr("b serves a file in content/images as it was before it was changed, for 20.0 s"));
  EXPECT_EQ(clock_.slept, 20s);
  EXPECT_THAT(outcome.tally.volumeUp, Contains(Pair("b", false)));
  EXPECT_THAT(left(dir_), IsEmpty());
}

TEST_F(StaleTest, TheDaemonClaimsAnOldStateWhenTwoRunsInARowSawIt) {
  remembers("b");
  const Outcome first = run();
  EXPECT_THAT(codes(first), IsEmpty());
  EXPECT_THAT(first.notes, ElementsAre(HasSubstr("not claimed before the next run")));
  EXPECT_THAT(codes(run()), ElementsAre("RC853 b"));
  answersAsGhost("b");
  EXPECT_THAT(codes(run()), IsEmpty());
  remembers("b");
  EXPECT_THAT(codes(run()), IsEmpty()) << "one run between was right";
}

TEST_F(StaleTest, ACacheOfAFewSecondsIsNoOldState) {
  remembers("b");
  clock_.asleep = [this] {
    if (clock_.slept >= 4s) answersAsGhost("b");
  };
  const Outcome outcome = run(Trigger::kOnce);
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_THAT(outcome.tally.volumeUp, Contains(Pair("b", true)));
}

TEST_F(CanaryTest, APodThatStillServesWhatWasRemovedSeesAnOldState) {
  std::optional<Answer> last;
  answers("b", [&](const PodRequest& request) -> std::optional<Answer> {
    Answer now = ghost("b", request);
    if (now && now->status == 200) last = now;
    return last ? *last : now;
  });
  const Outcome outcome = run(Trigger::kOnce);
  ASSERT_THAT(codes(outcome), ElementsAre("RC853 b"));
  EXPECT_THAT(outcome.findings[0].message,
              HasSubstr("serves a file in content/images that was removed"));
  EXPECT_THAT(outcome.tally.volumeUp, Contains(Pair("b", false)));
  EXPECT_THAT(left(dir_), IsEmpty());
}

TEST_F(CanaryTest, BytesThatWereNeverThereAreNoHealthyVolume) {
  answersImages("b", response(200, std::string(40, '\0')));
  const Outcome outcome = run(Trigger::kOnce);
  ASSERT_THAT(codes(outcome), ElementsAre("RC853 b"));
  EXPECT_THAT(outcome.findings[0].message,
              HasSubstr("serves 40 bytes that were never in the file"));
}

TEST_F(CanaryTest, AnotherTimeOfTheSameBytesIsWorthANote) {
  answers("b", [this](const PodRequest& request) -> std::optional<Answer> {
    Answer answer = ghost("b", request);
    for (auto& [name, value] : answer->headers)
      if (name == "etag") value = "W/\"5-18bcfe57000\"";
    return answer;
  });
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("b serves the right bytes, but says")));
}

TEST_F(CanaryTest, APodThatMayNotBeBlamedIsANoteAtMost) {
  volumes_["b"] = &other_;
  topology_.pods[1].ready = false;
  pods_.failAll("c", ErrorCode::kUnavailable);
  topology_.pods[2].terminating = true;
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(gaps(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes,
              ElementsAre("b, which is leaving or not ready: for the canary it answers 404"));
  EXPECT_THAT(outcome.tally.volumeUp, ElementsAre(Pair("a", true)));
  EXPECT_EQ(clock_.slept, 0s);
}

TEST_F(CanaryTest, DoesNotApplyWithoutPodsThatTakeReadersOrWithoutAFolder) {
  volume_ = nullptr;
  EXPECT_THAT(*run().notApplicable, HasSubstr("no content folder is configured"));
  volume_ = &dir_;
  for (Pod& pod : topology_.pods) pod.ready = false;
  EXPECT_EQ(*run().notApplicable, "no pod takes readers");
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(CanaryTest, AVolumeThatTakesNoFileIsAGapAndForTheCheckVolumeToName) {
  dir_.error = Error{ErrorCode::kPermissionDenied, "cannot write images/x: Permission denied"};
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].why.code, ErrorCode::kUnavailable);
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("see the check volume: cannot write"));
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(CanaryTest, DoesNotApplyWhereRollcallsOwnMountIsReadOnly) {
  dir_.error = Error{ErrorCode::kUnavailable, "cannot write images/x: Read-only file system"};
  MountLook look;
  look.mount = {1, "/content", "ext4", "/dev/volume", "ro,relatime", "rw"};
  dir_.looks = {look};
  EXPECT_THAT(*run().notApplicable, HasSubstr("mounted read-only here"));
  dir_.looks[0].mount.superOptions = "ro";
  EXPECT_THAT(gaps(run()), SizeIs(1)) << "nobody can write there";
}

TEST_F(CanaryTest, AFileThatSomebodyElseTookAwayAccusesNobody) {
  answers("a", [this](const PodRequest&) -> std::optional<Answer> {
    dir_.clear();
    dir_.makeFolder("images");
    return std::nullopt;
  });
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(gaps(outcome), ElementsAre(HasSubstr("see the check volume")));
  volumes_["b"] = &other_;
  answersAsGhost("a");
  clock_.asleep = [this] {
    dir_.clear();
    dir_.makeFolder("images");
  };
  const Outcome second = run();
  EXPECT_THAT(codes(second), IsEmpty());
  EXPECT_THAT(gaps(second), ElementsAre(HasSubstr("somebody else removed or changed it")));
}

TEST_F(CanaryTest, AClaimForWhichThereIsNoTimeIsAGap) {
  patience_ = 9s;
  volumes_["b"] = &other_;
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(gaps(outcome), ElementsAre(HasSubstr("b: it answers 404, and there was no time")));
  EXPECT_THAT(left(dir_), IsEmpty());
}

TEST_F(CanaryTest, NothingIsLeftWhenTheProgramIsToEndOrALibraryThrows) {
  std::stop_source stop;
  answers("c", [&](const PodRequest&) -> std::optional<Answer> {
    stop.request_stop();
    return std::nullopt;
  });
  volumes_["b"] = &other_;
  EXPECT_THAT(codes(run(Trigger::kInterval, stop.get_token())), IsEmpty());
  EXPECT_THAT(left(dir_), IsEmpty());
  answers("c", [](const PodRequest&) -> std::optional<Answer> {
    throw std::runtime_error("as the test asked");
  });
  EXPECT_THROW((void)run(), std::runtime_error);
  EXPECT_THAT(left(dir_), IsEmpty());
}

TEST_F(CanaryTest, WhatACrashLeftIsRemovedByTheNextRunAndNothingElse) {
  dir_.write("images/rollcall-canary-7-41-1.txt", "of a process that is gone", dir_.now);
  dir_.write("images/rollcall-canary-9-1-1.txt", "of elsewhere, now in use", dir_.now);
  dir_.write("images/rollcall-canary-9-1-2.txt", "of elsewhere, old", dir_.now - 1h);
  dir_.write("images/photo.png", "an author's", dir_.now - 1h);
  const Outcome outcome = run();
  EXPECT_THAT(left(dir_), UnorderedElementsAre("rollcall-canary-9-1-1.txt", "photo.png"));
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("removed 2 files")));
}

TEST_F(CanaryTest, OneThatCannotBeRemovedIsRemovedBeforeThereIsAnother) {
  answers("c", [&, looks = 0](const PodRequest& request) mutable -> std::optional<Answer> {
    Answer answer = ghost("c", request);
    if (++looks == 2) dir_.error = Error{ErrorCode::kUnavailable, "the volume hangs"};
    return answer;
  });
  EXPECT_THAT(run().gaps,
              ElementsAre(testing::Field(&Gap::what, HasSubstr("removing the canary"))));
  EXPECT_THAT(run().gaps, ElementsAre(testing::Field(&Gap::what, HasSubstr("an earlier canary"))));
  dir_.error.reset();
  EXPECT_THAT(left(dir_), SizeIs(1));
  answersAsGhost("c");
  EXPECT_THAT(gaps(run()), IsEmpty());
  EXPECT_THAT(left(dir_), IsEmpty());
}

}  // namespace
}  // namespace rollcall::checks::canary
