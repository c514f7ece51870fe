#include "checks/volume/judge.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "checks/volume/looks.h"
#include "checks/volume/phrases.h"

namespace rollcall::checks::volume {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Judgement judged(const std::vector<MountLook>& looks, const Place& place = {"", "/content", 1000},
                 const std::map<std::string, Forecast>& forecasts = {}) {
  return judge(place, looks, {}, forecasts);
}
std::vector<std::string> codes(const Judgement& judgement) {
  std::vector<std::string> codes;
  for (const Finding& one : judgement.findings) codes.emplace_back(one.def->code);
  std::ranges::sort(codes);
  return codes;
}
MountLook hung(Mount mount, WallTime since, bool unkillable = false) {
  MountLook look = on(std::move(mount),
                      {well("images"), cutAt(ProbeStep::kSync, 0s, "media"), {.folder = "data"}});
  look.hungSince = since;
  look.unkillable = unkillable;
  return look;
}
MountLook shareAt(const std::string& point, std::vector<FolderLook> folders) {
  Mount mount = share();
  mount.point = point;
  return on(mount, std::move(folders));
}

TEST(Judge, SaysNothingOfAHealthyVolume) {
  const Judgement judgement = judged({on(disk(), {well("images"), took(well("themes"), 9ms)})});
  EXPECT_THAT(codes(judgement), IsEmpty());
  EXPECT_THAT(judgement.gaps, IsEmpty());
  EXPECT_THAT(judgement.notes, IsEmpty());
  EXPECT_DOUBLE_EQ(judgement.facts.writeSeconds.value(), 0.009);
  EXPECT_EQ(judgement.facts.sizeBytes, 100ull << 30);
  EXPECT_EQ(judgement.facts.freeBytes, 60ull << 30);
  EXPECT_EQ(judgement.facts.freeInodes, 900'000u);
}

TEST(Judge, MakesOneFindingOfAllFoldersWithTheSameTrouble) {
  const Judgement judgement =
      judged({on(disk(), {failing(ProbeStep::kCreate, EROFS, "images"),
                          failing(ProbeStep::kCreate, EROFS, "themes")}),
              shareAt("/content/data", {failing(ProbeStep::kWrite, ENOSPC, "data")})});
  ASSERT_THAT(codes(judgement), ElementsAre("RC801", "RC803"));
  const Finding& finding = judgement.findings[0];
  EXPECT_THAT(finding.message, HasSubstr("images and themes in /content"));
  EXPECT_EQ(finding.evidence.at("folders"), "images, themes");
  EXPECT_EQ(finding.evidence.at("error"), "EROFS");
  EXPECT_EQ(finding.evidence.at("step"), "create");
  EXPECT_EQ(finding.evidence.at("type"), "ext4");
  EXPECT_EQ(judgement.findings[1].evidence.at("mount"), "/content/data");
}

TEST(Judge, NamesThePodBesideWhichItWasSeen) {
  const Judgement judgement =
      judged({on(disk(), {failing(ProbeStep::kWrite, EIO), {.folder = "data"}})},
             {"pod-2", "/var/lib/ghost/content", 1000});
  ASSERT_THAT(codes(judgement), ElementsAre("RC806"));
  EXPECT_EQ(judgement.findings[0].pod, "pod-2");
  EXPECT_THAT(judgement.findings[0].message, HasSubstr("/var/lib/ghost/content of pod-2"));
  ASSERT_THAT(judgement.gaps, SizeIs(1));
  EXPECT_EQ(judgement.gaps[0].pod, "pod-2");
}

TEST(Judge, TellsHowAFileSystemBecameReadOnly) {
  const auto cause = [](Mount mount) {
    return judged({on(std::move(mount), {failing(ProbeStep::kCreate, EROFS)})})
        .findings.at(0)
        .cause;
  };
  EXPECT_THAT(cause(bound(disk(), "ro", "ro")), HasSubstr("was mounted read-only"));
  EXPECT_THAT(cause(bound(disk(), "rw", "ro")), HasSubstr("after an error"));
  EXPECT_THAT(cause(disk()), HasSubstr("after an error"));
  EXPECT_THAT(cause(share()), HasSubstr("export"));
}

TEST(Judge, SaysOfAHangOnlySinceWhenAndWhere) {
  const Judgement judgement = judged({hung(disk(), WallTime(60s), true)});
  ASSERT_THAT(codes(judgement), ElementsAre("RC811"));
  const Finding& finding = judgement.findings[0];
  EXPECT_THAT(finding.message, HasSubstr("since 1970-01-01T00:01:00"));
  EXPECT_THAT(finding.message, HasSubstr("step: sync, in media"));
  EXPECT_THAT(finding.cause, HasSubstr("killed"));
  EXPECT_EQ(finding.since, WallTime(60s));
  EXPECT_THAT(judgement.gaps, IsEmpty());
  EXPECT_EQ(judgement.facts.hungSince, WallTime(60s));
  EXPECT_FALSE(judgement.facts.writeSeconds);
}

TEST(Judge, TellsTheEarliestOfTwoHangsAndTheTroubleBesideThem) {
  Mount second = disk();
  second.point = "/content/media";
  const Judgement judgement =
      judged({hung(disk(), WallTime(60s)), hung(second, WallTime(30s)),
              shareAt("/content/themes", {failing(ProbeStep::kReach, ESTALE, "themes")})});
  ASSERT_THAT(codes(judgement), ElementsAre("RC807", "RC811"));
  EXPECT_EQ(judgement.facts.hungSince, WallTime(30s));
  EXPECT_FALSE(judgement.facts.freeBytes) << "numbers would say that all is well";
}

TEST(Judge, NamesTheContentFolderOnceWhenNothingIsThere) {
  std::vector<FolderLook> folders;
  for (const char* name : {"images", "media", "themes"})
    folders.push_back(failing(ProbeStep::kReach, ENOENT, name));
  const Judgement judgement = judged({on(disk(), folders)});
  ASSERT_THAT(codes(judgement), ElementsAre("RC810"));
  EXPECT_THAT(judgement.findings[0].message, HasSubstr("/content is empty or not there"));
  EXPECT_THAT(judgement.findings[0].cause, HasSubstr("ext4 /dev/sdb on /content"));
  Mount root = disk();
  root.point = "/", root.type = "overlay";
  EXPECT_THAT(judged({on(root, folders)}).findings.at(0).cause, HasSubstr("no volume is mounted"));
}

TEST(Judge, NamesAMissingFolderBesideOthersAndExcusesMediaAndFiles) {
  const Judgement judgement =
      judged({on(disk(), {well("images"), failing(ProbeStep::kReach, ENOENT, "media"),
                          failing(ProbeStep::kReach, ENOENT, "data")})});
  ASSERT_THAT(codes(judgement), ElementsAre("RC810"));
  EXPECT_EQ(judgement.findings[0].evidence.at("folders"), "data");
  EXPECT_THAT(judgement.findings[0].remedy, HasSubstr("install -d -o 1000 -g 1000 /content/data"));
  EXPECT_THAT(judgement.gaps, IsEmpty());
}

TEST(Judge, MakesOneGapOfAllFoldersThatCouldNotBeLookedAtForTheSameReason) {
  MountLook broken = on(disk(), {{.folder = "images"}, {.folder = "media"}});
  broken.error = Error{ErrorCode::kUnavailable, "no process left"};
  const Judgement judgement = judged({broken});
  EXPECT_THAT(codes(judgement), IsEmpty());
  ASSERT_THAT(judgement.gaps, SizeIs(1));
  EXPECT_EQ(judgement.gaps[0].what, "images and media of the content volume");
  EXPECT_EQ(judgement.gaps[0].why.message, "no process left");
}

TEST(Judge, KeepsWhatAChildThatWasEndedHadFound) {
  MountLook broken = on(disk(), {failing(ProbeStep::kWrite, EIO, "images"), {.folder = "media"}});
  broken.error = Error{ErrorCode::kUnavailable, "ended by signal 9"};
  const Judgement judgement = judged({broken});
  EXPECT_THAT(codes(judgement), ElementsAre("RC806"));
  ASSERT_THAT(judgement.gaps, SizeIs(1));
  EXPECT_THAT(judgement.gaps[0].what, HasSubstr("media"));
}

TEST(Judge, WarnsOfAVolumeThatRunsFullByAmountOrByPace) {
  const FolderLook low = left(well(), 100ull << 30, 5ull << 30, 1'000'000, 900'000);
  const Judgement byAmount = judged({on(disk(), {low})});
  ASSERT_THAT(codes(byAmount), ElementsAre("RC814"));
  EXPECT_THAT(byAmount.findings[0].message, HasSubstr("5.0 GiB of 100.0 GiB free (5 %)"));
  const std::map<std::string, Forecast> soon = {{"/content", {.full = 5h, .history = 8h}}};
  const Judgement byPace = judged({on(disk(), {well()})}, {"", "/content", 1000}, soon);
  ASSERT_THAT(codes(byPace), ElementsAre("RC814"));
  EXPECT_THAT(byPace.findings[0].message, HasSubstr("none in 5 h at the pace of the last 8 h"));
  const std::map<std::string, Forecast> later = {{"/content", {.full = 25h, .history = 8h}}};
  EXPECT_THAT(codes(judged({on(disk(), {well()})}, {"", "/content", 1000}, later)), IsEmpty());
}

TEST(Judge, DoesNotCallAFullVolumeRunningFull) {
  const Judgement judgement =
      judged({on(disk(), {left(failing(ProbeStep::kWrite, ENOSPC), 65'536, 0, 1'000, 990)})});
  EXPECT_THAT(codes(judgement), ElementsAre("RC803"));
  const Judgement inodes =
      judged({on(disk(), {left(failing(ProbeStep::kCreate, ENOSPC), 1 << 20, 1 << 19, 100, 0)})});
  EXPECT_THAT(codes(inodes), ElementsAre("RC804"));
}

TEST(Judge, WarnsOfFewInodesByPaceOnlyWhereSpaceLasts) {
  const FolderLook few = left(well(), 100ull << 30, 60ull << 30, 1'000'000, 20'000);
  EXPECT_THAT(codes(judged({on(disk(), {few})})), ElementsAre("RC815"));
  const Place place{"", "/content", 1000};
  EXPECT_THAT(
      codes(judged({on(disk(), {well()})}, place, {{"/content", {.noInodes = 5h, .history = 8h}}})),
      ElementsAre("RC815"));
  EXPECT_THAT(codes(judged({on(disk(), {well()})}, place,
                           {{"/content", {.full = 5h, .noInodes = 5h, .history = 8h}}})),
              ElementsAre("RC814"));
}

TEST(Judge, TellsHowFarTheServersClockIsOff) {
  FolderLook look = well();
  look.skew = -12s;
  const Judgement judgement = judged({on(share(), {look})});
  ASSERT_THAT(codes(judgement), ElementsAre("RC816"));
  EXPECT_THAT(judgement.findings[0].message, HasSubstr("12.0 s behind the clock of Rollcall"));
  EXPECT_EQ(judgement.findings[0].evidence.at("skew_seconds"), "-12.000");
}

TEST(Judge, MentionsFoldersThatAreRootsOwn) {
  const Judgement judgement =
      judged({on(disk(), {owned(well(), 0, 0, 0755)})}, {"", "/my content", 0});
  ASSERT_THAT(codes(judgement), ElementsAre("RC817"));
  EXPECT_EQ(judgement.findings[0].def->severity, Severity::kInfo);
  EXPECT_EQ(judgement.findings[0].evidence.at("owner"), "0:0, mode 0755");
  EXPECT_THAT(judgement.findings[0].remedy, HasSubstr("chown -R 1000:1000 '/my content/images'"));
}

TEST(Judge, SaysHowSlowASlowVolumeIs) {
  const Judgement judgement =
      judged({on(disk(), {took(well("images"), 3s), took(well("media"), 4s)})});
  ASSERT_THAT(codes(judgement), ElementsAre("RC812"));
  EXPECT_THAT(judgement.findings[0].message, HasSubstr("took 4.0 s in images and media"));
  EXPECT_EQ(judgement.findings[0].evidence.at("seconds"), "3.000, 4.000");
}

TEST(Judge, AsksForAPodsRestartWhereItsHandleIsStale) {
  const Judgement judgement =
      judged({on(share(), {failing(ProbeStep::kReach, ESTALE)})}, {"pod-2", "/content", 1000});
  EXPECT_THAT(judgement.findings.at(0).remedy, HasSubstr("kubectl delete pod pod-2"));
}

TEST(Judge, NotesWhatItRemoved) {
  FolderLook look = well();
  look.leftOvers = 2;
  EXPECT_THAT(judged({on(disk(), {look})}).notes, ElementsAre(HasSubstr("2 files of Rollcall's")));
}

TEST(Judge, HasAWordForEveryCode) {
  const FolderLook looks[] = {
      failing(ProbeStep::kCreate, EROFS),   failing(ProbeStep::kWrite, EDQUOT),
      failing(ProbeStep::kCreate, EPERM),   failing(ProbeStep::kCreate, EACCES),
      failing(ProbeStep::kReach, ENOTCONN), failing(ProbeStep::kReach, ENOTDIR),
      failing(ProbeStep::kRemove, ENOENT),  failing(ProbeStep::kWrite, EINVAL)};
  for (const FolderLook& look : looks) {
    for (const uid_t user : {1000u, 65532u}) {
      const Judgement judgement =
          judged({on(disk(), {well("media"), look})}, {"", "/content", user});
      ASSERT_THAT(judgement.findings, SizeIs(1));
      const Finding& finding = judgement.findings[0];
      EXPECT_THAT(finding.message, HasSubstr("images"));
      EXPECT_FALSE(finding.cause.empty()) << finding.def->code;
    }
  }
}

TEST(BytesText, ReadsAsPeopleSayIt) {
  EXPECT_EQ(bytesText(0), "0 B");
  EXPECT_EQ(bytesText(65'536), "64.0 KiB");
  EXPECT_EQ(bytesText(1'610'612'736), "1.5 GiB");
  EXPECT_EQ(bytesText(UINT64_MAX), "16.0 EiB");
}

}  // namespace
}  // namespace rollcall::checks::volume
