#include "checks/edge/purge.h"

#include <gmock/gmock.h>

namespace rollcall::checks::edge {
namespace {
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

const Url kEdge = *parseUrl("https://e.org");
const std::string kUrl = "https://e.org/welcome/";
constexpr const char* kToken = "t0ken";

PurgeSettings settings(std::string how, std::string url = "", std::string zone = "") {
  return {.mode = PurgeMode::kNow,
          .how = std::move(how),
          .url = std::move(url),
          .zone = std::move(zone)};
}

TEST(Purge, aCacheIsAskedByAMethodOfItsOwn) {
  const auto usual = purgeRequest(Cdn::kVarnish, settings("auto"), "", kEdge, kUrl);
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->method, Method::kPurge);
  EXPECT_EQ(usual->url, kUrl);
  const auto ban =
      purgeRequest(Cdn::kVarnish, settings("ban", "http://10.0.0.9:6081"), kToken, kEdge, kUrl);
  ASSERT_TRUE(ban);
  EXPECT_EQ(ban->method, Method::kBan);
  EXPECT_EQ(ban->url, "http://10.0.0.9:6081/welcome/");
  EXPECT_THAT(ban->headers, UnorderedElementsAre(Pair("Host", "e.org")));
  EXPECT_EQ(describe(*ban), "BAN http://10.0.0.9:6081/welcome/ for e.org");
}

TEST(Purge, fastlyGetsTheAddressAndTheToken) {
  const auto request = purgeRequest(Cdn::kFastly, settings("auto"), kToken, kEdge, kUrl);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, Method::kPost);
  EXPECT_EQ(request->url, "https://api.fastly.com/purge/e.org/welcome/");
  EXPECT_THAT(request->headers, testing::Contains(Pair("Fastly-Key", kToken)));
  EXPECT_THAT(describe(*request), Not(HasSubstr(kToken)));
}

TEST(Purge, cloudflareGetsTheFilesOfItsZone) {
  const auto request =
      purgeRequest(Cdn::kCloudflare, settings("cloudflare", "", "abc123"), kToken, kEdge, kUrl);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->url, "https://api.cloudflare.com/client/v4/zones/abc123/purge_cache");
  EXPECT_EQ(request->body, R"({"files":["https://e.org/welcome/"]})");
  EXPECT_THAT(request->headers, testing::Contains(Pair("Authorization", "Bearer t0ken")));
  EXPECT_THAT(describe(*request), Not(HasSubstr(kToken)));
}

TEST(Purge, whatIsMissingIsSaid) {
  const struct {
    Cdn cdn;
    PurgeSettings settings;
    const char* token;
    const char* message;
  } kRows[] = {
      {Cdn::kFastly, settings("auto"), "", "there is no token"},
      {Cdn::kCloudflare, settings("auto"), kToken, "purge_zone is not set"},
      {Cdn::kCloudFront, settings("auto"), kToken, "signed requests"},
      {Cdn::kNone, settings("auto"), kToken, "does not tell which cache"},
      {Cdn::kFastly, settings("auto", "http://api.example.net"), kToken, "is not sent there"},
      {Cdn::kFastly, settings("auto", "http://127.0.0.1.example.net"), kToken, "is not sent there"},
      {Cdn::kFastly, settings("auto", "", "zone1"), kToken, "token is Cloudflare's"},
  };
  for (const auto& row : kRows) {
    const auto request = purgeRequest(row.cdn, row.settings, row.token, kEdge, kUrl);
    ASSERT_FALSE(request) << row.message;
    EXPECT_THAT(request.error().message, HasSubstr(row.message));
  }
}

TEST(Purge, theTokenMayGoToThisMachineInClear) {
  for (const char* here : {"http://127.0.13.3:8080", "http://localhost", "http://[::1]:80"})
    EXPECT_TRUE(purgeRequest(Cdn::kFastly, settings("fastly", here), kToken, kEdge, kUrl)) << here;
}

TEST(Purge, whatIsConfiguredIsPurgedWhateverIsSeenAtTheEdge) {
  EXPECT_EQ(cacheOf(settings("varnish"), Cdn::kCloudflare), Cdn::kVarnish);
  EXPECT_EQ(cacheOf(settings("ban"), Cdn::kNone), Cdn::kVarnish);
  EXPECT_EQ(cacheOf(settings("nginx"), Cdn::kNone), Cdn::kNginx);
  EXPECT_EQ(cacheOf(settings("fastly"), Cdn::kVarnish), Cdn::kFastly);
  EXPECT_EQ(cacheOf(settings("cloudflare"), Cdn::kNone), Cdn::kCloudflare);
  EXPECT_EQ(cacheOf(settings("auto"), Cdn::kCloudFront), Cdn::kCloudFront);
}

TEST(Purge, onlySuccessIsSuccess) {
  const auto said = [](int status, std::string body = "") {
    HttpResponse answer;
    answer.status = status;
    answer.body = std::move(body);
    return Result<HttpResponse>(answer);
  };
  EXPECT_FALSE(purgeFailure(Cdn::kVarnish, said(200)));
  EXPECT_TRUE(purgeFailure(Cdn::kVarnish, said(405)));
  EXPECT_TRUE(purgeFailure(Cdn::kVarnish, Error{ErrorCode::kUnavailable, "refused"}));
  EXPECT_FALSE(purgeFailure(Cdn::kCloudflare, said(200, R"({"success":true})")));
  for (const char* body : {R"({"success":false})", "[]", "<html>", ""})
    EXPECT_TRUE(purgeFailure(Cdn::kCloudflare, said(200, body))) << body;
}

}  // namespace
}  // namespace rollcall::checks::edge
