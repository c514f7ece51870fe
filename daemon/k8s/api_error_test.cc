#include "daemon/k8s/api_error.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rollcall::k8s {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Collection, makesItsAddress) {
  EXPECT_EQ(podsCollection("blog", "app=ghost,tier in (web, \"a\")").path(),
            "/api/v1/namespaces/blog/pods?labelSelector="
            "app%3Dghost%2Ctier%20in%20%28web%2C%20%22a%22%29");
  EXPECT_EQ(slicesCollection("blog", "ghost").path(),
            "/apis/discovery.k8s.io/v1/namespaces/blog/endpointslices?labelSelector="
            "kubernetes.io%2Fservice-name%3Dghost");
}

TEST(Refusal, knowsWhatEachStatusMeans) {
  struct Row {
    int status;
    const char* retryAfter;
    ErrorCode code;
    Duration rest;
    bool gone;
    bool unauthorized;
  };
  const Row rows[] = {
      {400, "", ErrorCode::kInvalidArgument, 0s, false, false},
      {401, "", ErrorCode::kPermissionDenied, 0s, false, true},
      {403, "", ErrorCode::kPermissionDenied, 60s, false, false},
      {403, "90", ErrorCode::kPermissionDenied, 90s, false, false},
      {404, "", ErrorCode::kNotFound, 0s, false, false},
      {410, "", ErrorCode::kUnavailable, 0s, true, false},
      {418, "", ErrorCode::kProtocol, 0s, false, false},
      {429, "7", ErrorCode::kUnavailable, 7s, false, false},
      {429, "Wed, 21 Oct 2026 07:28:00 GMT", ErrorCode::kUnavailable, 0s, false, false},
      {429, "-1", ErrorCode::kUnavailable, 0s, false, false},
      {429, "999999999", ErrorCode::kUnavailable, 300s, false, false},
      {500, "", ErrorCode::kUnavailable, 0s, false, false},
      {503, "2", ErrorCode::kUnavailable, 2s, false, false},
      {302, "", ErrorCode::kProtocol, 0s, false, false},
  };
  for (const Row& row : rows) {
    const ApiError error =
        refusal(row.status, "list", podsCollection("blog", "a=b"), row.retryAfter, "");
    EXPECT_EQ(error.error.code, row.code) << row.status;
    EXPECT_EQ(error.rest, row.rest) << row.status << row.retryAfter;
    EXPECT_EQ(error.gone, row.gone) << row.status;
    EXPECT_EQ(error.unauthorized, row.unauthorized) << row.status;
  }
}

TEST(Refusal, namesTheRuleThatIsMissing) {
  const std::string body = R"({"kind":"Status","code":403,"message":"pods is forbidden: no"})";
  EXPECT_EQ(
      refusal(403, "list", podsCollection("blog", "a=b"), "", body).error.message,
      "Rollcall may not list pods in the namespace blog: its service account lacks a Role "
      "there with the rule {apiGroups: [\"\"], resources: [\"pods\"], verbs: [\"list\"]}; the "
      "API says: pods is forbidden: no");
  EXPECT_THAT(refusal(403, "watch", slicesCollection("blog", "ghost"), "", "").error.message,
              HasSubstr("{apiGroups: [\"discovery.k8s.io\"], resources: [\"endpointslices\"], "
                        "verbs: [\"watch\"]}"));
}

TEST(Refusal, quotesNoControlCharacter) {
  const std::string message =
      refusal(500, "list", podsCollection("blog", "a"), "", "<html>\x1b[2J\r\nbad").error.message;
  EXPECT_EQ(message.find_first_of("\x1b\r\n"), std::string::npos) << message;
}

TEST(Refusal, readsTheStatusOfAWatch) {
  const auto status = nlohmann::json::parse(
      R"({"kind":"Status","code":429,"message":"slow down","details":{"retryAfterSeconds":9}})");
  const ApiError error = refusal(status, podsCollection("blog", "a"));
  EXPECT_EQ(error.rest, 9s);
  EXPECT_THAT(error.error.message, HasSubstr("slow down"));
  EXPECT_EQ(refusal(nlohmann::json(7), podsCollection("blog", "a")).error.code,
            ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace rollcall::k8s
