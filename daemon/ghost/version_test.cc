#include "daemon/ghost/version.h"

#include <gtest/gtest.h>

namespace rollcall::ghost {
namespace {

TEST(Version, ReadsMajorAndMinorHoweverGhostShowsThem) {
  struct Row {
    const char* text;
    Version want;
  };
  for (const Row& row : {Row{"5.130", {5, 130}}, Row{"6.65.0", {6, 65}}, Row{"v6.65", {6, 65}},
                         Row{"4.48.9", {4, 48}}, Row{"6.0.0-rc.1", {6, 0}}, Row{"6.0-rc", {6, 0}},
                         Row{"6.57.1+local", {6, 57}}, Row{"12345.0", {12345, 0}}}) {
    SCOPED_TRACE(row.text);
    const auto got = parseVersion(row.text);
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(*got, row.want);
  }
}

TEST(Version, RefusesWhatIsNone) {
  for (const char* text : {"",
                           "v",
                           "6",
                           "6.",
                           ".65",
                           "six.one",
                           "6.x",
                           "6.65.",
                           "6.65.0.1",
                           "-6.1",
                           "6.-1",
                           " 6.65",
                           "6.65 ",
                           "6.65.0-",
                           "6.65\n",
                           "99999999999.1",
                           "6.100000",
                           "6,65",
                           "6.65.0-rc\x1b[31m",
                           "vv6.65"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(parseVersion(text).has_value());
  }
}

TEST(Version, TextIsMajorAndMinor) {
  EXPECT_EQ((Version{5, 130}).text(), "5.130");
}

TEST(Version, RoutesFromMemoryUpTo656) {
  struct Row {
    Version version;
    bool fromMemory;
  };
  for (const Row& row :
       {Row{{4, 48}, true}, Row{{5, 130}, true}, Row{{6, 0}, true}, Row{{6, 56}, true},
        Row{{6, 57}, false}, Row{{6, 65}, false}, Row{{7, 0}, false}}) {
    EXPECT_EQ(routesFromMemory(row.version), row.fromMemory) << row.version.text();
  }
}

TEST(Version, ApisLiveUnderV4BeforeGhost5) {
  EXPECT_EQ(contentApiPath(Version{4, 48}), "/ghost/api/v4/content/");
  EXPECT_EQ(adminApiPath(Version{4, 48}), "/ghost/api/v4/admin/");
  EXPECT_EQ(contentApiPath(Version{5, 0}), "/ghost/api/content/");
  EXPECT_EQ(adminApiPath(Version{6, 65}), "/ghost/api/admin/");
  EXPECT_EQ(adminApiPath(std::nullopt), "/ghost/api/admin/");
}

}  // namespace
}  // namespace rollcall::ghost
