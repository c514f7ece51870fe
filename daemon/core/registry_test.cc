#include "daemon/core/registry.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

const std::vector<FindingDef> kFirst = {{"RC101", Severity::kCritical, "down", "why", "mend it"}};
const std::vector<FindingDef> kSecond = {{"RC201", Severity::kWarning, "old", "why", "mend it"},
                                         {"RC202", Severity::kInfo, "odd", "why", "mend it"}};

CheckSpec spec(std::string_view name, const std::vector<FindingDef>& findings) {
  CheckSpec made{};
  made.name = name;
  made.findings = findings;
  return made;
}

TEST(CheckRegistry, findsChecksByNameAndCodesInAnyLetterCase) {
  const CheckSpec first = spec("first", kFirst), second = spec("second", kSecond);
  const CheckRegistry registry({&first, &second});
  EXPECT_EQ(registry.find("second"), &second);
  EXPECT_EQ(registry.find("Second"), nullptr);
  EXPECT_EQ(registry.ownerOf("RC202"), &second);
  ASSERT_NE(registry.findCode("rc202"), nullptr);
  EXPECT_EQ(registry.findCode("rc202")->title, "odd");
  for (const char* none : {"", "RC20", "RC2022", "RC999"}) {
    EXPECT_EQ(registry.findCode(none), nullptr) << none;
    EXPECT_EQ(registry.ownerOf(none), nullptr) << none;
  }
}

TEST(CheckRegistryDeathTest, aNameOrACodeTwiceEndsTheProgram) {
  const CheckSpec first = spec("first", kFirst), other = spec("other", kFirst),
                  same = spec("first", kSecond);
  EXPECT_DEATH(CheckRegistry({&first, &other}), "\"other\" or one of its codes is in the table");
  EXPECT_DEATH(CheckRegistry({&first, &same}), "\"first\" or one of its codes is in the table");
}

}  // namespace
}  // namespace rollcall
