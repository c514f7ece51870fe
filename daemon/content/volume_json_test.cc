#include "daemon/content/volume_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr WallTime kNow{std::chrono::milliseconds(1'800'000'000'000)};

FolderLook written(const char* name) {
  FolderLook look{.folder = name, .begun = true, .step = ProbeStep::kDone};
  look.wrote = 3'456'789ns;
  look.synced = 2'000'001ns;
  look.spent = 4ms;
  look.space = VolumeSpace{UINT64_MAX, 1, 0, UINT64_MAX - 1, true};
  look.owner = FolderOwner{1000, 4'294'967'295, 02755};
  look.skew = -1'500ms;
  look.leftOvers = 2;
  return look;
}

// Every field of a look says something here.
VolumeReport sample() {
  VolumeReport report;
  report.folder = "/var/lib/ghost/content";
  report.user = 1000;
  report.interval = 20s;
  report.began = 12'345'678'901ns;
  report.ended = 12s;
  MountLook well;
  well.mount = {0,
                "/var/lib/ghost/content",
                "nfs4",
                "files:/export/\xC3\xA9",
                "rw,noatime",
                "rw,vers=4.2,hard"};
  well.folders = {written("images"), written("themes")};
  FolderLook& full = well.folders.emplace_back(written("media"));
  full.step = ProbeStep::kReadBack;
  full.error = ENOSPC;
  full.differs = true;
  full.skew.reset();
  full.space.reset();
  full.owner.reset();
  MountLook hung;
  hung.mount.point = "/var/lib/ghost/content/data";
  hung.hungSince = kNow - 90'500ms;
  hung.unkillable = true;
  hung.folders = {FolderLook{.folder = "data"}};
  MountLook blind;
  blind.error = Error{ErrorCode::kUnavailable, "no process to look"};
  blind.folders = {FolderLook{.folder = "settings"}};
  report.looks = {well, hung, blind};
  report.before = {blind, well};
  return report;
}

TEST(VolumeJson, SaysTheSameToWhoeverReadsIt) {
  const VolumeReport report = sample();
  const auto read = parseVolumeReport(formatVolumeReport(report, kNow), kNow);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->folder, report.folder);
  EXPECT_EQ(read->user, report.user);
  EXPECT_EQ(read->interval, report.interval);
  EXPECT_EQ(read->began, report.began);
  EXPECT_EQ(read->ended, report.ended);
  EXPECT_EQ(read->looks, report.looks);
  EXPECT_EQ(read->before, report.before);
  EXPECT_EQ(read->looks[2].error.value().code, ErrorCode::kUnavailable);
  EXPECT_EQ(read->looks[2].error.value().message, "no process to look");
}

TEST(VolumeJson, AHangLastsAsLongByAnotherClock) {
  const WallTime elsewhere = kNow + std::chrono::hours(5);
  const auto read = parseVolumeReport(formatVolumeReport(sample(), kNow), elsewhere);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(elsewhere - read->looks[1].hungSince.value(), 90'500ms);
}

TEST(VolumeJson, AHangBeganAtTheSameMomentWheneverItIsRead) {
  const std::string json = formatVolumeReport(sample(), kNow);
  for (const auto later : {0ms, 7ms, 2'000ms, -2'000ms}) {
    const auto read = parseVolumeReport(json, kNow + later);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->looks[1].hungSince, sample().looks[1].hungSince);
  }
}

TEST(VolumeJson, ErrorsGoByTheirNamesAndUnknownOnesByTheirNumbers) {
  VolumeReport report = sample();
  for (const auto& [number, text] : {std::pair(EROFS, "\"EROFS\""), std::pair(ESTALE, "\"ESTALE\""),
                                     std::pair(4001, "\"4001\"")}) {
    report.looks[0].folders[0].error = number;
    const std::string json = formatVolumeReport(report, kNow);
    EXPECT_THAT(json, HasSubstr(text));
    const auto read = parseVolumeReport(json, kNow);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->looks[0].folders[0].error, number);
  }
}

