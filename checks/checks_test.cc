// What holds for every check, present and future.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "daemon/core/registry.h"

namespace rollcall {
namespace {
using testing::HasSubstr;

std::string readmeOf(const CheckSpec& spec) {
  std::ifstream file(std::string(ROLLCALL_SOURCE_DIR "/checks/") + std::string(spec.name) +
                     "/README.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

class EveryCheck : public testing::TestWithParam<const CheckSpec*> {};

TEST_P(EveryCheck, hasATitleAMeaningAndARemedyForEachCode) {
  for (const FindingDef& def : GetParam()->findings)
    EXPECT_FALSE(def.title.empty() || def.meaning.empty() || def.remedy.empty()) << def.code;
}

TEST_P(EveryCheck, namesEachCodeAndEachSettingInItsReadme) {
  const std::string readme = readmeOf(*GetParam());
  for (const FindingDef& def : GetParam()->findings)
    EXPECT_THAT(readme, HasSubstr("| " + std::string(def.code) + " |"));
  for (const ParamDef& param : GetParam()->params)
    EXPECT_THAT(readme, HasSubstr("`" + std::string(param.name) + "`"));
}

TEST_P(EveryCheck, isMadeFromItsDefaultsAndCanKeepItsTimeout) {
  EXPECT_NE(GetParam()->make(Params(GetParam()->params)), nullptr);
  EXPECT_GT(GetParam()->interval, Duration::zero());
  EXPECT_GT(GetParam()->timeout, Duration::zero());
}

INSTANTIATE_TEST_SUITE_P(All, EveryCheck, testing::ValuesIn(allChecks()),
                         [](const auto& one) { return std::string(one.param->name); });

TEST(AllChecks, sharesNoNameAndNoCode) {
  CheckRegistry registry(allChecks());
}

}  // namespace
}  // namespace rollcall
