// The probe of a folder's volume on an ordinary disk. Broken and hanging file systems are in
// tests/component/.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/content/content_dir_calls.h"
#include "daemon/content/own_files.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using std::filesystem::path;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ProbeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "probe_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    for (const char* name : {"images", "themes"}) std::filesystem::create_directory(folder_ / name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<ContentDir> with(const ChildCalls& calls) {
    return makeContentDir(clock_, folder_, calls);
  }
  MountLook probe(ContentDir& dir, const VolumeQuestion& question) {
    auto looks = dir.probe(question, Deadline::after(clock_, 30s), {});
    EXPECT_THAT(looks, SizeIs(1));
    return looks.empty() ? MountLook{} : looks.front();
  }
  MountLook probe(ContentDir& dir) { return probe(dir, {.folders = {"images", "themes"}}); }
  std::vector<std::string> filesIn(const std::string& name) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / name))
      names.push_back(entry.path().filename());
    return names;
  }

  SystemClock clock_;
  path folder_;
};

TEST_F(ProbeTest, WritesReadsAndLeavesNothing) {
  auto dir = makeContentDir(clock_, folder_);
  const MountLook look = probe(*dir);
  EXPECT_FALSE(look.error);
  EXPECT_FALSE(look.hungSince);
  EXPECT_FALSE(look.mount.type.empty());
  ASSERT_THAT(look.folders, SizeIs(2));
  for (const FolderLook& folder : look.folders) {
    EXPECT_TRUE(folder.begun);
    EXPECT_EQ(folder.step, ProbeStep::kDone) << name(folder.step) << " " << folder.error;
    EXPECT_GT(folder.wrote, folder.synced);
    EXPECT_GT(folder.space.value().size, folder.space.value().free);
    EXPECT_EQ(folder.owner.value().user, ::getuid());
    EXPECT_EQ(folder.owner.value().mode, 0755u);
    EXPECT_LT(std::chrono::abs(folder.skew.value()), 1s);
  }
  EXPECT_THAT(filesIn("images"), IsEmpty());
  EXPECT_THAT(filesIn("themes"), IsEmpty());
}

TEST_F(ProbeTest, WritesNothingWhenToldSo) {
  std::filesystem::permissions(folder_ / "images", std::filesystem::perms(0555));
  auto dir = makeContentDir(clock_, folder_);
  const MountLook look = probe(*dir, {.folders = {"images"}, .write = false});
  EXPECT_EQ(look.folders[0].step, ProbeStep::kDone);
  EXPECT_TRUE(look.folders[0].space);
  EXPECT_FALSE(look.folders[0].skew);
}

TEST_F(ProbeTest, TellsTheStepThatFailedAndGoesOnWithTheNextFolder) {
  std::ofstream(folder_ / "file") << "x";
  auto dir = with({systemCalls().open, systemCalls().end, [](int) {
                     errno = EIO;
                     return -1;
                   }});
  const MountLook look = probe(*dir, {.folders = {"absent", "file", "images"}});
  EXPECT_EQ(look.folders[0].step, ProbeStep::kReach);
  EXPECT_EQ(look.folders[0].error, ENOENT);
  EXPECT_EQ(look.folders[1].error, ENOTDIR);
  EXPECT_EQ(look.folders[2].step, ProbeStep::kSync);
  EXPECT_EQ(look.folders[2].error, EIO);
  EXPECT_THAT(filesIn("images"), IsEmpty());
}

TEST_F(ProbeTest, AStepWithoutEndHangsAndTheNextProbeSaysSinceWhen) {
  auto dir = with({systemCalls().open, [](pid_t child) { ::kill(child, SIGKILL); },
                   [](int) -> int {
                     while (true) ::pause();
                   }});
  const VolumeQuestion question{.folders = {"images", "themes"}, .patience = 50ms};
  const MountLook first = probe(*dir, question);
  ASSERT_TRUE(first.hungSince);
  EXPECT_FALSE(first.unkillable);
  EXPECT_EQ(first.folders[0].step, ProbeStep::kSync);
  EXPECT_EQ(first.folders[0].error, 0);
  EXPECT_FALSE(first.folders[1].begun);
  EXPECT_EQ(probe(*dir, question).hungSince, first.hungSince);
}

TEST_F(ProbeTest, ALookThatWritesNothingDoesNotEndAHangOfWriting) {
  auto dir = with({systemCalls().open, [](pid_t child) { ::kill(child, SIGKILL); },
                   [](int) -> int {
                     while (true) ::pause();
                   }});
  const VolumeQuestion writing{.folders = {"images"}, .patience = 50ms};
  const auto since = probe(*dir, writing).hungSince;
  ASSERT_TRUE(since);
  EXPECT_FALSE(probe(*dir, {.folders = {"images"}, .write = false}).hungSince);
  EXPECT_EQ(probe(*dir, writing).hungSince, since);
}

