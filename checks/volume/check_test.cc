#include "daemon/core/check.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "checks/volume/looks.h"
#include "daemon/content/volume_json.h"
#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {
const CheckSpec& volumeSpec();

namespace volume {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing_support::FakeContentDir;
using testing_support::FakePodClient;
using testing_support::PatientClock;

// Answers each look in turn, and stays with the last one.
class ChangingDir final : public FakeContentDir {
 public:
  std::vector<MountLook> probe(const VolumeQuestion& question, Deadline deadline,
                               std::stop_token stop) override {
    deadlines.push_back(deadline);
    if (!turns.empty()) {
      looks = turns.front();
      if (turns.size() > 1) turns.erase(turns.begin());
    }
    if (during) during();
    return FakeContentDir::probe(question, deadline, std::move(stop));
  }
  std::vector<std::vector<MountLook>> turns;
  std::vector<Deadline> deadlines;
  std::function<void()> during;
};

class VolumeTest : public testing::Test {
 protected:
  Result<Outcome> tryRun() {
    if (!check_) check_ = volumeSpec().make(params_);
    return check_->run({.topology = topology_,
                        .site = site_,
                        .clock = clock_,
                        .pods = pods_,
                        .dir = configured_,
                        .deadline = Deadline::after(clock_, volumeSpec().timeout),
                        .stop = stop_.get_token()});
  }
  Outcome run() { return testing_support::expectOutcome(tryRun()); }
  void configure(const std::map<std::string, ParamValue>& given) {
    std::vector<std::string> problems;
    params_ = Params::parse(volumeSpec().params, given, "checks.volume", problems);
    EXPECT_THAT(problems, IsEmpty());
  }
  static std::vector<std::string> problemsWith(const std::string& folders) {
    std::vector<std::string> problems;
    Params::parse(volumeSpec().params, {{"folders", folders}}, "checks.volume", problems);
    return problems;
  }
  static std::vector<std::string> codes(const Outcome& outcome) {
    std::vector<std::string> codes;
    for (const Finding& one : outcome.findings) codes.emplace_back(one.def->code);
    return codes;
  }

