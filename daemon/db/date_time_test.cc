#include "daemon/db/date_time.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(DateTime, IsReadAsUtc) {
  struct Row {
    const char* text;
    const char* time;
  };
  for (const Row& row : {Row{"2020-01-31 23:30:00", "2020-01-31T23:30:00.000Z"},
                         Row{"2024-02-29 00:00:00", "2024-02-29T00:00:00.000Z"},
                         Row{"2026-05-17 08:09:10.5", "2026-05-17T08:09:10.500Z"},
                         Row{"2026-05-17 08:09:10.123", "2026-05-17T08:09:10.123Z"},
                         Row{"2026-05-17 08:09:10.123999", "2026-05-17T08:09:10.123Z"},
                         Row{"1969-12-31 23:59:59", "1969-12-31T23:59:59.000Z"}}) {
    const auto time = parseDateTime(row.text);
    ASSERT_TRUE(time) << row.text;
    EXPECT_EQ(formatTime(*time), row.time);
  }
}

TEST(DateTime, IsNothingWhenTheTextIsNoDate) {
  for (const char* text :
       {"", "0000-00-00 00:00:00", "2023-02-29 00:00:00", "2020-13-01 00:00:00",
        "2020-01-32 00:00:00", "2020-01-01 24:00:00", "2020-01-01 00:60:00", "2020-01-01 00:00:60",
        "2020-01-01", "2020-01-01T00:00:00", "2020/01/01 00:00:00", "20x0-01-01 00:00:00",
        "2020-01-01 00:00:00.", "2020-01-01 00:00:00.1234567", "2020-01-01 00:00:00.12x",
        "2020-01-01 00:00:00Z", "-020-01-01 00:00:00"})
    EXPECT_FALSE(parseDateTime(text)) << text;
}

}  // namespace
}  // namespace rollcall
