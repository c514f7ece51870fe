// The probe on file systems that do not answer, where not even SIGKILL ends who waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "daemon/content/content_dir_calls.h"
#include "tests/component/volume/volume_test.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 200ms;

class HangingVolumeTest : public VolumeTest {
 protected:
  // Every probe says so and starts no second child; files are read where only writing hangs.
  void expectHang(ProbeStep step) {
    const WallTime before = clock_.wall();
    const MountLook first = probe(kPatience);
    ASSERT_TRUE(first.hungSince);
    EXPECT_GE(*first.hungSince, before - 1ms);
    EXPECT_LE(*first.hungSince, clock_.wall() - kPatience);
    EXPECT_TRUE(first.unkillable);
    EXPECT_EQ(name(first.folders[0].step), name(step));
    EXPECT_EQ(first.folders[0].error, 0);
    EXPECT_FALSE(first.folders[1].begun);
    EXPECT_EQ(childrenOfThisProcess(), 1);
    const MonoTime asked = clock_.mono();
    const MountLook second = probe();
    EXPECT_LT(clock_.mono() - asked, 5s) << "it is known already that it hangs";
    EXPECT_EQ(second.hungSince, first.hungSince);
    EXPECT_TRUE(second.unkillable);
    const bool writing = step != ProbeStep::kReach && step != ProbeStep::kReadBack;
    EXPECT_EQ(read("absent").error().code,
              writing ? ErrorCode::kNotFound : ErrorCode::kUnavailable);
    EXPECT_EQ(childrenOfThisProcess(), 1);
  }
  Result<std::string> read(const char* path, Duration limit = 30s) {
    return dir().read(path, 9, Deadline::after(clock_, limit));
  }
  void expectRecovery() {
    expectWell(probeUntilItAnswers());
    EXPECT_EQ(childrenOfThisProcess(), 0);
    expectNothingLeft();
  }
};

TEST_F(HangingVolumeTest, AFrozenFileSystem) {
  if (!mount("ext4") || !tell({"freeze", "volume"})) GTEST_SKIP() << why();
  std::error_code error;
  EXPECT_GT(std::filesystem::space(root_, error).capacity, 0u) << "statvfs still answers";
  expectHang(ProbeStep::kCreate);
  tell({"thaw", "volume"});
  expectRecovery();
}

TEST_F(HangingVolumeTest, AFrozenFileSystemIsReadAndNotWrittenTo) {
  if (!mount("ext4")) GTEST_SKIP() << why();
  std::ofstream(root_ / "a") << "x";
  if (!tell({"freeze", "volume"})) GTEST_SKIP() << why();
  std::jthread prober([&] { probe(2s); });
  while (childrenOfThisProcess() == 0) std::this_thread::yield();
  EXPECT_EQ(read("a").value(), "x") << "it does not wait for a probe either";
  prober.join();
  EXPECT_EQ(read("a").value(), "x");
  EXPECT_EQ(dir().list("", Deadline::after(clock_, 30s)).value().back().name, "themes");
  EXPECT_TRUE(dir().stat({"a"}, Deadline::after(clock_, 30s)).value().at(0));
  EXPECT_EQ(dir().create(dir().newCanaryName(), "x", Deadline::after(clock_, 30s)).error().code,
            ErrorCode::kUnavailable);
  EXPECT_EQ(childrenOfThisProcess(), 1);
  tell({"thaw", "volume"});
  expectRecovery();
}

TEST_F(HangingVolumeTest, AReadThatHangsBesideAWriteIsTheLastChild) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("create never");
  ASSERT_TRUE(probe(kPatience).unkillable);
  rule("create never,getattr never");
  EXPECT_EQ(read("a", 100ms).error().code, ErrorCode::kDeadlineExceeded);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(read("a").error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(probe().unkillable);
  EXPECT_EQ(childrenOfThisProcess(), 2);
  rule("");
  expectRecovery();
}

struct Row {
  const char* operation;
  ProbeStep step;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.operation << " never";
}

class NeverAnsweredTest : public HangingVolumeTest, public ::testing::WithParamInterface<Row> {};

TEST_P(NeverAnsweredTest, HangsAndRecoversByItself) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule(std::string(GetParam().operation) + " never");
  expectHang(GetParam().step);
  rule("");
  expectRecovery();
}

INSTANTIATE_TEST_SUITE_P(
    Rows, NeverAnsweredTest,
    ::testing::Values(Row{"getattr", ProbeStep::kReach}, Row{"statfs", ProbeStep::kReach},
                      Row{"create", ProbeStep::kCreate}, Row{"write", ProbeStep::kWrite},
                      Row{"fsync", ProbeStep::kSync}, Row{"flush", ProbeStep::kClose},
                      Row{"open", ProbeStep::kReadBack}, Row{"unlink", ProbeStep::kRemove}),
    [](const auto& row) { return std::string(row.param.operation); });

