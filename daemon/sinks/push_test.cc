#include "daemon/sinks/push.h"

#include <gmock/gmock.h>

#include "daemon/sinks/golden.h"
#include "daemon/sinks/metrics.h"
#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using namespace testing_support;
using testing::HasSubstr;
using testing::Not;

TEST(Push, TheGroupIsTheSite) {
  EXPECT_EQ(pushAddress("http://gateway:9091", sampleSite()),
            "http://gateway:9091/metrics/job/rollcall_report/site@base64/"
            "aHR0cHM6Ly9leGFtcGxlLm9yZw");
}

TEST(Push, LooksAsOnTheGoldenPage) {
  expectGolden("fail.push.txt", pushMetrics(sampleFail()));
}

TEST(Push, NamesNoPod) {
  EXPECT_THAT(pushMetrics(sampleFail()), Not(HasSubstr("pod")));
}

TEST(Push, AReportThatCouldNotLookIsNoSuccess) {
  EXPECT_THAT(pushMetrics(samplePass()), HasSubstr("last_success"));
  EXPECT_THAT(pushMetrics(sampleFail()), Not(HasSubstr("last_success")));
  EXPECT_THAT(pushMetrics(sampleFail()), HasSubstr("last_run"));
}

}  // namespace
}  // namespace rollcall
