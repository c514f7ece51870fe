#include "checks/edge/cdn.h"

#include <gmock/gmock.h>

namespace rollcall::checks::edge {
namespace {
using namespace std::chrono_literals;

HttpResponse answer(int status, std::vector<std::pair<std::string, std::string>> headers,
                    std::string body = "") {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

TEST(Cdn, isKnownByItsHeaders) {
  const struct {
    std::vector<std::pair<std::string, std::string>> headers;
    Cdn cdn;
    bool hit;
  } kRows[] = {
      {{}, Cdn::kNone, false},
      {{{"server", "nginx"}}, Cdn::kNone, false},
      {{{"cf-ray", "8a"}, {"cf-cache-status", "HIT"}, {"server", "cloudflare"}},
       Cdn::kCloudflare,
       true},
      {{{"cf-cache-status", "DYNAMIC"}}, Cdn::kCloudflare, false},
      {{{"via", "1.1 abc.cloudfront.net (CloudFront)"}, {"x-cache", "Miss from cloudfront"}},
       Cdn::kCloudFront,
       false},
      {{{"x-cache", "Hit from cloudfront"}, {"x-amz-cf-id", "x"}}, Cdn::kCloudFront, true},
      {{{"via", "1.1 varnish"}, {"x-served-by", "cache-fra-1"}, {"x-cache", "HIT"}},
       Cdn::kFastly,
       true},
      {{{"x-varnish", "3 2"}, {"via", "1.1 varnish (Varnish/7.1)"}, {"age", "7"}},
       Cdn::kVarnish,
       true},
      {{{"x-varnish", "3"}, {"age", "0"}}, Cdn::kVarnish, false},
      {{{"x-varnish", "13 4"}, {"age", "0"}}, Cdn::kVarnish, true},
      {{{"server", "nginx/1.22.1"}, {"x-cache-status", "HIT"}}, Cdn::kNginx, true},
      {{{"server", "nginx"}, {"x-cache-status", "MISS"}}, Cdn::kNginx, false},
      {{{"age", "3"}}, Cdn::kOther, true},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(cdnOf(answer(200, row.headers)), row.cdn) << name(row.cdn);
    EXPECT_EQ(isHit(answer(200, row.headers)), row.hit) << name(row.cdn);
  }
}

TEST(Cdn, anAnswerOfItsOwnIsNoAnswerOfThePage) {
  for (const int status : {401, 403, 429, 451, 502, 503, 504, 520, 522, 530})
    EXPECT_TRUE(refusalOf(answer(status, {}))) << status;
  for (const int status : {200, 301, 404, 410, 500})
    EXPECT_FALSE(refusalOf(answer(status, {}))) << status;
  EXPECT_TRUE(refusalOf(answer(200, {{"cf-mitigated", "challenge"}})));
  EXPECT_TRUE(refusalOf(answer(200, {}, "<script src=\"/cdn-cgi/challenge-platform/x.js\">")));
}

TEST(Cdn, whatACacheMayKeep) {
  for (const char* kept :
       {"", "public, max-age=31536000", "max-age=0, s-maxage=5", "PUBLIC, Max-Age=60"})
    EXPECT_TRUE(mayBeKept(kept)) << kept;
  for (const char* not_kept : {"public, max-age=0", "no-cache, private, no-store, must-revalidate",
                               "private, max-age=60", "s-maxage=0, max-age=60", "No-Store"})
    EXPECT_FALSE(mayBeKept(not_kept)) << not_kept;
  EXPECT_EQ(cacheSeconds("public, max-age=60", "max-age"), 60s);
  for (const char* bad : {"max-age=", "max-age=x", "max-age=-1", "xmax-age=1", "max-age=1x"})
    EXPECT_FALSE(cacheSeconds(bad, "max-age")) << bad;
}

TEST(Cdn, marksAreShortAndPrintable) {
  const auto marks =
      marksOf(answer(200, {{"x-cache", std::string("a\x1b[31m") + std::string(500, 'x')},
                           {"set-cookie", "secret=1"}}));
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_EQ(marks.at("x-cache").size(), 120u);
  EXPECT_EQ(marks.at("x-cache").find('\x1b'), std::string::npos);
}

TEST(Cdn, purgeCommandsCanBePasted) {
  const std::string url = "https://e.org/a'b/";
  EXPECT_EQ(purgeCommand(Cdn::kVarnish, "https://e.org/a/"),
            "curl -sS -X PURGE 'https://e.org/a/'");
  EXPECT_THAT(purgeCommand(Cdn::kVarnish, url), testing::HasSubstr("'https://e.org/a'\\''b/'"));
  EXPECT_THAT(purgeCommand(Cdn::kFastly, url), testing::HasSubstr("Fastly-Key: $FASTLY_KEY"));
  EXPECT_THAT(purgeCommand(Cdn::kCloudflare, "https://e.org/a/"),
              testing::HasSubstr("{\"files\":[\"https://e.org/a/\"]}"));
  EXPECT_THAT(purgeCommand(Cdn::kCloudFront, "https://e.org/a/"),
              testing::EndsWith("--paths '/a/'"));
}

}  // namespace
}  // namespace rollcall::checks::edge