  Topology topology_;
  Site site_;
  PatientClock clock_;
  FakePodClient pods_;
  ChangingDir dir_;
  ContentDir* configured_ = &dir_;
  std::stop_source stop_;
  Params params_{volumeSpec().params};
  std::unique_ptr<Check> check_;
};

TEST_F(VolumeTest, AsksForEveryFolderGhostWritesToAndSaysNothingOfAHealthyOne) {
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  ASSERT_THAT(dir_.questions, SizeIs(1));
  EXPECT_THAT(dir_.questions[0].folders,
              ElementsAre("images", "media", "files", "themes", "settings", "data"));
  EXPECT_TRUE(dir_.questions[0].write);
  EXPECT_EQ(dir_.questions[0].patience, 10s);
  EXPECT_TRUE(outcome.tally.volumes.at("").writeSeconds);
}

TEST_F(VolumeTest, DoesNotApplyWithoutAContentFolder) {
  configured_ = nullptr;
  EXPECT_THAT(run().notApplicable.value_or(""), HasSubstr("content.path"));
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(VolumeTest, NamesWhatIsWrong) {
  dir_.looks = {on(disk(), {failing(ProbeStep::kCreate, EROFS)})};
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC801"));
  EXPECT_EQ(outcome.findings[0].pod, "");
  EXPECT_THAT(dir_.questions, SizeIs(1));
}

TEST_F(VolumeTest, ForgetsAFindingOnceItIsMended) {
  dir_.looks = {on(disk(), {failing(ProbeStep::kCreate, EROFS)})};
  EXPECT_THAT(codes(run()), SizeIs(1));
  dir_.looks.clear();
  EXPECT_THAT(codes(run()), IsEmpty());
}

TEST_F(VolumeTest, CallsSlowOnlyWhatIsSlowAtASecondLook) {
  const auto slow = on(disk(), {well("media"), took(well("images"), 4s)});
  dir_.turns = {{slow}, {on(disk(), {took(well("images"), 3s)})}};
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC812"));
  EXPECT_EQ(outcome.findings[0].evidence.at("seconds"), "3.000");
  ASSERT_THAT(dir_.questions, SizeIs(2));
  EXPECT_THAT(dir_.questions[1].folders, ElementsAre("images"));
  check_.reset();
  dir_.turns = {{slow}, {on(disk(), {well("images")})}};
  EXPECT_THAT(codes(run()), IsEmpty());
}

TEST_F(VolumeTest, LeavesTimeForASecondLook) {
  dir_.turns = {{on(disk(), {took(well("images"), 4s)})}};
  run();
  ASSERT_THAT(dir_.deadlines, SizeIs(2));
  EXPECT_EQ(dir_.deadlines[0].when() - clock_.mono(), 12'500ms);
  EXPECT_EQ(dir_.deadlines[1].when() - clock_.mono(), 25s);
}

TEST_F(VolumeTest, ALookThatWasStoppedIsNoWordOfTheVolume) {
  dir_.looks = {on(disk(), {cutAt(ProbeStep::kSync, 5s)})};
  dir_.during = [this] { stop_.request_stop(); };
  const auto outcome = tryRun();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kCancelled);
  EXPECT_THAT(dir_.questions, SizeIs(1));
}

TEST_F(VolumeTest, WarnsBeforeTheVolumeIsFullAtItsPace) {
  FolderLook look = well();
  for (int i = 0; i <= 36; ++i, clock_.advance(10min)) {
    look.space->free = (60ull << 30) - static_cast<std::uint64_t>(i) * (1ull << 30);
    dir_.looks = {on(disk(), {look})};
    const Outcome outcome = run();
    if (i < 36)
      ASSERT_THAT(codes(outcome), IsEmpty()) << i;
    else
      EXPECT_THAT(codes(outcome), ElementsAre("RC814"));
  }
}

TEST_F(VolumeTest, LooksAtWhatItWasToldTo) {
  configure({{"folders", std::string("images,themes/mine, images")}, {"write", false}});
  run();
  ASSERT_THAT(dir_.questions, SizeIs(1));
  EXPECT_THAT(dir_.questions[0].folders, ElementsAre("images", "themes/mine"));
  EXPECT_FALSE(dir_.questions[0].write);
}

TEST_F(VolumeTest, RefusesFoldersThatAreNotBelowTheContentFolder) {
  for (const char* bad : {"", " , ", "/etc", "images/../../etc", "..", "images//x", "images/"})
    EXPECT_THAT(problemsWith(bad), SizeIs(1)) << bad;
  EXPECT_THAT(problemsWith("images, ../x"),
              ElementsAre("checks.volume.folders: \"../x\" is no folder below the content folder"));
  EXPECT_THAT(problemsWith("images/2026,themes"), IsEmpty());
}

// Agents beside three pods, and no content folder of Rollcall's own.
class AgentsTest : public VolumeTest {
 protected:
  AgentsTest() {
    configured_ = nullptr;
    configure({{"agent_port", std::int64_t{9869}}});
    for (int i = 1; i <= 3; ++i)
      topology_.pods.push_back(
          {.name = "pod-" + std::to_string(i), .host = "10.0.0." + std::to_string(i)});
    for (const Pod& pod : topology_.pods) say(pod.name, {on(disk(), {well("images")})});
  }
  void say(const std::string& pod, std::vector<MountLook> looks, Duration age = 3s) {
    VolumeReport report{.folder = "/ghost",
                        .user = 1000,
                        .interval = 20s,
                        .began = age,
                        .ended = age,
                        .looks = looks,
                        .before = looks};
    pods_.answer(pod, kPath, 200, formatVolumeReport(report, clock_.wall()));
  }
  static constexpr const char* kPath = "/api/v1/volume";
};

TEST_F(AgentsTest, AsksEachPodsSidecarOnce) {
  std::vector<std::uint16_t> ports;
  pods_.answer("pod-1", kPath, [&](const PodRequest& request) {
    ports.push_back(request.port);
    return Error{ErrorCode::kUnavailable, "as the test asked"};
  });
  run();
  ASSERT_THAT(pods_.asked, SizeIs(3));
  EXPECT_EQ(pods_.asked[0].door, Door::kSidecar);
  EXPECT_THAT(ports, ElementsAre(9869));
  EXPECT_THAT(dir_.questions, IsEmpty());
}

TEST_F(AgentsTest, SaysNothingOfHealthyPodsButTheirNumbers) {
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notApplicable.value_or(""), IsEmpty());
  EXPECT_THAT(outcome.tally.volumes, SizeIs(3));
  EXPECT_EQ(outcome.tally.volumes.at("pod-3").freeBytes, 60ull << 30);
  EXPECT_TRUE(outcome.tally.volumeUp.at("pod-2"));
}

TEST_F(AgentsTest, NamesThePodThatCannotWrite) {
  say("pod-2", {on(disk(), {failing(ProbeStep::kCreate, EROFS)})});
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC801"));
  EXPECT_EQ(outcome.findings[0].pod, "pod-2");
  EXPECT_FALSE(outcome.tally.volumeUp.at("pod-2"));
}

TEST_F(AgentsTest, ComparesThemWithRollcallsOwnMount) {
  configured_ = &dir_;
  dir_.looks = {on(disk(), {failing(ProbeStep::kCreate, EROFS)})};
  for (const Pod& pod : topology_.pods) say(pod.name, dir_.looks);
  const Outcome outcome = run();
  ASSERT_THAT(codes(outcome), ElementsAre("RC801"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("of all 3 pods and of Rollcall"));
  EXPECT_THAT(outcome.tally.volumes, SizeIs(4));
}

TEST_F(AgentsTest, AnAgentThatSaysNothingOfThePresentIsAGapWithItsAddress) {
  pods_.fail("pod-1", kPath, ErrorCode::kUnavailable);
  say("pod-2", {on(disk(), {failing(ProbeStep::kCreate, EROFS)})}, 91s);
  const std::pair<int, const char*> rows[] = {
      {503, "it has not ended its first look yet"},
      {404, "it answers 404: is this a volume agent?"},
      {200, "this is no report of a volume agent: it is not valid JSON"}};
  for (const auto& [status, says] : rows) {
    pods_.answer("pod-3", kPath, status, "<html>");
    const Outcome outcome = run();
    EXPECT_THAT(codes(outcome), IsEmpty());
    ASSERT_THAT(outcome.gaps, SizeIs(3));
    EXPECT_EQ(outcome.gaps[0].pod, "pod-1");
    EXPECT_EQ(outcome.gaps[0].what, "the volume agent at 10.0.0.1:9869");
    EXPECT_EQ(outcome.gaps[1].why.message,
              "its last look is 2 min old, it should look every 20.0 s");
    EXPECT_EQ(outcome.gaps[2].why.message, says);
    EXPECT_THAT(outcome.tally.volumeUp, IsEmpty());
  }
}

TEST_F(AgentsTest, APodThatIsLeavingIsNotAsked) {
  topology_.pods[1].terminating = true;
  run();
  EXPECT_THAT(pods_.asked, SizeIs(2));
}

TEST_F(AgentsTest, WithoutAPodNothingCouldBeLookedAt) {
  topology_.pods.clear();
  const auto outcome = tryRun();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace volume
}  // namespace rollcall::checks
