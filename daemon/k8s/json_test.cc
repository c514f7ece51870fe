#include "daemon/k8s/json.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rollcall::k8s {
namespace {
using testing::HasSubstr;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(ReadJson, refusesWhatIsNestedTooDeeply) {
  EXPECT_TRUE(readJson(nested(64)));
  const auto deep = readJson(nested(65));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code, ErrorCode::kProtocol);
  EXPECT_THAT(deep.error().message, HasSubstr("too deeply"));
  EXPECT_FALSE(readJson(std::string(5'000'000, '[')));
}

TEST(ReadJson, countsNoBracketsInsideOfText) {
  EXPECT_TRUE(readJson("{\"a\":\"\\\"" + std::string(200, '[') + "\"}"));
}

TEST(ReadJson, refusesWhatIsNoJson) {
  for (const char* text : {"", "{", "{\"a\":}", "\xff", "{\"a\":\"\xc3\"}", "{} {}"})
    EXPECT_FALSE(readJson(text)) << text;
}

TEST(ReadJson, leavesOutWhoSetWhichField) {
  const auto document = readJson(R"({"metadata":{"name":"a","managedFields":[{"x":1}]}})");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->dump(), R"({"metadata":{"name":"a"}})");
}

TEST(Find, givesNothingForAnotherType) {
  const auto document = readJson(R"({"a":{"b":7,"t":true,"s":"x","l":[1]},"n":null})");
  ASSERT_TRUE(document);
  EXPECT_EQ(textAt(*document, {"a", "s"}), "x");
  EXPECT_EQ(textAt(*document, {"a", "b"}), "");
  EXPECT_EQ(textAt(*document, {"a", "s", "deeper"}), "");
  EXPECT_EQ(flagAt(*document, {"a", "t"}), true);
  EXPECT_EQ(flagAt(*document, {"a", "s"}), std::nullopt);
  EXPECT_EQ(listAt(*document, {"n"}), nullptr);
  EXPECT_NE(listAt(*document, {"a", "l"}), nullptr);
}

TEST(NumberAt, keepsWithinItsBounds) {
  const auto document = readJson(R"({"a":7,"big":99999999999999999999,"minus":-1,"half":0.5})");
  ASSERT_TRUE(document);
  EXPECT_EQ(numberAt(*document, {"a"}, 0, 10), 7);
  EXPECT_EQ(numberAt(*document, {"a"}, 0, 6), std::nullopt);
  EXPECT_EQ(numberAt(*document, {"big"}, 0, 10), std::nullopt);
  EXPECT_EQ(numberAt(*document, {"minus"}, 0, 10), std::nullopt);
  EXPECT_EQ(numberAt(*document, {"half"}, 0, 10), std::nullopt);
}

TEST(ReadTime, readsWhatTheApiWrites) {
  const auto text = [](std::string_view time) {
    const auto read = readTime(time);
    return read ? formatTime(*read) : "nothing";
  };
  EXPECT_EQ(text("2026-01-31T23:30:05Z"), "2026-01-31T23:30:05.000Z");
  EXPECT_EQ(text("2026-01-31T23:30:05.123456Z"), "2026-01-31T23:30:05.123Z");
  EXPECT_EQ(text("2026-01-31T23:30:05.5Z"), "2026-01-31T23:30:05.500Z");
  for (const char* bad : {"", "Z", "2026-02-30T00:00:00Z", "2026-01-31T24:00:00Z",
                          "2026-01-31T23:30:05", "2026-01-31 23:30:05Z", "2026-01-31T23:30:05.Z",
                          "2026-01-31T23:30:05.xZ", "2026-01-31T23:30:05+01:00"})
    EXPECT_EQ(text(bad), "nothing") << bad;
}

TEST(IsName, wantsADnsName) {
  EXPECT_TRUE(isName("ghost-5d9c7b-x2x4z"));
  EXPECT_TRUE(isName("a.b"));
  for (const std::string& bad : {std::string(), std::string("A"), std::string("a b"),
                                 std::string("a\x1b"), std::string("a/b"), std::string(254, 'a')})
    EXPECT_FALSE(isName(bad)) << bad;
}

TEST(PlainText, dropsWhatIsNotFitForALine) {
  EXPECT_EQ(plainText("ghost:5.130@sha256:00"), "ghost:5.130@sha256:00");
  EXPECT_EQ(plainText("a b"), "");
  EXPECT_EQ(plainText("a\x1b[2J"), "");
  EXPECT_EQ(plainText(std::string(513, 'a')), "");
}

}  // namespace
}  // namespace rollcall::k8s