TEST_F(HangingVolumeTest, AHangThatCanBeEndedIsFollowedByAnotherTry) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  // A page of a file is waited for in a way that SIGKILL ends.
  rule("read never");
  const MountLook first = probe(kPatience);
  ASSERT_TRUE(first.hungSince);
  EXPECT_FALSE(first.unkillable);
  EXPECT_EQ(name(first.folders[0].step), "read back");
  EXPECT_EQ(childrenOfThisProcess(), 0);
  const MountLook second = probe(kPatience);
  EXPECT_EQ(second.hungSince, first.hungSince);
  EXPECT_EQ(name(second.folders[0].step), "read back");
  rule("");
  expectRecovery();
}

TEST_F(HangingVolumeTest, AHangThatEndsInADisconnectionIsADisconnection) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("fsync never");
  expectHang(ProbeStep::kSync);
  tell({"kill", "volume"});
  const MountLook look = probeUntilItAnswers();
  EXPECT_EQ(look.folders[0].error, ENOTCONN);
  rule("");
  tell({"renew", "volume"});
  expectRecovery();
}

TEST_F(HangingVolumeTest, StepsThatGoOnUntilTheTimeIsUpAreSlowAndNoHang) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("create delay 400,write delay 400,fsync delay 400");
  const MountLook look = probe(5s, 1s);
  EXPECT_FALSE(look.hungSince);
  EXPECT_FALSE(look.error);
  EXPECT_EQ(name(look.folders[0].step), "sync");
  EXPECT_EQ(look.folders[0].error, 0);
  EXPECT_GE(look.folders[0].spent, 800ms);
  EXPECT_FALSE(look.folders[1].begun);
  rule("");
  expectWell(probe());
  expectNothingLeft();
}

TEST_F(HangingVolumeTest, ALookThatWasCutShortIsNoHangBeforePatienceIsOver) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("fsync delay 600");
  EXPECT_FALSE(probe(5s, 200ms).hungSince);
  EXPECT_FALSE(probe(5s, 200ms).hungSince);
  EXPECT_LE(childrenOfThisProcess(), 1);
  rule("");
  expectWell(probe());
  expectNothingLeft();
}

TEST_F(HangingVolumeTest, APatienceLongerThanTheTimeStillLeadsToAHang) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("fsync never");
  EXPECT_FALSE(probe(500ms, 200ms).hungSince);
  const MountLook look = probe(500ms, 5s);
  EXPECT_TRUE(look.hungSince);
  EXPECT_TRUE(look.unkillable);
  rule("");
  expectRecovery();
}

TEST_F(HangingVolumeTest, TheProbeEndsByItsDeadlineWhateverHangs) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("getattr never");
  const MonoTime asked = clock_.mono();
  probe(30s, 200ms);
  probe(30s, 200ms);
  EXPECT_LT(clock_.mono() - asked, 5s);
  rule("");
  expectRecovery();
}

TEST_F(HangingVolumeTest, AReadThatHangsKeepsTheProbeFromStartingAnotherChild) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("getattr never");
  EXPECT_EQ(read("a", 100ms).error().code, ErrorCode::kDeadlineExceeded);
  const MountLook look = probe(kPatience);
  EXPECT_TRUE(look.hungSince);
  EXPECT_TRUE(look.unkillable);
  EXPECT_EQ(childrenOfThisProcess(), 1);
  rule("");
  expectRecovery();
}

TEST_F(HangingVolumeTest, AReadIsGivenUpWhenNothingIsHeardHoweverLateItsDeadline) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  const auto brief =
      makeContentDir(clock_, root_, {systemCalls().open, systemCalls().end, ::fsync, kPatience});
  std::ofstream(root_ / "a") << "x";
  const auto read = [&] { return brief->read("a", 9, Deadline::after(clock_, 30s)); };
  rule("read never");
  const MonoTime asked = clock_.mono();
  EXPECT_EQ(read().error().code, ErrorCode::kDeadlineExceeded);
  // This one could be ended, but there is no need to let everybody find out anew.
  for (int i = 0; i < 50; ++i) EXPECT_EQ(read().error().code, ErrorCode::kUnavailable);
  EXPECT_LT(clock_.mono() - asked, 5s);
  rule("");
  brief->probe({.folders = {"images"}}, Deadline::after(clock_, 30s), {});
  EXPECT_EQ(read().value(), "x") << "a probe that gets through ends it";
}

TEST_F(HangingVolumeTest, AStopRequestIsFollowedAtOnce) {
  if (!mount("faulty")) GTEST_SKIP() << why();
  rule("fsync never");
  std::stop_source stop;
  const MonoTime asked = clock_.mono();
  {
    std::jthread prober([&] {
      dir().probe({.folders = {"images"}}, Deadline::after(clock_, 60s), stop.get_token());
    });
    while (childrenOfThisProcess() == 0) std::this_thread::yield();
    stop.request_stop();
  }
  EXPECT_LT(clock_.mono() - asked, 5s);
  rule("");
  expectRecovery();
}

}  // namespace
}  // namespace rollcall
