#include "daemon/api/pod_api.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"

namespace rollcall::api {
namespace {

using testing::HasSubstr;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;

constexpr const char* kSite = R"({"site":{"title":"T","url":"https://e.org/","version":"6.65"}})";

class AskSite : public testing::Test {
 protected:
  Result<PodSite> ask() {
    Pod pod{.name = "a"};
    Result<PodSite> got = Error{ErrorCode::kInternal, "never answered"};
    const auto batch = pods_.batch({});
    askSite(*batch, pod, true, [&](Result<PodSite> site) { got = std::move(site); });
    batch->drive(Deadline(MonoTime::max()), {});
    return got;
  }
  FakePodClient pods_;
};

TEST_F(AskSite, tellsThePodsVersion) {
  pods_.answer("a", "/ghost/api/admin/site/", 200, kSite);
  const auto site = ask();
  ASSERT_TRUE(site) << site.error().message;
  EXPECT_EQ(site->version, (ghost::Version{6, 65}));
  EXPECT_EQ(site->info.title, "T");
  EXPECT_EQ(site->body, kSite);
}

TEST_F(AskSite, findsGhost4sApi) {
  pods_.answer("a", "/ghost/api/v4/admin/site/", 200,
               R"({"site":{"title":"T","url":"https://e.org/","version":"4.48"}})");
  EXPECT_EQ(ask()->version, (ghost::Version{4, 48}));
}

TEST_F(AskSite, saysThatAPodBoots) {
  pods_.answer("a", "/ghost/api/admin/site/", 503, "<html>");
  EXPECT_EQ(ask().error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(ask().error().message, HasSubstr("boots"));
}

TEST_F(AskSite, handsTheRequestsErrorOn) {
  pods_.failAll("a", ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(ask().error().code, ErrorCode::kDeadlineExceeded);
}

TEST(ParseJson, refusesWhatIsDeepOrNoJson) {
  EXPECT_TRUE(parseJson(std::string(60, '[') + std::string(60, ']')));
  EXPECT_EQ(parseJson(std::string(100'000, '[')).error().code, ErrorCode::kProtocol);
  EXPECT_THAT(parseJson(std::string(100, '[') + std::string(100, ']')).error().message,
              HasSubstr("64 deep"));
  EXPECT_EQ(parseJson("{\"a\":").error().message, "it is not valid JSON");
}

TEST(TroubleOf, tellsWhatAnAnswerIsWorth) {
  const auto code = [](int status) {
    HttpResponse response;
    response.status = status;
    const auto trouble = troubleOf(response);
    return trouble ? std::string(name(trouble->code)) : "";
  };
  EXPECT_EQ(code(200), "");
  EXPECT_EQ(code(301), "protocol");
  EXPECT_EQ(code(403), "permission_denied");
  EXPECT_EQ(code(404), "not_found");
  EXPECT_EQ(code(500), "unavailable");
  EXPECT_EQ(code(503), "unavailable");
}

}  // namespace
}  // namespace rollcall::api
