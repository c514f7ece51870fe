#include "checks/tiers/compare.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "checks/tiers/wording.h"

namespace rollcall::checks::tiers {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Text = std::optional<std::string>;

// As Ghost makes them: a free tier, and a paid one.
std::vector<Row> rows() {
  const Text none;
  return {{"1", "free", "1", "Free", none, "free", "public", none, none, none, none, "0"},
          {"2", "gold", "1", "Gold 😀", none, "paid", "public", "/hi/", "usd", "500", "5000", "7"}};
}

json document() {
  return json::parse(R"({"tiers":[
    {"id":"1","slug":"free","active":true,"name":"Free","description":null,"type":"free",
     "visibility":"public","welcome_page_url":null,"benefits":[],"trial_days":0},
    {"id":"2","slug":"gold","active":true,"name":"Gold 😀","description":null,"type":"paid",
     "visibility":"public","welcome_page_url":"/hi/","benefits":["A"],"currency":"USD",
     "monthly_price":500,"yearly_price":5000,"trial_days":7,"updated_at":null}]})");
}

// "slug field shown>wanted"
std::vector<std::string> differences(const std::vector<Row>& table, const json& shown) {
  std::vector<std::string> lines;
  for (const Difference& one : compare(tiersOf(table), shownOf(shown).value()))
    lines.push_back(fmt::format("{} {} {}>{}", one.slug, one.field, one.shown, one.wanted));
  return lines;
}

TEST(Tiers, areTheSameAsGhostStoresAndShowsThem) {
  EXPECT_THAT(differences(rows(), document()), IsEmpty());
}

TEST(Tiers, differInEachFieldThatIsShown) {
  struct Case {
    std::size_t column;
    std::string value;
    std::string line;
  };
  const Case cases[] = {
      {3, "Platinum", "gold name Gold 😀>Platinum"}, {4, "d", "gold description >d"},
      {6, "none", "gold visibility public>none"},   {7, "", "gold welcome_page_url /hi/>"},
      {8, "EUR", "gold currency USD>EUR"},          {9, "600", "gold monthly_price 500>600"},
      {10, "6000", "gold yearly_price 5000>6000"},  {11, "0", "gold trial_days 7>0"},
  };
  for (const Case& one : cases) {
    auto table = rows();
    table[1][one.column] = one.value;
    EXPECT_THAT(differences(table, document()), ElementsAre(one.line));
  }
}

TEST(Tiers, anArchivedOneIsNotShown) {
  auto table = rows();
  table[1][2] = "0";
  EXPECT_THAT(differences(table, document()), ElementsAre("gold  shown>"));
  auto shown = document();
  shown["tiers"].erase(1);
  EXPECT_THAT(differences(table, shown), IsEmpty());
  EXPECT_THAT(differences(rows(), shown), ElementsAre("gold  >shown"));
  shown = document();
  shown["tiers"][1]["active"] = false;
  EXPECT_THAT(differences(table, shown), IsEmpty());
}

TEST(Tiers, oneThatTheTableDoesNotHaveIsLeftOver) {
  auto table = rows();
  table.pop_back();
  EXPECT_THAT(differences(table, document()), ElementsAre("gold  shown>"));
}

TEST(Tiers, aFieldThatIsNotShownIsNotCompared) {
  auto table = rows();
  table[0][8] = "EUR";  // a free tier has no price
  EXPECT_THAT(differences(table, document()), IsEmpty());
}

TEST(Tiers, aNameIsTrimmedInTheTableButNotInTheMemoryOfThePodThatSavedIt) {
  for (const char* name :
       {"Gold 😀 ", " \t\n\v\f\rGold 😀", "\u00a0Gold 😀\u3000", "\ufeffGold 😀\u2028"}) {
    auto shown = document();
    shown["tiers"][1]["name"] = name;
    EXPECT_THAT(differences(rows(), shown), IsEmpty()) << name;
    auto table = rows();
    table[1][3] = name;
    EXPECT_THAT(differences(table, document()), IsEmpty()) << name;
  }
  auto shown = document();
  shown["tiers"][1]["name"] = "Gold  😀";
  EXPECT_THAT(differences(rows(), shown), ElementsAre("gold name Gold  😀>Gold 😀"));
  shown["tiers"][1]["name"] = " \u2003 ";
  EXPECT_THAT(differences(rows(), shown), ElementsAre("gold name >Gold 😀"));
}

