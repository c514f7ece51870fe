#include "daemon/core/check.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "checks/volume/looks.h"
#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_pod_client.h"
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
  Outcome run() {
    auto outcome = tryRun();
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : Outcome{};
  }
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

}  // namespace
}  // namespace volume
}  // namespace rollcall::checks
