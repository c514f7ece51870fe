#include "daemon/content/own_files.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;

TEST(OwnFiles, AreKnownByTheirNames) {
  const OwnFile probe{OwnKind::kProbe, 0xfedcba9876543210, 4294967295u, 0xffffffffffffffff};
  EXPECT_EQ(nameOf(probe), ".rollcall-probe-fedcba9876543210-4294967295-ffffffffffffffff");
  EXPECT_EQ(parseOwnFile(nameOf(probe)), probe);
  const OwnFile canary{OwnKind::kCanary, 0xa, 7, 0x1f};
  EXPECT_EQ(nameOf(canary), "rollcall-canary-a-7-1f.txt");
  EXPECT_EQ(parseOwnFile(nameOf(canary)), canary);
  const OwnFile upload{OwnKind::kUpload, 0xfedcba9876543210, 4294967295u, 0xffffffffffffffff};
  EXPECT_EQ(nameOf(upload),
            "rollcall-write-through-fedcba9876543210-4294967295-ffffffffffffffff.ico");
  EXPECT_LT(nameOf(upload).size(), kOwnNameBytes);
  EXPECT_EQ(parseOwnFile(nameOf(upload)), upload);
}

TEST(OwnFiles, NothingElseIsTakenForOne) {
  for (const char* name : {"",
                           "photo.png",
                           ".rollcall-probe-",
                           ".rollcall-probe-a-7",
                           ".rollcall-probe-a-7-",
                           ".rollcall-probe-a-7-1f.txt",
                           ".rollcall-probe-a-7-1f-2",
                           ".rollcall-probe--7-1f",
                           ".rollcall-probe-0a-7-1f",
                           ".rollcall-probe-A-7-1f",
                           ".rollcall-probe-a--7-1f",
                           ".rollcall-probe-a-99999999999-1f",
                           "rollcall-canary-a-7-1f",
                           "rollcall-canary-a-7-1f.png",
                           "rollcall-write-through-a-7-1f.png",
                           "rollcall-write-through-a-7-1f-1.ico",
                           "rollcall-write-through-a-7-1f_o.ico",
                           "rollcall-canary-a-7-1f.ico",
                           "rollcall-canary-a-7-1f.txt.txt",
                           "rollcall-canary-.txt",
                           "x-rollcall-canary-a-7-1f.txt",
                           ".rollcall-canary-a-7-1f.txt"})
    EXPECT_FALSE(parseOwnFile(name)) << name;
}

TEST(OwnFiles, AreLeftOverWhenTheirProcessIsGoneOrTheyAreOld) {
  struct Row {
    std::uint64_t place;
    Duration age;
    bool alive;
    bool leftOver;
  };
  constexpr std::uint64_t kHere = 5;
  for (const Row& row :
       {Row{kHere, 0s, true, false}, Row{kHere, 0s, false, true}, Row{kHere, 16min, true, true},
        Row{6, 0s, false, false}, Row{6, 14min, false, false}, Row{6, 16min, false, true},
        Row{6, -1h, false, false}}) {
    const OwnFile file{OwnKind::kProbe, row.place, 1, 1};
    const auto alive =
        row.alive ? [](std::uint32_t) { return true; } : [](std::uint32_t) { return false; };
    EXPECT_EQ(isLeftOver(file, kHere, row.age, alive), row.leftOver)
        << row.place << " " << formatDuration(row.age) << " " << row.alive;
  }
}

}  // namespace
}  // namespace rollcall
