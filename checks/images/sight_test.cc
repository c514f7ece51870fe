#include "checks/images/sight.h"

#include <gtest/gtest.h>

namespace rollcall::checks::images {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

Sight of(int status, Headers headers = {}) {
  HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  return sightOf(response);
}

struct Row {
  int status;
  Got got;
};

class SightOf : public testing::TestWithParam<Row> {};

TEST_P(SightOf, TellsWhatAStatusMeans) {
  const Sight sight = of(GetParam().status);
  EXPECT_EQ(sight.got, GetParam().got) << GetParam().status;
  EXPECT_EQ(sight.status, GetParam().status);
  EXPECT_EQ(sight.got == Got::kUnknown, !sight.why.message.empty());
}

INSTANTIATE_TEST_SUITE_P(Statuses, SightOf,
                         testing::Values(Row{200, Got::kServed}, Row{206, Got::kServed},
                                         Row{404, Got::kMissing}, Row{403, Got::kFailing},
                                         Row{500, Got::kFailing}, Row{502, Got::kFailing},
                                         Row{503, Got::kUnknown}, Row{301, Got::kUnclear},
                                         Row{302, Got::kUnclear}, Row{400, Got::kUnclear},
                                         Row{401, Got::kUnknown}, Row{416, Got::kUnknown},
                                         Row{429, Got::kUnknown}));

TEST(SightOf, ReadsSizeAndDateFromGhostsETag) {
  const Sight sight = of(206, {{"content-range", "bytes 0-0/5000"},
                               {"content-length", "1"},
                               {"etag", "W/\"1388-1a2161ecd9f\""}});
  EXPECT_EQ(sight.size, 5000u);
  ASSERT_TRUE(sight.changed);
  EXPECT_EQ(formatTime(*sight.changed), "2026-11-26T04:30:47.199Z");
}

TEST(SightOf, TakesTheSizeOfAnAnswerThatSendsAll) {
  EXPECT_EQ(of(200, {{"content-length", "5000"}}).size, 5000u);
  EXPECT_EQ(of(200, {{"content-length", "48"}, {"content-encoding", "gzip"}}).size, std::nullopt);
  EXPECT_EQ(of(200, {{"content-encoding", "gzip"}, {"etag", "W/\"138d-1a2161ecd9f\""}}).size,
            5005u);
}

TEST(SightOf, AnEmptyFileHasNoFirstByteAndIsServedAllTheSame) {
  const Sight sight = of(416, {{"content-range", "bytes */0"}, {"etag", "W/\"0-1a2161ecdab\""}});
  EXPECT_EQ(sight.got, Got::kServed);
  EXPECT_EQ(sight.size, 0u);
}

TEST(SightOf, TakesAnETagOfAnotherFormAsText) {
  for (const char* etag : {"\"abc-def\"", "W/\"xyz\"", "W/\"1389-1a2161ecd9f\"", "W/\"-\"", "W/\"",
                           "W/\"1388-ffffffffffffffff\"", "W/\"1388-1a2161ecd9fffffffffff\"", ""}) {
    const Sight sight = of(206, {{"content-range", "bytes 0-0/5000"}, {"etag", etag}});
    EXPECT_EQ(sight.size, 5000u) << etag;
    EXPECT_FALSE(sight.changed) << etag;
    EXPECT_EQ(sight.etag, etag);
  }
}

TEST(SightOf, NoAnswerIsUnknown) {
  const Sight sight = sightOf(Error{ErrorCode::kUnavailable, "refused"});
  EXPECT_EQ(sight.got, Got::kUnknown);
  EXPECT_EQ(sight.status, 0);
  EXPECT_EQ(sight.why.message, "refused");
}

}  // namespace
}  // namespace rollcall::checks::images
