#include "checks/settings/compare.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "checks/settings/wording.h"

namespace rollcall::checks::settings {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// What Ghost 5.130.6 and 6.65.0 answer for such a row: a pod that read it when it booted, and a pod
// that took the change.
struct Case {
  const char* name;
  const char* key;
  std::optional<std::string> stored;
  json shown;
  bool same = true;
};

class Values : public testing::TestWithParam<Case> {};

Table tableWith(const std::string& key, std::optional<std::string> value) {
  return tableOf({{key, std::move(value), "2026-01-01 09:00:00", "2026-01-01 10:00:00.000"}});
}

TEST_P(Values, areComparedAsGhostDoes) {
  const Case& row = GetParam();
  Shown shown;
  ASSERT_TRUE(addDocument(shown, {{"settings", {{row.key, row.shown}}}}, "settings"));
  EXPECT_EQ(compare(tableWith(row.key, row.stored), {&shown}).empty(), row.same);
}

const Case kCases[] = {
    {"Text", "title", "Ünï 😀 \"q\" <b>&amp;</b>", "Ünï 😀 \"q\" <b>&amp;</b>"},
    {"OldText", "title", "New", "Old", false},
    {"NullIsNull", "description", std::nullopt, nullptr},
    {"EmptyIsNull", "description", "", nullptr},
    {"ClearedElsewhere", "description", "", "Old", false},
    {"SetElsewhere", "description", "New", nullptr, false},
    {"ANumberAsText", "meta_title", "123", "123"},
    {"ANumberAsNumber", "meta_title", "123", 123},
    {"TheWordFalse", "meta_description", "false", false},
    {"TheWordNull", "og_title", "null", "null"},
    {"TextThatLooksLikeJson", "og_description", "[1,2]", "[1,2]"},
    {"Spaces", "twitter_title", "  padded ", "  padded "},
    {"SpacesMatter", "twitter_title", "padded", " padded", false},
    {"LineBreaks", "twitter_description", "a\r\nb\tc", "a\r\nb\tc"},
    {"True", "portal_button", "true", true},
    {"TrueAsOne", "portal_button", "1", true},
    {"False", "portal_button", "false", false},
    {"FalseAsZero", "portal_button", "0", false},
    {"NeverSet", "portal_button", std::nullopt, nullptr},
    {"NeverSetIsFalse", "portal_button", std::nullopt, false},
    {"SwitchedElsewhere", "portal_button", "true", false, false},
    {"AFileOfTheSite", "logo", "__GHOST_URL__/content/images/a.png",
     "https://e.org/content/images/a.png"},
    {"AFileBelowASubDirectory", "logo", "__GHOST_URL__/content/images/a.png",
     "https://e.org/blog/content/images/a.png"},
    {"AFileOnAnotherHost", "logo", "__GHOST_URL__/content/images/a.png",
     "https://cdn.e.org/x/content/images/a.png"},
    {"AFileAsItWasGiven", "logo", "__GHOST_URL__/content/images/a.png", "/content/images/a.png"},
    {"AnotherFile", "logo", "__GHOST_URL__/content/images/b.png",
     "https://e.org/content/images/a.png", false},
    {"AFileWithALongerName", "logo", "__GHOST_URL__/a.png", "https://e.org/aa.png", false},
    {"AFileRemoved", "logo", "", "https://e.org/content/images/a.png", false},
    {"ARelativeUrl", "cover_image", "content/images/rel.png", "content/images/rel.png"},
    {"AUrlOfSomebodyElse", "og_image", "https://o.example/x.png", "https://o.example/x.png"},
    {"AUrlWithoutScheme", "twitter_image", "//cdn.e.org/y.png", "//cdn.e.org/y.png"},
    {"TheIconsSmallCopy", "icon", "__GHOST_URL__/content/images/2026/01/i.png",
     "https://e.org/content/images/size/w256h256/2026/01/i.png"},
    {"TheIconItself", "icon", "__GHOST_URL__/content/images/2026/01/i.png",
     "https://e.org/content/images/2026/01/i.png"},
    {"AnotherIcon", "icon", "__GHOST_URL__/content/images/2026/01/j.png",
     "https://e.org/content/images/size/w256h256/2026/01/i.png", false},
    {"AList", "navigation", R"([{"url":"/","label":"Home"}])",
     json::parse(R"([{"label":"Home","url":"/"}])")},
    {"AnEmptyList", "navigation", "[]", json::array()},
    {"ALongerList", "navigation", R"([{"label":"A","url":"/"},{"label":"B","url":"/b/"}])",
     json::parse(R"([{"label":"A","url":"/"}])"), false},
    {"AnotherOrder", "portal_plans", R"(["free", "monthly"])", json{"monthly", "free"}, false},
    {"AListWithSpaces", "portal_plans", R"(["free", "monthly"])", json{"free", "monthly"}},
    {"AnIconInAList", "navigation", R"([{"label":"A","url":"/","icon":"__GHOST_URL__/i.png"}])",
     json::parse(R"([{"label":"A","url":"/","icon":"https://e.org/i.png"}])")},
    {"AListThatIsNone", "navigation", "[broken", "[broken"},
    {"AListThatIsNull", "navigation", std::nullopt, nullptr},
};

INSTANTIATE_TEST_SUITE_P(Settings, Values, testing::ValuesIn(kCases),
                         [](const auto& row) { return row.param.name; });

TEST(Compare, leavesOutWhatTheTableOrThePodDoesNotHave) {
  Shown shown;
  ASSERT_TRUE(
      addDocument(shown, {{"site", {{"title", "Old"}, {"members_enabled", false}}}}, "site"));
  EXPECT_THAT(compare(tableWith("timezone", "Etc/UTC"), {&shown}), IsEmpty());
  EXPECT_THAT(compare(tableWith("members_enabled", "true"), {&shown}), IsEmpty());
}

TEST(AddDocument, refusesWhatIsNoneOfGhosts) {
  Shown shown;
  for (const json& document : {json(nullptr), json::array(), json::object(), json{{"settings", 1}}})
    EXPECT_FALSE(addDocument(shown, document, "settings"));
}

class Announcement : public testing::Test {
 protected:
  static Table table(const std::string& content, const std::string& visibility) {
    const std::string then = "2026-01-01 09:00:00";
    return tableOf({{"announcement_content", content, then, then},
                    {"announcement_background", "accent", then, then},
                    {"announcement_visibility", visibility, then, then}});
  }
  static std::vector<std::string_view> wrong(const Table& table, const json& document) {
    Shown shown;
    EXPECT_TRUE(addAnnouncement(shown, document));
    std::vector<std::string_view> names;
    for (const Difference& one : compare(table, {&shown})) names.push_back(one.key->name);
    return names;
  }
  const json none_ = json::parse(R"({"announcement":[{}]})");
  const json hello_ = json::parse(
      R"({"announcement":[{"announcement":"<p>Hi</p>","announcement_background":"accent"}]})");
};

TEST_F(Announcement, isShownToVisitorsOnly) {
  EXPECT_THAT(wrong(table("<p>Hi</p>", R"(["visitors","paid_members"])"), hello_), IsEmpty());
  EXPECT_THAT(wrong(table("<p>Hi</p>", R"(["paid_members"])"), none_), IsEmpty());
  EXPECT_THAT(wrong(table("<p>Hi</p>", "[]"), none_), IsEmpty());
  EXPECT_THAT(wrong(table("", R"(["visitors"])"), none_), IsEmpty());
  EXPECT_THAT(wrong(table("", "broken"), json::parse(R"({"announcement":[]})")), IsEmpty());
}

TEST_F(Announcement, isOldOnAPodThatMissedTheChange) {
  EXPECT_THAT(wrong(table("<p>Hi</p>", R"(["visitors"])"), none_),
              ElementsAre("announcement_content", "announcement_background"));
  EXPECT_THAT(wrong(table("<p>Hi</p>", "[]"), hello_),
              ElementsAre("announcement_content", "announcement_background"));
  EXPECT_THAT(wrong(table("<p>New</p>", R"(["visitors"])"), hello_),
              ElementsAre("announcement_content"));
}

TEST_F(Announcement, isNotReadFromWhatIsNone) {
  Shown shown;
  for (const char* text : {"[]", "{}", R"({"announcement":1})", R"({"announcement":[1]})",
                           R"({"announcement":[{},{}]})"})
    EXPECT_FALSE(addAnnouncement(shown, json::parse(text))) << text;
}

class Labs : public testing::Test {
 protected:
  static Shown pod(const json& labs, const std::string& version = "6.65") {
    Shown shown;
    addDocument(shown, {{"settings", {{"labs", labs}, {"version", version}}}}, "settings");
    return shown;
  }
  static std::vector<std::size_t> wrong(const std::string& stored, const std::vector<Shown>& pods) {
    std::vector<const Shown*> shown;
    for (const Shown& one : pods) shown.push_back(&one);
    std::vector<std::size_t> numbers;
    for (const Difference& one : compare(tableWith("labs", stored), shown))
      numbers.push_back(one.pod);
    return numbers;
  }
};

TEST_F(Labs, flagsOnWhichPodsAgreeMayBeGhostsOwn) {
  EXPECT_THAT(wrong("{}", {pod({{"members", true}}), pod({{"members", true}})}), IsEmpty());
  EXPECT_THAT(wrong(R"({"a":true})", {pod({{"a", false}}), pod({{"a", false}})}), IsEmpty());
  EXPECT_THAT(wrong("{}", {pod({{"ga", true}}, "6.65"), pod({{"x", false}}, "6.56")}), IsEmpty());
}

TEST_F(Labs, aFlagOnWhichPodsDisagreeIsWrongWhereTheTableSaysOtherwise) {
  const Shown with = pod({{"a", true}, {"ga", true}});
  const Shown without = pod({{"ga", true}});
  EXPECT_THAT(wrong(R"({"a":true})", {with, without}), ElementsAre(1));
  EXPECT_THAT(wrong("{}", {with, without}), ElementsAre(0));
}

TEST(Wording, tellsOnlyShortHarmlessValues) {
  const Table table = tableOf({{"title", "New", "2026-01-01 09:00:00", "2026-01-01 10:00:00"},
                               {"codeinjection_head", "<script>new", "", ""},
                               {"timezone", std::string(100, 'x'), "2026-01-01 09:30:00", ""}});
  Shown shown;
  addDocument(shown,
              {{"settings",
                {{"title", "Old"}, {"codeinjection_head", "<script>old"}, {"timezone", "UTC"}}}},
              "settings");
  const Scene scene{"b", "6.65", compare(table, {&shown})};
  const std::string message = messageOf(scene, table);
  EXPECT_EQ(message,
            "b shows other values than the database for 3 settings: title (\"Old\" instead of "
            "\"New\"), timezone, codeinjection_head");
  EXPECT_THAT(causeOf(scene, table), HasSubstr("2026-01-01T09:30:00"));
  EXPECT_EQ(evidenceOf(scene, table).at("keys"), "title,timezone,codeinjection_head");
  for (const auto& [name, value] : evidenceOf(scene, table))
    EXPECT_THAT(value, Not(HasSubstr("script")));
}

TEST(Wording, saysWhenThePodBootedWhereThatIsKnown) {
  Scene scene{"b", "6.65", {}};
  EXPECT_THAT(causeOf(scene, Table{}), HasSubstr("when it booted, and"));
  scene.startedAt = WallTime{std::chrono::seconds(1'767'261'600)};
  EXPECT_THAT(causeOf(scene, Table{}),
              HasSubstr("when it booted at 2026-01-01T10:00:00.000Z, and"));
}

TEST(Wording, namesAFewAndCountsTheRest) {
  Scene scene{"b", "", {}};
  for (const Key& key : keys().subspan(20, 12)) scene.differences.push_back({0, &key, ""});
  const std::string message = messageOf(scene, Table{});
  EXPECT_THAT(message, HasSubstr("12 settings"));
  EXPECT_THAT(message, HasSubstr("and 4 more"));
}

}  // namespace
}  // namespace rollcall::checks::settings
