#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "daemon/agent/agent_pages.h"
#include "daemon/agent/volume_agent.h"
#include "daemon/content/content_dir_calls.h"
#include "tests/support/fake_content_dir.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class AgentTest : public ::testing::Test {
 protected:
  // Looks `count` times; each look takes `each`.
  void look(int count = 1, Duration each = 20s) {
    std::stop_source stop;
    agent_.run(stop.get_token(), [&](const std::vector<MountLook>& looks) {
      heard_.push_back(looks);
      clock_.advance(each);
      if (--count == 0) stop.request_stop();
    });
  }
  WebPage get(const std::string& path) {
    return makeAgentPages(agent_, clock_)->at({.path = path});
  }

  ManualClock clock_{WallTime(1'800'000'000s)};
  testing_support::FakeContentDir dir_;
  VolumeAgent agent_{clock_, dir_, {"/content", {"images", "themes"}, 20s}};
  std::vector<std::vector<MountLook>> heard_;
};

TEST_F(AgentTest, LooksAtOnceAndThenEveryInterval) {
  const MonoTime began = clock_.mono();
  look(3);
  ASSERT_THAT(dir_.questions, SizeIs(3));
  EXPECT_THAT(heard_, SizeIs(3));
  EXPECT_THAT(dir_.questions[0].folders, ElementsAre("images", "themes"));
  EXPECT_TRUE(dir_.questions[0].write);
  EXPECT_EQ(clock_.mono() - began, 60s);
}

TEST_F(AgentTest, TellsHowLongAgoTheLastLookWas) {
  EXPECT_FALSE(agent_.report());
  look();
  clock_.advance(7s);
  const VolumeReport report = agent_.report().value();
  EXPECT_EQ(report.folder, "/content");
  EXPECT_EQ(report.user, ::geteuid());
  EXPECT_EQ(report.interval, 20s);
  EXPECT_EQ(report.began, 27s);
  EXPECT_EQ(report.ended, 27s);
  EXPECT_EQ(report.looks, heard_[0]);
  EXPECT_THAT(report.before, IsEmpty());
}

TEST_F(AgentTest, RemembersTheLookBefore) {
  MountLook well;
  MountLook hung;
  hung.hungSince = clock_.wall();
  dir_.looks = {hung};
  look();
  dir_.looks = {well, well};
  look();
  EXPECT_EQ(agent_.report().value().looks, dir_.looks);
  EXPECT_EQ(agent_.report().value().before, std::vector<MountLook>{hung});
}

TEST_F(AgentTest, IsAliveAtOnceAndReadyAfterTheFirstLook) {
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/api/v1/volume").status, 503);
  EXPECT_EQ(get("/api/v1/volume").body,
            "{\"error\": \"the first look at the volume has not ended yet\"}\n");
  EXPECT_THAT(get("/metrics").body, HasSubstr("rollcall_build_info{version="));
  look();
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_EQ(get("/api/v1/volume").status, 200);
  EXPECT_EQ(get("/api/v1/volume").type, "application/json");
  EXPECT_EQ(get("/").status, 404);
}

TEST_F(AgentTest, SaysWhatItSaw) {
  look();
  const auto read = parseVolumeReport(get("/api/v1/volume").body, clock_.wall());
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_THAT(read->looks, SizeIs(1));
  EXPECT_EQ(read->looks[0].folders, heard_[0][0].folders);
}

TEST_F(AgentTest, IsAliveAndReadyWhileTheVolumeHangs) {
  MountLook hung;
  hung.hungSince = clock_.wall();
  hung.unkillable = true;
  dir_.looks = {hung};
  look();
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_THAT(get("/api/v1/volume").body, HasSubstr("\"hung_seconds\": 20.0"));
  EXPECT_THAT(get("/metrics").body,
              HasSubstr("rollcall_volume_hung_since_timestamp_seconds 1800000000\n"));
}

TEST_F(AgentTest, ShowsNumbersWithoutAPodAndOnlyWhileTheySpeakForThePresent) {
  MountLook well;
  FolderLook& images = well.folders.emplace_back();
  images.wrote = 3ms;
  images.space = VolumeSpace{1'000, 600, 100, 90, false};
  dir_.looks = {well};
  look();
  const std::string text = get("/metrics").body;
  for (const char* line :
       {"\nrollcall_volume_write_seconds 0.003\n", "\nrollcall_volume_size_bytes 1000\n",
        "\nrollcall_volume_free_bytes 600\n", "\nrollcall_volume_free_inodes 90\n"})
    EXPECT_THAT(text, HasSubstr(line));
  clock_.advance(5min);
  EXPECT_THAT(get("/metrics").body, Not(HasSubstr("rollcall_volume_")));
}

TEST(AgentStop, CutsALookShortAndThatOneDoesNotCount) {
  std::string folder = ::testing::TempDir() + "agent_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::filesystem::create_directory(folder + "/images");
  const SystemClock clock;
  const auto dir = makeContentDir(clock, folder,
                                  {systemCalls().open, [](pid_t child) { ::kill(child, SIGKILL); },
                                   [](int) -> int {
                                     while (true) ::pause();
                                   }});
  VolumeAgent agent(clock, *dir, {folder, {"images"}, 20s});
  {
    std::jthread thread([&](const std::stop_token& stop) {
      agent.run(stop, [](const std::vector<MountLook>&) { ADD_FAILURE() << "a look ended"; });
    });
    while (std::filesystem::is_empty(folder + "/images")) std::this_thread::yield();
  }
  EXPECT_FALSE(agent.report());
  std::filesystem::remove_all(folder);
}

FolderLook folderAt(ProbeStep step, int error) {
  return {.folder = "images", .begun = true, .step = step, .error = error};
}

TEST(AgentTrouble, IsOneLineForALog) {
  EXPECT_THAT(troubleIn({}), IsEmpty());
  MountLook look;
  look.mount.point = "/content";
  look.folders = {folderAt(ProbeStep::kDone, 0)};
  EXPECT_THAT(troubleIn({look}), IsEmpty());
  look.folders.push_back(folderAt(ProbeStep::kCreate, EROFS));
  look.folders.push_back(folderAt(ProbeStep::kSync, 0));
  look.folders.push_back({.folder = "media"});
  look.folders.push_back(folderAt(ProbeStep::kReadBack, 0));
  look.folders.back().differs = true;
  EXPECT_EQ(troubleIn({look}),
            "images: create: Read-only file system; images: sync took too long; media: there was "
            "no time to look; images: what is read back is not what was written");
  MountLook hung = look;
  hung.hungSince = WallTime(1'800'000'000s);
  MountLook blind;
  blind.error = Error{ErrorCode::kUnavailable, "no process"};
  EXPECT_EQ(troubleIn({hung, blind}), "/content hangs since 2027-01-15T08:00:00.000Z; no process");
}

}  // namespace
}  // namespace rollcall
