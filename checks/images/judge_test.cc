#include "checks/images/judge.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rollcall::checks::images {
namespace {

using namespace std::chrono_literals;

const WallTime kNow{std::chrono::hours(500'000)};

// A pod's sight by a letter: s served, m missing, f failing, u unknown, c unclear; 2 is served in
// another size, d with another date, y a moment old, e empty, b as from a bucket.
Sight sightBy(char letter) {
  Sight sight;
  if (letter == 'm') sight.got = Got::kMissing;
  if (letter == 'f') sight.got = Got::kFailing;
  if (letter == 'c') sight.got = Got::kUnclear;
  if (std::string_view("mfcu").find(letter) != std::string_view::npos) return sight;
  sight.got = Got::kServed;
  sight.size = letter == '2' ? 200u : letter == 'e' ? 0u : 100u;
  sight.etag = std::string(1, letter);
  sight.changed = kNow - 1h;
  if (letter == 'd') sight.changed = kNow - 2h;
  if (letter == 'y') sight.changed = kNow - 1min;
  if (letter == 'b') sight.changed.reset();
  return sight;
}

// The content folder by a letter: '-' not asked, s there, 2 there in another size, e there and
// empty, n not there, u unknown.
OnVolume volumeBy(char letter) {
  if (letter == '-') return {};
  if (letter == 'n') return {.there = There::kNo};
  if (letter == 'u') return {.there = There::kUnknown};
  const std::uint64_t size = letter == '2' ? 200 : letter == 'e' ? 0 : 100;
  return {.there = There::kYes, .size = size, .changed = kNow - 1h + 1ms};
}

FileLook lookBy(std::string_view pods, char volume, std::string path = "images/a.png") {
  FileLook look{.path = std::move(path), .pods = {}, .volume = volumeBy(volume)};
  for (const char pod : pods) look.pods.push_back(sightBy(pod));
  return look;
}

std::string claimsOf(const FileLook& look, bool known) {
  constexpr const char* kNames[] = {"831", "832", "833", "834", "835", "836"};
  std::string text;
  for (const Claim& claim : judge(look, known, kNow)) {
    text += (text.empty() ? "" : " ") + std::string(kNames[static_cast<std::size_t>(claim.code)]);
    if (claim.pod) text += fmt::format("/{}", *claim.pod);
  }
  return text;
}

struct Row {
  const char* pods;
  char volume;
  const char* claims;
  bool known = false;
};

class Judging : public testing::TestWithParam<Row> {};

TEST_P(Judging, FollowsTheRules) {
  const Row& row = GetParam();
  EXPECT_EQ(claimsOf(lookBy(row.pods, row.volume), row.known), row.claims)
      << row.pods << " with " << row.volume;
}

INSTANTIATE_TEST_SUITE_P(AllIsWell, Judging,
                         testing::Values(Row{"sss", 's', ""}, Row{"sss", '-', ""},
                                         Row{"sss", 'u', ""}, Row{"s", 's', ""},
                                         Row{"ssu", 's', ""}, Row{"uuu", 's', ""},
                                         Row{"uuu", 'n', ""}));

INSTANTIATE_TEST_SUITE_P(APodDoesNotServeIt, Judging,
                         testing::Values(Row{"sms", 's', "831/1"}, Row{"sms", '-', "831/1"},
                                         Row{"smm", 'n', "831/1 831/2"}, Row{"smu", '-', "831/1"},
                                         Row{"ym", 's', "831/1"}, Row{"umu", 's', ""},
                                         Row{"bm", '-', "831/1"}));

INSTANTIATE_TEST_SUITE_P(MissingEverywhere, Judging,
                         testing::Values(Row{"mmm", '-', "832"}, Row{"mmm", 'n', "832"},
                                         Row{"mmm", 'u', "832"}, Row{"m", '-', "832"},
                                         Row{"mmu", '-', ""}, Row{"mmu", 'n', "832"},
                                         Row{"mmu", 'u', ""}, Row{"mmu", '-', "832", true},
                                         Row{"uuu", '-', "", true}, Row{"smu", '-', "831/1", true},
                                         Row{"mmu", 's', "", true}));

INSTANTIATE_TEST_SUITE_P(AnotherVersion, Judging,
                         testing::Values(Row{"ss2", 's', "833/2"}, Row{"ss2", '-', "833/2"},
                                         Row{"s22", 's', "833/1 833/2"}, Row{"s2", '-', "833"},
                                         Row{"s2", 's', "833/1"}, Row{"s2", '2', "833/0"},
                                         Row{"s2u", '-', "833"}, Row{"ssd", 's', "833/2"},
                                         Row{"sd", '-', "833"}, Row{"s2m", 's', "831/2 833/1"},
                                         Row{"s2", 'n', "833 835"}, Row{"ss22", '-', "833"},
                                         Row{"y2", '-', ""}, Row{"yy2", 's', ""}));

INSTANTIATE_TEST_SUITE_P(APodFails, Judging,
                         testing::Values(Row{"sfs", 's', "834/1"}, Row{"mfm", '-', "834/1"},
                                         Row{"fff", 's', "834"}, Row{"ffu", '-', "834"},
                                         Row{"f", '-', "834"}, Row{"sfm", '-', "834/1 831/2"},
                                         Row{"mfm", 's', "834/1"}));

INSTANTIATE_TEST_SUITE_P(AnotherFolder, Judging,
                         testing::Values(Row{"mmm", 's', "835"}, Row{"m", 's', "835"},
                                         Row{"mmu", 's', ""}, Row{"sss", 'n', "835"},
                                         Row{"sss", '2', "835"}, Row{"bbb", 'n', ""},
                                         Row{"bbb", '2', ""}, Row{"yyy", 'n', ""},
                                         Row{"yyy", '2', ""}));

INSTANTIATE_TEST_SUITE_P(Empty, Judging,
                         testing::Values(Row{"eee", 'e', "836"}, Row{"eee", '-', "836"},
                                         Row{"eeu", '-', "836"}, Row{"sse", 's', "833/2"}));

INSTANTIATE_TEST_SUITE_P(CaughtByARedirect, Judging,
                         testing::Values(Row{"ccc", 's', ""}, Row{"cmm", 'n', ""},
                                         Row{"scm", 's', ""}));

TEST(Judging, AnEmptyDownloadMayBeMeantSo) {
  EXPECT_EQ(claimsOf(lookBy("ee", 'e', "files/a.txt"), false), "");
  EXPECT_EQ(claimsOf(lookBy("ee", 'e', "media/a.mp4"), false), "836");
}

TEST(Judging, AFileThatChangedAMomentAgoInTheFolderIsNotCompared) {
  FileLook look = lookBy("ss", '2');
  look.volume.changed = kNow - 1min;
  EXPECT_EQ(claimsOf(look, false), "");
}

TEST(NothingIsThere, TakesManyFilesAndNoneOfThem) {
  const auto all = [](const char* pods, char volume, std::size_t count) {
    return nothingIsThere(std::vector<FileLook>(count, lookBy(pods, volume)));
  };
  EXPECT_TRUE(all("mm", '-', 3));
  EXPECT_TRUE(all("mu", 'n', 3));
  EXPECT_FALSE(all("mm", '-', 2));
  EXPECT_FALSE(all("sm", '-', 3));
  EXPECT_FALSE(all("mf", '-', 3));
  EXPECT_FALSE(all("mm", 's', 3));
  EXPECT_FALSE(all("uu", '-', 3));
  EXPECT_FALSE(nothingIsThere({lookBy("mm", '-'), lookBy("mm", '-'), lookBy("ss", '-')}));
}

}  // namespace
}  // namespace rollcall::checks::images
