#include "checks/redirects/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::checks::redirects {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(RuleFile, ReadsJson) {
  const auto rules = parseRules(
      R"([{"from":"/a","to":"/b","permanent":true},{"from":"/c","to":"/d"},
          {"from":"/e","to":"/f","permanent":"yes"},{"from":"/g","to":7}])",
      RuleFormat::kJson);
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_THAT(*rules, ElementsAre(Rule{"/a", "/b", true}, Rule{"/c", "/d", false},
                                  Rule{"/e", "/f", true}, Rule{"/g", "", false}));
}

TEST(RuleFile, ReadsYamlTemporaryRulesFirstAsGhostDoes) {
  const auto rules = parseRules("301:\n  /a: /b\n  ^/c$: https://example.org/\n302:\n  /d: /e\n",
                                RuleFormat::kYaml);
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_THAT(*rules, ElementsAre(Rule{"/d", "/e", false}, Rule{"/a", "/b", true},
                                  Rule{"^/c$", "https://example.org/", true}));
}

TEST(RuleFile, MayBeEmpty) {
  for (const std::string text : {"", " \n", "[]"})
    EXPECT_THAT(parseRules(text, RuleFormat::kJson).value(), IsEmpty()) << text;
  for (const std::string text : {"", "# nothing\n", "301:\n302:\n", "301: {}\n302: {}\n", "x: 1\n"})
    EXPECT_THAT(parseRules(text, RuleFormat::kYaml).value(), IsEmpty()) << text;
}

TEST(RuleFile, SaysWhyGhostCannotUseIt) {
  struct Row {
    std::string text;
    RuleFormat format;
    std::string sentence;
  };
  for (const Row& row : {
           Row{"{", RuleFormat::kJson, "not valid JSON"},
           Row{"{}", RuleFormat::kJson, "not a list"},
           Row{"[1]", RuleFormat::kJson, "entry 1 is no redirect"},
           Row{R"([{"from":"/a","to":"/b"},{"to":"/b"}])", RuleFormat::kJson,
               "entry 2 has no \"from\""},
           Row{R"([{"from":"/a","to":""}])", RuleFormat::kJson, "entry 1 has no \"to\""},
           Row{"a: [", RuleFormat::kYaml, "not valid YAML"},
           Row{"just text", RuleFormat::kYaml, "not a map"},
           Row{"301: text\n", RuleFormat::kYaml, "301 is not a map"},
           Row{"301:\n  /a: /b\n  /a: /c\n", RuleFormat::kYaml, "line 3: a rule is there twice"},
           Row{"301:\n  /a:\n", RuleFormat::kYaml, "line 2: a rule has no target"},
           Row{"301:\n  : /b\n", RuleFormat::kYaml, "line 2: a rule has no address"},
           Row{"301:\n  '': /b\n", RuleFormat::kYaml, "line 2: a rule has no address"},
       }) {
    const auto rules = parseRules(row.text, row.format);
    ASSERT_FALSE(rules) << row.text;
    EXPECT_EQ(rules.error().code, ErrorCode::kInvalidArgument) << row.text;
    EXPECT_THAT(rules.error().message, HasSubstr(row.sentence));
  }
}

TEST(RuleFile, DoesNotBlameTheFileForOurOwnBounds) {
  const std::string deep(100, '[');
  for (const auto& [text, format] :
       {std::pair(std::string("301:\n  /a: &x /b\n"), RuleFormat::kYaml),
        std::pair(std::string(5u << 20, '#'), RuleFormat::kYaml),
        std::pair(deep + std::string(100, ']'), RuleFormat::kJson)}) {
    const auto rules = parseRules(text, format);
    ASSERT_FALSE(rules);
    EXPECT_EQ(rules.error().code, ErrorCode::kProtocol) << rules.error().message;
  }
}

TEST(RuleFile, IsKnownByItsFirstCharacter) {
  EXPECT_EQ(formatOf(" [{}]"), RuleFormat::kJson);
  EXPECT_EQ(formatOf("301:\n"), RuleFormat::kYaml);
  EXPECT_EQ(formatOf(""), RuleFormat::kYaml);
}

}  // namespace
}  // namespace rollcall::checks::redirects