TEST(Tiers, aPaidOneWithoutAPriceGetsGhostsOwnWhenAPodBoots) {
  for (const Text& none : {Text(), Text("0"), Text("")}) {
    auto table = rows();
    table[1][9] = table[1][10] = none;
    EXPECT_THAT(differences(table, document()), IsEmpty());
    auto shown = document();
    shown["tiers"][1]["monthly_price"] = 700;
    shown["tiers"][1]["yearly_price"] = 0;
    EXPECT_THAT(differences(table, shown),
                ElementsAre("gold monthly_price 700>500", "gold yearly_price 0>5000"));
  }
}

TEST(Tiers, aFreeOneHasNoPriceWhateverATableSays) {
  auto shown = document();
  shown["tiers"][0]["monthly_price"] = nullptr;
  EXPECT_THAT(differences(rows(), shown), IsEmpty());
}

TEST(Tiers, valuesOfOneThatIsHiddenOnEitherSideAreMarked) {
  const auto hidden = [](const std::string& stored, const std::string& seen) {
    auto table = rows();
    table[1][3] = "Platinum", table[1][6] = stored;
    auto shown = document();
    shown["tiers"][1]["visibility"] = seen;
    bool any = false;
    for (const Difference& one : compare(tiersOf(table), shownOf(shown).value()))
      any = any || one.hidden;
    return any;
  };
  EXPECT_FALSE(hidden("public", "public"));
  EXPECT_TRUE(hidden("none", "none"));
  EXPECT_TRUE(hidden("none", "public"));
  EXPECT_TRUE(hidden("public", "none"));
}

TEST(ShownOf, refusesWhatIsNoListOfTiers) {
  for (const char* text :
       {"null", "[]", "{}", R"({"tiers":1})", R"({"tiers":[1]})", R"({"tiers":[{"name":"x"}]})"})
    EXPECT_FALSE(shownOf(json::parse(text))) << text;
  json many = {{"tiers", json::array()}};
  for (int i = 0; i < 1001; ++i) many["tiers"].push_back({{"id", std::to_string(i)}});
  EXPECT_FALSE(shownOf(many));
}

TEST(Wording, namesTiersAndFields) {
  const std::vector<Difference> some = {{"1", "free", "name", "Free", "Gratis"},
                                        {"1", "free", "description", std::string(80, 'x'), ""},
                                        {"2", "gold", "", "shown", ""},
                                        {"3", "new", "", "", "shown"}};
  EXPECT_EQ(messageOf("b", some),
            "b shows other tiers than the database: the name of \"free\" is \"Free\" instead of "
            "\"Gratis\", the description of \"free\", the tier \"gold\" is still shown, the tier "
            "\"new\" is not shown");
  EXPECT_THAT(messageOf("", some), HasSubstr("every pod shows other tiers"));
  EXPECT_EQ(evidenceOf(some).at("tier free"), "name,description");
  EXPECT_THAT(remedyOf("b"), HasSubstr("restart b: kubectl delete pod b"));
}

TEST(Wording, tellsNoWelcomePageAndNothingOfAHiddenTier) {
  const std::vector<Difference> some = {
      {"1", "gold", "welcome_page_url", "/secret-a/", "/secret-b/"},
      {"2", "vip", "name", "Secret A", "Secret B", true},
      {"2", "vip", "visibility", "public", "none", true},
      {"3", "old", "", "shown", "", true}};
  EXPECT_EQ(messageOf("b", some),
            "b shows other tiers than the database: the welcome_page_url of \"gold\", the name of "
            "\"vip\", the visibility of \"vip\", the tier \"old\" is still shown");
  for (const auto& [name, value] : evidenceOf(some))
    EXPECT_THAT(value, Not(HasSubstr("ecret"))) << name;
}

TEST(Wording, namesAFewAndCountsTheRest) {
  const std::vector<Difference> many(9, {"1", "free", "name", "\x1b[31m", "b"});
  EXPECT_THAT(messageOf("b", many), HasSubstr("and 3 more"));
  EXPECT_THAT(messageOf("b", many), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace rollcall::checks::tiers
