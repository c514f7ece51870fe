#include "checks/redirects/expectations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::checks::redirects {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

Site site() {
  Site made;
  made.url = made.admin = *parseUrl("https://example.com");
  return made;
}

Expectations of(Rules rules, bool ordered = true, std::vector<Offer> offers = {}) {
  const KnownRules known{.rules = std::move(rules), .ordered = ordered};
  return expect(
      &known, &offers, [](std::string_view path) { return path == "/live"; }, 5s, site());
}

std::vector<std::string> paths(const Expectations& made) {
  std::vector<std::string> all;
  for (const Expectation& one : made.all) all.push_back(one.path);
  return all;
}

TEST(Expectations, AreTheRulesThatCanBeToldForSure) {
  const auto made = of({{"/a", "/b", true}, {"/c/(.*)", "/d/$1", true}, {"/live/", "/x/", true}});
  EXPECT_THAT(paths(made), ElementsAre("/a"));
  EXPECT_EQ(made.all[0].status(), 301);
  EXPECT_EQ(made.expressions, 1u);
  EXPECT_EQ(made.live, 1u);
}

TEST(Expectations, LeaveOutWhatAnotherRuleMayAnswerFirst) {
  EXPECT_THAT(paths(of({{"/a", "/b"}, {"/a/", "/c"}})), ElementsAre("/a"));
  EXPECT_THAT(paths(of({{"/x/(.*)", "/y"}, {"/x/a", "/c"}})), IsEmpty());
  EXPECT_THAT(paths(of({{"/x/a", "/c"}, {"/x/(.*)", "/y"}})), ElementsAre("/x/a"));
  EXPECT_THAT(paths(of({{"/", "/y"}, {"/a", "/c"}})), IsEmpty());
  EXPECT_THAT(paths(of({{"/b", "/y"}, {"/a/b", "/c"}})), ElementsAre("/b"));
  EXPECT_THAT(paths(of({{"^/b", "/y"}, {"/a/b", "/c"}})), ElementsAre("/b", "/a/b"));
}

TEST(Expectations, TrustNoOrderThatIsNotKnown) {
  EXPECT_THAT(paths(of({{"/a", "/b"}, {"/a/", "/c"}}, false)), IsEmpty());
  EXPECT_THAT(paths(of({{"/x/a", "/c"}, {"/x/(.*)", "/y"}}, false)), IsEmpty());
}

TEST(Expectations, LeaveOutWhatTellsNothing) {
  EXPECT_THAT(paths(of({{"/a", "/a/"}, {"/A", "/a"}, {"/ghost/x", "/y"}, {"/r/x", "/y"}})),
              IsEmpty());
}

TEST(Expectations, HoldTheOffersLinks) {
  const auto made =
      of({{"/spring", "/y"}, {"/old", "/y"}}, true, {{"id1", "spring", 9s}, {"id2", "i", 1s}});
  // The second code makes Ghost answer every path by that offer: nothing else can be told.
  EXPECT_THAT(paths(made), IsEmpty());
  const auto offers = of({{"/spring", "/y"}, {"/old", "/y"}}, true, {{"id1", "spring", 9s}});
  EXPECT_THAT(paths(offers), ElementsAre("/old", "/spring"));
  EXPECT_EQ(offers.all[1].to, "/#/portal/offers/id1");
  EXPECT_EQ(offers.all[1].status(), 302);
  EXPECT_TRUE(offers.all[1].settled);
  EXPECT_TRUE(offers.answered("/SPRING/"));
  EXPECT_TRUE(offers.answered("/live/"));
  EXPECT_FALSE(offers.answered("/gone"));
}

TEST(Expectations, AreBounded) {
  Rules rules;
  for (int i = 0; i < 10'005; ++i) rules.push_back({"/r" + std::to_string(i) + "x", "/y"});
  const auto made = of(rules);
  EXPECT_EQ(made.all.size(), 10'000u);
  EXPECT_EQ(made.beyond, 5u);
}

}  // namespace
}  // namespace rollcall::checks::redirects
