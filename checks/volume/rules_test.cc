#include "checks/volume/rules.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "checks/volume/errors.h"
#include "checks/volume/looks.h"

namespace rollcall::checks::volume {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uid_t kGhost = 1000;
constexpr uid_t kOther = 65532;

Place as(uid_t user, std::string pod = "") {
  return {.pod = std::move(pod), .path = "/content", .user = user};
}

struct Row {
  const char* name;
  Place place;
  Mount mount;
  FolderLook look;
  std::optional<Code> code;
  bool gap = false;
};

class Rules : public testing::TestWithParam<Row> {};

TEST_P(Rules, tellWhatALookSays) {
  const Row& row = GetParam();
  const Ruling ruling = ruleOn(row.place, row.mount, row.look, {});
  EXPECT_EQ(ruling.code, row.code);
  EXPECT_EQ(ruling.gap.has_value(), row.gap);
}

Row failed(const char* name, ProbeStep step, int error, std::optional<Code> code) {
  return {name, as(kGhost), disk(), failing(step, error), code, !code};
}
Row at(const char* name, Place place, FolderLook look, std::optional<Code> code) {
  return {name, std::move(place), disk(), std::move(look), code};
}
Row mounted(const char* name, Place place, Mount mount, std::optional<Code> code) {
  FolderLook look = failing(ProbeStep::kCreate, EROFS);
  if (!place.wrote) look = well(), look.space->readOnly = true;
  return {name, std::move(place), std::move(mount), std::move(look), code};
}
Place lookingOnly() {
  Place place = as(kGhost);
  place.wrote = false;
  return place;
}
FolderLook refusedTo(uid_t owner, mode_t mode, int error = EACCES) {
  return owned(failing(ProbeStep::kCreate, error), owner, owner, mode);
}
FolderLook different() {
  FolderLook look = failing(ProbeStep::kReadBack, 0);
  look.differs = true;
  return look;
}

const Row kRows[] = {
    at("AllIsWell", as(kGhost), well(), std::nullopt),
    // read-only
    mounted("MountedReadOnly", as(kGhost), bound(disk(), "ro", "ro"), kReadOnly),
    mounted("TurnedReadOnly", as(kGhost), bound(disk(), "rw", "ro"), kReadOnly),
    mounted("TurnedReadOnlyUnsaid", as(kGhost), disk(), kReadOnly),
    mounted("OnlyTheMountIsReadOnly", as(kGhost), bound(disk(), "ro,relatime", "rw"),
            kOwnMountReadOnly),
    mounted("AShareThisClientMountedReadOnly", as(kGhost), bound(share(), "ro", "ro"),
            kOwnMountReadOnly),
    mounted("AShareThePodMountedReadOnly", as(kGhost, "pod-1"), bound(share(), "ro", "ro"),
            kReadOnly),
    mounted("TheAgentsMountIsReadOnly", as(kGhost, "pod-1"), bound(share(), "ro", "rw"),
            kOwnMountReadOnly),
    mounted("AnExportThatIsReadOnly", as(kGhost), share(), kReadOnly),
    mounted("NotWrittenButReadOnly", lookingOnly(), disk(), kReadOnly),
    mounted("NotWrittenAndMountedReadOnly", lookingOnly(), bound(disk(), "ro", "rw"), std::nullopt),
    failed("ReadOnlyAtTheEnd", ProbeStep::kRemove, EROFS, kReadOnly),
    // no room
    failed("NoBlock", ProbeStep::kWrite, ENOSPC, kFull),
    failed("NoBlockWhenItIsWrittenOut", ProbeStep::kClose, ENOSPC, kFull),
    at("NoInode", as(kGhost), left(failing(ProbeStep::kCreate, ENOSPC), 1 << 20, 1 << 19, 100, 0),
       kNoInodes),
    at("NoInodeOfThoseNobodyCounts", as(kGhost),
       left(failing(ProbeStep::kCreate, ENOSPC), 1 << 20, 1 << 19, 0, 0), kNoInodes),
    at("NoRoomInTheFolderThoughThereAreInodes", as(kGhost),
       left(failing(ProbeStep::kCreate, ENOSPC), 1 << 20, 1 << 19, 1000, 990), kFull),
    at("NoBlockForTheName", as(kGhost),
       left(failing(ProbeStep::kCreate, ENOSPC), 1 << 20, 0, 100, 0), kFull),
    at("RootWritesWhatGhostCannot", as(0), left(well(), 1 << 30, 0, 100, 50), kFull),
    at("NothingFreeButItsUserWrites", as(kGhost), left(well(), 1 << 30, 0, 100, 50), std::nullopt),
    at("RootWritesWhereNoSizeIsTold", as(0), left(well(), 0, 0, 0, 0), std::nullopt),
    failed("NoQuota", ProbeStep::kWrite, EDQUOT, kQuota),
    // broken
    failed("NoWrite", ProbeStep::kWrite, EIO, kIoError),
    failed("OnlySyncFails", ProbeStep::kSync, EIO, kIoError),
    failed("Corrupt", ProbeStep::kCreate, EUCLEAN, kIoError),
    failed("ShutDown", ProbeStep::kReach, ESHUTDOWN, kIoError),
    failed("TheDeviceIsGone", ProbeStep::kWrite, ENXIO, kIoError),
    failed("Stale", ProbeStep::kReach, ESTALE, kStale),
    failed("StaleLater", ProbeStep::kCreate, ESTALE, kStale),
    failed("Disconnected", ProbeStep::kReach, ENOTCONN, kDisconnected),
    failed("ASoftMountsTimeout", ProbeStep::kWrite, ETIMEDOUT, kDisconnected),
    failed("Absent", ProbeStep::kReach, ENOENT, kMissing),
    failed("RemovedWhileWeLooked", ProbeStep::kCreate, ENOENT, kMissing),
    failed("NoFolder", ProbeStep::kReach, ENOTDIR, kMissing),
    at("OtherBytes", as(kGhost), different(), kDiffers),
    failed("WrittenAndGone", ProbeStep::kReadBack, ENOENT, kDiffers),
    failed("GoneWhenRemoved", ProbeStep::kRemove, ENOENT, kDiffers),
    failed("AnythingElse", ProbeStep::kWrite, EINVAL, kOtherError),
    failed("NoMemoryOfOurs", ProbeStep::kReach, ENOMEM, std::nullopt),
    failed("NoDescriptorOfOurs", ProbeStep::kCreate, EMFILE, std::nullopt),
    // rights
    at("GhostsUserIsRefused", as(kGhost), refusedTo(0, 0755), kRefused),
    at("GhostsUserIsRefusedAlthoughItOwns", as(kGhost), refusedTo(kGhost, 0755), kRefused),
    at("AnImmutableFlagHoldsForAll", as(0), refusedTo(kGhost, 0755, EPERM), kRefused),
    at("AnotherUserIsRefusedAsGhostIs", as(kOther), refusedTo(0, 0755), kRefused),
    at("AnotherUserIsRefusedAndGhostIsNot", as(kOther), refusedTo(kGhost, 0755), kOwnUserRefused),
    at("TheGroupDecides", as(kOther), refusedTo(0, 0775), kOwnUserRefused),
    at("SquashedRootIsNotGhost", as(0), refusedTo(kGhost, 0755), kOwnUserRefused),
    at("AThirdUserOwnsIt", as(kOther), refusedTo(33, 0755), kOwnUserRefused),
    at("TheWayThereIsClosed", as(kOther), failing(ProbeStep::kReach, EACCES), kOwnUserRefused),
    at("TheWayThereIsClosedToGhost", as(kGhost), failing(ProbeStep::kReach, EACCES), kRefused),
    // time
    at("Slow", as(kGhost), took(well(), 3s), kSlow),
    at("JustInTime", as(kGhost), took(well(), 2s), std::nullopt),
    at("StillWriting", as(kGhost), cutAt(ProbeStep::kClose, 6s), kSlow),
    {"CutBeforeItWasSlow", as(kGhost), disk(), cutAt(ProbeStep::kWrite, 1s), {}, true},
    {"NotBegun", as(kGhost), disk(), {.folder = "images"}, {}, true},
};

INSTANTIATE_TEST_SUITE_P(Volume, Rules, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(MayCreate, goesByOwnerAndMode) {
  EXPECT_EQ(mayCreate(0, {1000, 1000, 0500}), Allowed::kYes);
  EXPECT_EQ(mayCreate(1000, {1000, 1000, 0755}), Allowed::kYes);
  EXPECT_EQ(mayCreate(1000, {1000, 0, 0577}), Allowed::kNo) << "the owner's bits come first";
  EXPECT_EQ(mayCreate(1000, {0, 0, 0755}), Allowed::kNo);
  EXPECT_EQ(mayCreate(1000, {0, 0, 0775}), Allowed::kUnknown) << "it may be in the group";
  EXPECT_EQ(mayCreate(1000, {0, 0, 0757}), Allowed::kYes);
  EXPECT_EQ(mayCreate(1000, {33, 33, 0755}), Allowed::kUnknown) << "33 may be Ghost's user";
  EXPECT_EQ(mayCreate(1000, {1000, 0, 0600}), Allowed::kNo) << "x is needed, too";
}

TEST(IsForeign, saysNothingOfWhatGhostsUserDidItself) {
  const FolderLook look = owned(well(), 0, 0, 0755);
  EXPECT_TRUE(isForeign(as(0), look, {}));
  EXPECT_TRUE(isForeign(as(kOther), look, {}));
  EXPECT_FALSE(isForeign(as(kGhost), look, {})) << "an ACL let it";
  EXPECT_FALSE(isForeign(as(0), owned(well(), 33, 33, 0755), {}));
  EXPECT_FALSE(isForeign(as(0), look, {.ghostUser = 0}));
  EXPECT_FALSE(isForeign(as(0), owned(failing(ProbeStep::kCreate, EIO), 0, 0, 0755), {}));
}

TEST(IsExcused, letsMediaAndFilesBeAbsentBesideOthers) {
  const FolderLook absent = failing(ProbeStep::kReach, ENOENT, "media");
  EXPECT_TRUE(isExcused(on(disk(), {well(), absent}), absent));
  EXPECT_TRUE(isExcused(on(disk(), {failing(ProbeStep::kCreate, EROFS), absent}), absent));
  EXPECT_FALSE(isExcused(on(disk(), {absent}), absent));
  EXPECT_FALSE(isExcused(on(disk(), {failing(ProbeStep::kReach, ENOENT), absent}), absent));
  const FolderLook file = failing(ProbeStep::kReach, ENOTDIR, "media");
  EXPECT_FALSE(isExcused(on(disk(), {well(), file}), file));
  const FolderLook data = failing(ProbeStep::kReach, ENOENT, "data");
  EXPECT_FALSE(isExcused(on(disk(), {well(), data}), data));
}

TEST(IsLow, takesLittleByShareAndByAmount) {
  const Limits limits;
  const auto of = [](std::uint64_t size, std::uint64_t free) {
    return VolumeSpace{size << 30, free << 30, 0, 0, false};
  };
  EXPECT_FALSE(isLow(of(100, 10), limits));
  EXPECT_TRUE(isLow(of(100, 9), limits));
  EXPECT_FALSE(isLow(of(1000, 11), limits)) << "11 GiB are enough";
  EXPECT_FALSE(isLow(of(0, 0), limits)) << "nothing is told";
  EXPECT_FALSE(isLow(of(100, 0), {.freePercent = 0}));
}

TEST(IsLowOnInodes, countsOnlyWhereTheyAreCounted) {
  const auto of = [](std::uint64_t all, std::uint64_t free) {
    return VolumeSpace{1, 1, all, free, false};
  };
  EXPECT_TRUE(isLowOnInodes(of(100'000, 9'999), {}));
  EXPECT_FALSE(isLowOnInodes(of(100'000, 10'000), {}));
  EXPECT_FALSE(isLowOnInodes(of(10'000'000, 60'000), {})) << "60,000 are enough";
  EXPECT_FALSE(isLowOnInodes(of(0, 0), {}));
}

TEST(Doubtful, namesWhatIsSlowOrWasNotReachedAndNothingOfWhatHangs) {
  MountLook hanging = on(share(), {cutAt(ProbeStep::kSync, 0s, "themes"), {.folder = "data"}});
  hanging.hungSince = WallTime{};
  const std::vector<MountLook> looks = {
      hanging, on(disk(), {well("files"), took(well("images"), 3s), {.folder = "media"}})};
  EXPECT_THAT(doubtful(looks, {}), ElementsAre("media", "images"));
  EXPECT_THAT(doubtful({on(disk(), {well(), failing(ProbeStep::kWrite, EIO)})}, {}), IsEmpty());
}

FolderLook afterSecond(FolderLook first, FolderLook second) {
  return confirmed({on(disk(), {well("media"), std::move(first)})},
                   {on(disk(), {std::move(second)})}, {})
      .at(0)
      .folders.at(1);
}

TEST(Confirmed, callsSlowOnlyWhatIsSlowTwiceAndByTheFasterTime) {
  EXPECT_EQ(afterSecond(took(well(), 5s), took(well(), 3s)).wrote, 3s);
  EXPECT_EQ(afterSecond(took(well(), 3s), took(well(), 5s)).wrote, 3s);
  EXPECT_EQ(afterSecond(took(well(), 5s), well()).wrote, 5ms);
  EXPECT_EQ(afterSecond(cutAt(ProbeStep::kSync, 5s), took(well(), 3s)).wrote, 3s);
  EXPECT_EQ(afterSecond(took(well(), 5s), cutAt(ProbeStep::kSync, 4s)).wrote, 5s);
}

TEST(Confirmed, letsTheSecondLooksErrorCount) {
  EXPECT_EQ(afterSecond(took(well(), 5s), failing(ProbeStep::kWrite, EIO)).error, EIO);
  EXPECT_EQ(afterSecond({.folder = "images"}, well()).step, ProbeStep::kDone);
}

TEST(Confirmed, countsWhatCouldNotBeSeenTwiceAsNotSeen) {
  EXPECT_FALSE(afterSecond(took(well(), 5s), {.folder = "images"}).begun);
  EXPECT_FALSE(afterSecond({.folder = "images"}, took(well(), 5s)).begun);
  EXPECT_FALSE(afterSecond(took(well(), 5s), cutAt(ProbeStep::kCreate, 1s)).begun);
}

TEST(Confirmed, takesAnotherFolderOfTheMountAsTheSecondTime) {
  const auto looks = confirmed(
      {on(disk(),
          {took(well("images"), 8s), cutAt(ProbeStep::kCreate, 1s, "media"), {.folder = "files"}})},
      {on(disk(), {took(well("files"), 8s), {.folder = "media"}, {.folder = "images"}})}, {});
  EXPECT_EQ(looks.at(0).folders.at(0).wrote, 8s);
  EXPECT_FALSE(looks.at(0).folders.at(1).begun);
  EXPECT_EQ(looks.at(0).folders.at(2).wrote, 8s);
}

TEST(Confirmed, tellsWhatHangsAtTheSecondLook) {
  MountLook second = on(disk(), {cutAt(ProbeStep::kSync, 0s)});
  second.hungSince = WallTime(1s);
  second.unkillable = true;
  const auto looks = confirmed({on(disk(), {took(well(), 5s)})}, {second}, {});
  EXPECT_EQ(looks.at(0).hungSince, WallTime(1s));
  EXPECT_TRUE(looks.at(0).unkillable);
  EXPECT_EQ(looks.at(0).folders.at(0).step, ProbeStep::kSync);
}

TEST(ErrorText, readsAsPartOfASentence) {
  EXPECT_EQ(errorText(EROFS), "read-only file system (EROFS)");
  EXPECT_EQ(errorName(ESTALE), "ESTALE");
  EXPECT_EQ(errorName(99'999), "errno 99999");
}

VolumeReport reportOf(std::vector<MountLook> last, std::vector<MountLook> before) {
  VolumeReport report;
  report.looks = std::move(last);
  report.before = std::move(before);
  return report;
}
Ruling ruledByAgent(const VolumeReport& report) {
  const auto looks = confirmedByAgent(report, {});
  return ruleOn({.pod = "pod-1"}, disk(), looks.at(0).folders.at(0), {});
}

TEST(Confirmation, AnAgentsLookIsConfirmedByTheOneBefore) {
  const MountLook slow = on(disk(), {took(well("images"), 4s)});
  const MountLook slower = on(disk(), {took(well("images"), 5s)});
  const MountLook quick = on(disk(), {well("images")});
  EXPECT_EQ(ruledByAgent(reportOf({slow}, {slower})).code, kSlow);
  EXPECT_FALSE(ruledByAgent(reportOf({slow}, {quick})).code);
  EXPECT_FALSE(ruledByAgent(reportOf({quick}, {slow})).code);
  EXPECT_FALSE(ruledByAgent(reportOf({quick}, {slow})).gap);
}

TEST(Confirmation, WhatNoLookBeforeConfirmsIsNotKnown) {
  const MountLook slow = on(disk(), {took(well("images"), 4s)});
  for (const auto& before : {std::vector<MountLook>{}, {on(disk(), {well("themes")})}}) {
    const Ruling ruling = ruledByAgent(reportOf({slow}, before));
    EXPECT_FALSE(ruling.code);
    EXPECT_TRUE(ruling.gap);
  }
}

TEST(Confirmation, AnErrorThatIsOverIsNotTakenFromTheLookBefore) {
  const MountLook slow = on(disk(), {took(well("images"), 4s)});
  const MountLook full = on(disk(), {failing(ProbeStep::kWrite, ENOSPC)});
  const Ruling ruling = ruledByAgent(reportOf({slow}, {full}));
  EXPECT_FALSE(ruling.code);
  EXPECT_TRUE(ruling.gap);
}

TEST(Confirmation, WhatTheLastLookDidNotGetThroughIsNotKnownFromTheOneBefore) {
  const MountLook before = on(disk(), {well("images")});
  for (const FolderLook& last : {FolderLook{.folder = "images"}, cutAt(ProbeStep::kSync, 5s)}) {
    const Ruling ruling = ruledByAgent(reportOf({on(disk(), {last})}, {before}));
    EXPECT_FALSE(ruling.code);
    EXPECT_TRUE(ruling.gap) << last.begun;
  }
}

TEST(Confirmation, AFolderOfAMountWhoseLookWasEndedIsLookedAtAgain) {
  MountLook ended = on(disk(), {took(well("images"), 4s)});
  ended.error = Error{ErrorCode::kUnavailable, "ended by signal 9"};
  EXPECT_THAT(doubtful({ended}, {}), testing::ElementsAre("images"));
}

TEST(Confirmation, AHangThatIsOverIsNotTakenFromTheLookBefore) {
  MountLook hung = on(disk(), {cutAt(ProbeStep::kSync, 10s)});
  hung.hungSince = WallTime(1s);
  const MountLook slow = on(disk(), {took(well("images"), 4s)});
  EXPECT_FALSE(confirmedByAgent(reportOf({slow}, {hung}), {}).at(0).hungSince);
  EXPECT_EQ(ruledByAgent(reportOf({slow}, {hung})).code, kSlow);
}

}  // namespace
}  // namespace rollcall::checks::volume
