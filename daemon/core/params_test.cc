#include "daemon/core/params.h"

#include <gmock/gmock.h>

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;

const std::vector<ParamDef> kDefs = {
    {"newest", std::int64_t{5}, "how many"},
    {"every", Duration(30s), "how often"},
    {"deep", false, "whether"},
    {"mode", std::string("fast"), "which"},
};

TEST(Params, defaultsHold) {
  const Params params(kDefs);
  EXPECT_EQ(params.count("newest"), 5u);
  EXPECT_EQ(params.duration("every"), 30s);
  EXPECT_FALSE(params.flag("deep"));
  EXPECT_EQ(params.text("mode"), "fast");
}

TEST(Params, textIsConvertedToTheDeclaredType) {
  std::vector<std::string> problems;
  const Params params = Params::parse(
      kDefs, {{"newest", "7"}, {"every", "2m"}, {"deep", "true"}, {"mode", "slow"}}, "c", problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(params.count("newest"), 7u);
  EXPECT_EQ(params.duration("every"), 2min);
  EXPECT_TRUE(params.flag("deep"));
}

TEST(Params, everyProblemIsNamedWithItsPath) {
  std::vector<std::string> problems;
  Params::parse(kDefs, {{"newst", "7"}, {"every", "soon"}, {"deep", "maybe"}, {"newest", "-1"}},
                "checks.posts", problems);
  EXPECT_THAT(
      problems,
      ElementsAre("checks.posts.deep: must be true or false",
                  "checks.posts.every: \"soon\" is not a duration: write a whole number and "
                  "ms, s, m, h or d, such as 30s",
                  "checks.posts.newest: must be a whole number, 0 or more",
                  "checks.posts.newst: unknown setting"));
}

TEST(Params, aValueOutOfItsRangeIsRefused) {
  const std::vector<ParamDef> defs = {
      {"patience", Duration(5s), "how long", Duration(100ms), Duration(60s)},
      {"nth", std::int64_t{3}, "each n-th", std::int64_t{1}},
  };
  std::vector<std::string> problems;
  Params::parse(defs, {{"patience", "0s"}, {"nth", "0"}}, "c", problems);
  EXPECT_THAT(problems, ElementsAre("c.nth: must be at least 1",
                                    testing::StartsWith("c.patience: must be at least ")));
  problems.clear();
  Params::parse(defs, {{"patience", "2m"}, {"nth", "1"}}, "c", problems);
  EXPECT_THAT(problems, ElementsAre(testing::StartsWith("c.patience: must be at most ")));
}

TEST(Params, aTextIsRefusedForWhatItsDefinitionSays) {
  const std::vector<ParamDef> defs = {{.name = "folders",
                                       .fallback = std::string("images"),
                                       .help = "which",
                                       .problem = [](const std::string& text) {
                                         return text.empty()
                                                    ? std::optional<std::string>("is empty")
                                                    : std::nullopt;
                                       }}};
  std::vector<std::string> problems;
  const Params kept = Params::parse(defs, {{"folders", ""}}, "c", problems);
  EXPECT_THAT(problems, ElementsAre("c.folders: is empty"));
  EXPECT_EQ(kept.text("folders"), "images");
  problems.clear();
  EXPECT_EQ(Params::parse(defs, {{"folders", "media"}}, "c", problems).text("folders"), "media");
  EXPECT_THAT(problems, testing::IsEmpty());
}

TEST(ParseDuration, takesAWholeNumberAndAUnit) {
  EXPECT_EQ(*parseDuration("1500ms"), 1500ms);
  EXPECT_EQ(*parseDuration("0s"), 0s);
  EXPECT_EQ(*parseDuration("2d"), 48h);
  for (const char* bad : {"", "5", "s", "-1s", "1.5s", "99999999999999999d", "1 s", "1w"})
    EXPECT_FALSE(parseDuration(bad)) << bad;
}

}  // namespace
}  // namespace rollcall