TEST(VolumeJson, NamesThatAreNoTextOrTooLongDoNotMakeItUnreadable) {
  VolumeReport report = sample();
  report.folder = "/" + std::string(100'000, '\xFF');
  report.looks[0].mount.source = "bell\a \xC0\xAF" + std::string(5'000, 'x');
  const std::string json = formatVolumeReport(report, kNow);
  EXPECT_THAT(json, Not(HasSubstr("\a")));
  const auto read = parseVolumeReport(json, kNow);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_LT(read->looks[0].mount.source.size(), 2'000u);
}

TEST(VolumeJson, ANewerAgentMayTellMore) {
  std::string json = formatVolumeReport(sample(), kNow);
  json.insert(1, "\"more\": {\"a\": [1, 2]},");
  EXPECT_TRUE(parseVolumeReport(json, kNow));
}

// `json` with the first `from` replaced.
std::string with(const char* from, const std::string& to) {
  std::string json = formatVolumeReport(sample(), kNow);
  const std::size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? json : json.replace(at, std::string_view(from).size(), to);
}

TEST(VolumeJson, WhatIsWrongIsNamedInOneSentence) {
  struct Row {
    std::string json;
    const char* says;
  };
  const Row rows[] = {
      {"", "it is not valid JSON"},
      {"<html>", "it is not valid JSON"},
      {"\xFF\xFE{}", "it is not valid JSON"},
      {"null", "it is no object"},
      {"[]", "it is no object"},
      {"{}", "schema_version is missing"},
      {"{\"schema_version\": \"1\"}", "schema_version is no count"},
      {"{\"schema_version\": 1}", "content_path is missing"},
      {std::string(400'000, '['), "it is nested too deeply"},
      {std::string(200'000, '[') + std::string(200'000, ']'), "it is nested too deeply"},
      {std::string(kMaxVolumeReportBytes + 1, ' '), "it is too large"},
      {with("\"user\": 1000", "\"user\": -1"), "user is no count"},
      {with("\"user\": 1000", "\"user\": 4294967296"), "user is no count"},
      {with("\"user\": 1000", "\"user\": 1.5"), "user is no count"},
      {with("\"interval_seconds\": 20.0", "\"interval_seconds\": 1e300"),
       "interval_seconds is no number of seconds"},
      {with("\"interval_seconds\": 20.0", "\"interval_seconds\": 1e400"), "it is not valid JSON"},
      {with("\"interval_seconds\": 20.0", "\"interval_seconds\": \"20s\""),
       "interval_seconds is no number of seconds"},
      {with("\"ended_seconds_ago\": 12.0", "\"ended_seconds_ago\": -1"),
       "ended_seconds_ago is no number of seconds"},
      {with("\"mounts\": [", "\"mounts\": 5, \"x\": ["), "mounts is no list of 1 to 32"},
      {with("\"mounts\": [", "\"mounts\": [], \"x\": ["), "mounts is no list of 1 to 32"},
      {with("\"folders\": [", "\"folders\": [], \"x\": ["),
       "mounts[0].folders is no list of 1 to 32"},
      {with("\"content_path\": \"/", "\"content_path\": \"-rf /"),
       "content_path is no absolute path"},
      {with("\"mounted_at\": \"/", "\"mounted_at\": \"./"),
       "mounts[0].mounted_at is no absolute path"},
      {with("\"mounts\": [", "\"mounts\": [null, "), "mounts[0] is no object"},
      {with("\"type\": \"nfs4\"", "\"type\": \"" + std::string(5'000, 'x') + "\""),
       "mounts[0].type is too long"},
      {with("\"type\": \"nfs4\",", ""), "mounts[0].type is missing"},
      {with("\"step\": \"done\"", "\"step\": \"dance\""),
       "mounts[0].folders[0].step is not known here"},
      {with("\"begun\": true", "\"begun\": \"yes\""),
       "mounts[0].folders[0].begun is neither true nor false"},
      {with("\"errno\": null", "\"errno\": \"EWRONG\""),
       "mounts[0].folders[0].errno is not known here"},
      {with("\"errno\": null", "\"errno\": \"0\""), "mounts[0].folders[0].errno is not known"},
      {with("\"errno\": null", "\"errno\": \"-5\""), "mounts[0].folders[0].errno is not known"},
      {with("\"errno\": null", "\"errno\": \"99999999999\""), "folders[0].errno is not known here"},
      {with("\"mode\": \"2755\"", "\"mode\": \"rwx\""),
       "mounts[0].folders[0].owner.mode is no octal mode"},
      {with("\"mode\": \"2755\"", "\"mode\": \"17777\""), "owner.mode is no octal mode"},
      {with("\"mode\": \"2755\"", "\"mode\": \"\""), "owner.mode is no octal mode"},
      {with("\"space\": {", "\"space\": [1], \"x\": {"), "folders[0].space is no object"},
      {with("\"code\": \"unavailable\"", "\"code\": \"bad\""),
       "mounts[2].error.code is not known here"},
      {with("\"mounts_before\": [", "\"mounts_before\": [7, "), "mounts_before[0] is no object"},
  };
  for (const Row& row : rows) {
    const auto read = parseVolumeReport(row.json, kNow);
    ASSERT_FALSE(read) << row.says;
    EXPECT_EQ(read.error().code, ErrorCode::kProtocol);
    EXPECT_THAT(read.error().message, HasSubstr(row.says));
    EXPECT_THAT(read.error().message, HasSubstr("this is no report of a volume agent: "));
    EXPECT_LT(read.error().message.size(), 200u);
  }
}

TEST(VolumeJson, AnotherVersionAsksForTheSameOnBothSides) {
  const auto read = parseVolumeReport("{\"schema_version\": 2}", kNow);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("version 2, this Rollcall reads 1: run the same"));
}

TEST(VolumeJson, ManyMembersAreReadInNoTime) {
  std::string json = "{";
  for (int i = 0; json.size() < kMaxVolumeReportBytes - 50; ++i)
    json += "\"" + std::to_string(i) + "\":0,";
  EXPECT_FALSE(parseVolumeReport(json + "\"a\":0}", kNow));
}

TEST(VolumeJson, ARhythmBeyondAllBoundsMakesNoLookOld) {
  VolumeReport report;
  report.interval = Duration::max() / 2;
  report.ended = std::chrono::hours(1);
  EXPECT_FALSE(isStale(report));
}

TEST(VolumeJson, IsStaleAfterThreeIntervalsAndNeverBeforeAMinuteAndAHalf) {
  VolumeReport report;
  report.interval = 1s;
  report.ended = 90s;
  EXPECT_FALSE(isStale(report));
  report.ended = 91s;
  EXPECT_TRUE(isStale(report));
  report.interval = 60s;
  EXPECT_FALSE(isStale(report));
  report.ended = 181s;
  EXPECT_TRUE(isStale(report));
}

}  // namespace
}  // namespace rollcall
