// The probe on file systems that really fail: which step, which errno, and that it heals by itself.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "tests/component/volume/volume_test.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;

constexpr uid_t kNobody = 65534;

class BrokenVolumeTest : public VolumeTest {
 protected:
  void expectFailure(const MountLook& look, ProbeStep step, int error) {
    EXPECT_FALSE(look.error);
    EXPECT_FALSE(look.hungSince);
    for (const FolderLook& folder : look.folders) {
      EXPECT_EQ(name(folder.step), name(step)) << folder.folder;
      EXPECT_EQ(folder.error, error) << folder.folder;
    }
  }
  void expectHealed() {
    expectWell(probe());
    // What a removal that failed has left behind, too.
    expectNothingLeft();
  }
  void setFlags(const std::string& folder, int flags) {
    const int file = ::open((root_ / folder).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    EXPECT_EQ(::ioctl(file, FS_IOC_SETFLAGS, &flags), 0);
    ::close(file);
  }
  // As much as fits.
  void fill(const char* name) {
    std::ofstream file(root_ / name, std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
};

TEST_F(BrokenVolumeTest, EveryKindOfFileSystemIsWellAtFirst) {
  for (const char* kind : {"ext4", "xfs", "tmpfs", "faulty"}) {
    if (!tell({"make", kind, kind})) GTEST_SKIP() << why();
  }
  for (const char* kind : {"ext4", "xfs", "tmpfs", "faulty"}) {
    if (!tell({"renew", kind})) GTEST_SKIP() << why();
  }
}

TEST_F(BrokenVolumeTest, ReadOnlyByItsSuperBlock) {
  if (!mount("ext4")) GTEST_SKIP() << why();
  expectWell(probe());
  tell({"remount", "volume", "ro"});
  const MountLook look = probe();
  expectFailure(look, ProbeStep::kCreate, EROFS);
  EXPECT_TRUE(look.folders[0].space.value().readOnly);
  EXPECT_EQ(look.mount.type, "ext4");
  EXPECT_TRUE(hasOption(look.mount.superOptions, "ro"));
  tell({"remount", "volume", "rw"});
  expectHealed();
}

TEST_F(BrokenVolumeTest, ReadOnlyByABindMountAlone) {
  if (!mount("ext4") || !tell({"make", "bound", "bind", root_})) GTEST_SKIP() << why();
  const std::filesystem::path bound = root_.parent_path().parent_path() / "bound" / "volume";
  const auto dir = makeContentDir(clock_, bound);
  const auto look = [&] {
    return dir->probe({.folders = {"images"}}, Deadline::after(clock_, 30s), {}).at(0);
  };
  expectWell(look());
  tell({"remount", "bound", "bind,ro"});
  const MountLook broken = look();
  expectFailure(broken, ProbeStep::kCreate, EROFS);
  EXPECT_TRUE(broken.folders[0].space.value().readOnly);
  EXPECT_TRUE(hasOption(broken.mount.options, "ro"));
  EXPECT_TRUE(hasOption(broken.mount.superOptions, "rw"));
  tell({"remount", "bound", "bind,rw"});
  expectWell(look());
}

TEST_F(BrokenVolumeTest, ReadOnlyByTheKernelAfterAnErrorAndStillCalledWritable) {
  if (!mount("ext4", "errors=remount-ro") || !tell({"fail", "volume"})) GTEST_SKIP() << why();
  const MountLook look = probe();
  expectFailure(look, ProbeStep::kCreate, EROFS);
  EXPECT_TRUE(hasOption(look.mount.options, "rw"));
  tell({"renew", "volume"});
  expectHealed();
}

TEST_F(BrokenVolumeTest, FullIsNoticedWhereAnEmptyFilePasses) {
  if (!mount("tmpfs", "size=64k")) GTEST_SKIP() << why();
  fill("big");
  const MountLook look = probe();
  expectFailure(look, ProbeStep::kWrite, ENOSPC);
  EXPECT_EQ(look.folders[0].space.value().free, 0u);
  EXPECT_GT(look.folders[0].space.value().freeInodes, 0u);
  std::filesystem::remove(root_ / "big");
  expectHealed();
}

TEST_F(BrokenVolumeTest, ABlockThatFitsInPartOnlyIsFull) {
  if (!mount("ext4")) GTEST_SKIP() << why();
  fill("big");
  std::filesystem::resize_file(root_ / "big", std::filesystem::file_size(root_ / "big") - 1024);
  const MountLook look = probe();
  EXPECT_EQ(look.folders[0].error, ENOSPC);
  std::filesystem::remove(root_ / "big");
  expectHealed();
}

TEST_F(BrokenVolumeTest, NoInodesLeft) {
  // One for the root, two for the folders.
  if (!mount("tmpfs", "nr_inodes=3")) GTEST_SKIP() << why();
  const MountLook look = probe();
  expectFailure(look, ProbeStep::kCreate, ENOSPC);
  EXPECT_EQ(look.folders[0].space.value().freeInodes, 0u);
  EXPECT_GT(look.folders[0].space.value().free, 0u);
  tell({"remount", "volume", "nr_inodes=100"});
  expectHealed();
}

TEST_F(BrokenVolumeTest, AFileSystemThatShutItselfDown) {
  if (!mount("xfs")) GTEST_SKIP() << why();
  expectWell(probe());
  tell({"shutdown", "volume"});
  expectFailure(probe(), ProbeStep::kReach, EIO);
  tell({"renew", "volume"});
  expectHealed();
}

TEST_F(BrokenVolumeTest, AnotherUserMayNotWrite) {
  if (!mount("ext4")) GTEST_SKIP() << why();
  ASSERT_EQ(::seteuid(kNobody), 0);
  const MountLook look = probe();
  ASSERT_EQ(::seteuid(0), 0);
  expectFailure(look, ProbeStep::kCreate, EACCES);
  EXPECT_EQ(look.folders[0].owner, (FolderOwner{0, 0, 0755}));
  for (const char* folder : {"images", "themes"})
    ASSERT_EQ(::chown((root_ / folder).c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(::seteuid(kNobody), 0);
  expectWell(probe());
  ASSERT_EQ(::seteuid(0), 0);
  expectNothingLeft();
}

TEST_F(BrokenVolumeTest, AnotherUserMayNotEvenEnter) {
  if (!mount("ext4")) GTEST_SKIP() << why();
  std::filesystem::permissions(root_, std::filesystem::perms::owner_all);
  ASSERT_EQ(::seteuid(kNobody), 0);
  const MountLook look = probe();
  ASSERT_EQ(::seteuid(0), 0);
  expectFailure(look, ProbeStep::kReach, EACCES);
}

TEST_F(BrokenVolumeTest, AnImmutableFolder) {
  if (!mount("ext4")) GTEST_SKIP() << why();
  setFlags("images", FS_IMMUTABLE_FL);
  const MountLook look = probe();
  EXPECT_EQ(name(look.folders[0].step), "create");
  EXPECT_EQ(look.folders[0].error, EPERM);
  EXPECT_EQ(name(look.folders[1].step), "done");
  setFlags("images", 0);
  expectHealed();
}

TEST_F(BrokenVolumeTest, WhereNothingCanBeRemovedOneFileIsLeftAndNoMore) {
  if (!mount("ext4")) GTEST_SKIP() << why();
  setFlags("images", FS_APPEND_FL);
  for (int i = 0; i < 3; ++i) {
    const MountLook look = probe();
    EXPECT_EQ(name(look.folders[0].step), "remove");
    EXPECT_EQ(look.folders[0].error, EPERM);
    EXPECT_EQ(name(look.folders[1].step), "done");
  }
  EXPECT_THAT(filesIn("images"), SizeIs(1));
  setFlags("images", 0);
  expectHealed();
}

TEST_F(BrokenVolumeTest, AFolderThatIsMissing) {
  if (!mount("ext4")) GTEST_SKIP() << why();
  std::filesystem::remove(root_ / "images");
  const MountLook look = probe();
  EXPECT_EQ(name(look.folders[0].step), "reach");
  EXPECT_EQ(look.folders[0].error, ENOENT);
  EXPECT_EQ(name(look.folders[1].step), "done");
  std::filesystem::create_directory(root_ / "images");
  expectHealed();
}

TEST_F(BrokenVolumeTest, ADisconnectedServer) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  expectWell(probe());
  tell({"kill", "volume"});
  const MountLook look = probe();
  expectFailure(look, ProbeStep::kReach, ENOTCONN);
  EXPECT_EQ(look.mount.type, "fuse.faulty");
  tell({"renew", "volume"});
  expectHealed();
}

TEST_F(BrokenVolumeTest, WhatIsReadBackDiffers) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("read garble");
  const MountLook look = probe();
  expectFailure(look, ProbeStep::kReadBack, 0);
  EXPECT_TRUE(look.folders[0].differs);
  rule("");
  expectHealed();
}

TEST_F(BrokenVolumeTest, AServerWhoseClockIsAhead) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("getattr ahead 60");
  const MountLook look = probe();
  expectWell(look);
  EXPECT_GT(look.folders[0].skew.value(), 50s);
  EXPECT_LE(look.folders[0].skew.value(), 60s);
}

TEST_F(BrokenVolumeTest, SlowStepsAreMeasured) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("fsync delay 150,write delay 50");
  const MountLook look = probe();
  expectWell(look);
  EXPECT_GE(look.folders[0].synced, 150ms);
  EXPECT_GE(look.folders[0].wrote, 200ms);
  rule("");
  // A busy machine may be slow as well, but not each time.
  bool quick = false;
  for (int looks = 0; looks < 100 && !quick; ++looks) quick = probe().folders[0].wrote < 150ms;
  EXPECT_TRUE(quick);
}

// Each operation with an error of its own, on the file system that does as it is told.

struct Row {
  const char* operation;
  int error;
  ProbeStep step;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.operation << " error " << ::strerrorname_np(row.error);
}

class ToldToFailTest : public BrokenVolumeTest, public ::testing::WithParamInterface<Row> {};

TEST_P(ToldToFailTest, IsNamedByStepAndErrnoAndHeals) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  const Row& row = GetParam();
  rule(std::string(row.operation) + " error " + std::to_string(row.error));
  expectFailure(probe(), row.step, row.error);
  rule("");
  expectHealed();
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ToldToFailTest,
    ::testing::Values(
        Row{"getattr", ESTALE, ProbeStep::kReach}, Row{"getattr", EIO, ProbeStep::kReach},
        Row{"statfs", ESTALE, ProbeStep::kReach}, Row{"create", ESTALE, ProbeStep::kCreate},
        Row{"create", EDQUOT, ProbeStep::kCreate}, Row{"create", EMFILE, ProbeStep::kCreate},
        Row{"write", EDQUOT, ProbeStep::kWrite}, Row{"write", EIO, ProbeStep::kWrite},
        Row{"fsync", EIO, ProbeStep::kSync}, Row{"fsync", ENOSPC, ProbeStep::kSync},
        Row{"flush", EDQUOT, ProbeStep::kClose}, Row{"open", ESTALE, ProbeStep::kReadBack},
        Row{"read", EIO, ProbeStep::kReadBack}, Row{"unlink", EACCES, ProbeStep::kRemove},
        Row{"unlink", EIO, ProbeStep::kRemove}),
    [](const auto& row) {
      return std::string(row.param.operation) + "_" + ::strerrorname_np(row.param.error);
    });

}  // namespace
}  // namespace rollcall
