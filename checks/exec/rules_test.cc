#include "checks/exec/rules.h"

#include <gmock/gmock.h>

namespace rollcall::checks::exec {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;

TEST(MeaningOf, IsKnownOfThreeCodesOnly) {
  struct Case {
    int exitCode;
    Said said;
  };
  for (const Case& one :
       {Case{0, Said::kWell}, Case{1, Said::kWarning}, Case{2, Said::kCritical},
        Case{3, Said::kNothing}, Case{4, Said::kNothing}, Case{126, Said::kNothing},
        Case{127, Said::kNothing}, Case{255, Said::kNothing}, Case{-1, Said::kNothing}})
    EXPECT_EQ(meaningOf(one.exitCode), one.said) << one.exitCode;
}

TEST(WhyNothing, HasTheCommandsWords) {
  struct Case {
    CommandAnswer answer;
    const char* why;
  };
  for (const Case& one :
       {Case{{3, "UNKNOWN: no route|a=1", ""},
             "it says that it does not know (exit code 3): UNKNOWN: no route"},
        Case{{3, "", ""}, "it says that it does not know (exit code 3)"},
        Case{{127, "", "sh: check_x: not found\nand more"},
             "it ended with exit code 127, which says nothing of what it looked at: sh: check_x: "
             "not found"},
        Case{{64, "usage", "\x1b[2J"},
             "it ended with exit code 64, which says nothing of what it looked at: usage"}})
    EXPECT_EQ(whyNothing(one.answer, readPluginOutput(one.answer.output)), one.why);
}

TEST(EnvironmentFor, HasWhatIsNamedAndNothingElse) {
  const auto own = +[](const char* name) -> const char* {
    const std::string_view asked = name;
    if (asked == "HTTP_PROXY") return "proxy:3128";
    if (asked == "LANG") return "de_DE.UTF-8";
    if (asked == "ROLLCALL_DB_PASSWORD") return "hunter2";
    return nullptr;
  };
  const auto path = Pair("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  EXPECT_THAT(environmentFor({}, {}, own), ElementsAre(Pair("LANG", "C"), path));
  EXPECT_THAT(environmentFor({.environment = {"HTTP_PROXY", "NOT_SET", "LANG"}},
                             {{"ROLLCALL_POD_NAME", "ghost-0"}}, own),
              ElementsAre(Pair("HTTP_PROXY", "proxy:3128"), Pair("LANG", "de_DE.UTF-8"), path,
                          Pair("ROLLCALL_POD_NAME", "ghost-0")));
}

TEST(EnvironmentFor, WhatTellsOfThePodIsNotOverwritten) {
  EXPECT_THAT(environmentFor(
                  {.environment = {"ROLLCALL_POD_NAME"}}, {{"ROLLCALL_POD_NAME", "a"}},
                  +[](const char*) -> const char* { return "b"; }),
              testing::Contains(Pair("ROLLCALL_POD_NAME", "a")));
}

TEST(ShareOf, LeavesEachPodAsMuchOfTheTime) {
  struct Case {
    Duration time;
    std::size_t left;
    Duration share;
  };
  for (const Case& one :
       {Case{30s, 3, 10s}, Case{20s, 2, 10s}, Case{10s, 1, 10s}, Case{0s, 2, 0s}, Case{5s, 0, 5s}})
    EXPECT_EQ(shareOf(one.time, one.left), one.share) << one.left;
}

TEST(KeepLabel, StopsAtAsManyAsARunMayHave) {
  std::set<std::string> known;
  for (std::size_t i = 0; i < kMostPluginNumbers; ++i)
    EXPECT_TRUE(keepLabel(std::to_string(i), known));
  EXPECT_FALSE(keepLabel("new", known));
  EXPECT_TRUE(keepLabel("0", known)) << "known ones go on";
  EXPECT_EQ(known.size(), kMostPluginNumbers);
}

}  // namespace
}  // namespace rollcall::checks::exec