TEST_F(ProbeTest, LooksAtNothingOutsideOfTheContentFolder) {
  std::filesystem::create_directory(folder_ / "content");
  auto dir = makeContentDir(clock_, folder_ / "content");
  for (const char* folder : {"../images", "/etc", ".."}) {
    const MountLook look = probe(*dir, {.folders = {folder}});
    ASSERT_TRUE(look.error) << folder;
    EXPECT_EQ(look.error->code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(look.folders.at(0).begun);
  }
}

TEST_F(ProbeTest, AChildThatCannotBeEndedStaysTheOnlyOneThatWrites) {
  static pid_t hanging;
  hanging = 0;
  auto dir = with({systemCalls().open, [](pid_t child) { hanging = child; },
                   [](int) -> int {
                     while (true) ::pause();
                   }});
  const MountLook first = probe(*dir, {.folders = {"images"}, .patience = 50ms});
  EXPECT_TRUE(first.unkillable);
  const MountLook second = probe(*dir, {.folders = {"images"}, .patience = 50ms});
  EXPECT_TRUE(second.unkillable);
  EXPECT_EQ(second.hungSince, first.hungSince);
  EXPECT_FALSE(second.folders[0].begun);
  std::ofstream(folder_ / "x") << "x";
  EXPECT_EQ(dir->read("x", 1, Deadline::after(clock_, 30s)).value(), "x") << "only writing hangs";
  EXPECT_EQ(dir->sweep("images", clock_.wall(), Deadline::after(clock_, 30s)).error().code,
            ErrorCode::kUnavailable);

  ::kill(hanging, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(hanging), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(probe(*dir, {.folders = {"images"}, .write = false}).hungSince);
}

TEST_F(ProbeTest, AChildThatIsSlowToEndIsWaitedForBeforeItCountsAsHanging) {
  static std::string letGo;
  letGo = folder_ / "let-go";
  auto dir = with({systemCalls().open, [](pid_t) {},
                   [](int) -> int {
                     while (::access(letGo.c_str(), F_OK) != 0) ::usleep(1'000);
                     return 0;
                   }});
  const VolumeQuestion question{.folders = {"images"}};
  const auto cut = dir->probe(question, Deadline::after(clock_, 1s), {});
  EXPECT_FALSE(cut.at(0).hungSince);
  EXPECT_EQ(cut.at(0).folders.at(0).step, ProbeStep::kSync);
  std::ofstream(letGo) << "x";
  const MountLook next = probe(*dir, question);
  EXPECT_FALSE(next.hungSince);
  EXPECT_EQ(next.folders.at(0).step, ProbeStep::kDone);
}

TEST_F(ProbeTest, AChildThatTakesAMomentToDieIsNotCalledUnkillable) {
  static std::thread killer;
  auto dir = with({systemCalls().open,
                   [](pid_t child) {
                     if (killer.joinable()) return;
                     killer = std::thread([child] {
                       ::usleep(60'000);
                       ::kill(child, SIGKILL);
                     });
                   },
                   [](int) -> int {
                     while (true) ::pause();
                   }});
  const MountLook look = probe(*dir, {.folders = {"images"}, .patience = 50ms});
  killer.join();
  EXPECT_TRUE(look.hungSince);
  EXPECT_FALSE(look.unkillable);
}

TEST_F(ProbeTest, AStopRequestEndsItAndIsNoHang) {
  auto dir = with({systemCalls().open, [](pid_t child) { ::kill(child, SIGKILL); },
                   [](int) -> int {
                     while (true) ::pause();
                   }});
  std::stop_source stop;
  stop.request_stop();
  const auto looks =
      dir->probe({.folders = {"images"}}, Deadline::after(clock_, 60s), stop.get_token());
  EXPECT_FALSE(looks.at(0).hungSince);
}

TEST_F(ProbeTest, RemovesWhatADeadProcessLeft) {
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(dead, nullptr, 0), dead);
  const OwnFile left{OwnKind::kProbe, readPlace(), static_cast<std::uint32_t>(dead), 1};
  OwnFile inUse = left, elsewhere = left;
  inUse.process = static_cast<std::uint32_t>(::getpid());
  elsewhere.place ^= 1;
  for (const OwnFile& file : {left, inUse, elsewhere})
    std::ofstream(folder_ / "images" / nameOf(file)) << "x";
  auto dir = makeContentDir(clock_, folder_);
  const MountLook look = probe(*dir);
  EXPECT_EQ(look.folders[0].leftOvers, 1u);
  EXPECT_EQ(look.folders[1].leftOvers, 0u);
  EXPECT_THAT(filesIn("images"), ::testing::UnorderedElementsAre(nameOf(inUse), nameOf(elsewhere)));
}

}  // namespace
}  // namespace rollcall
