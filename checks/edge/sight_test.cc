#include "checks/edge/sight.h"

#include <gmock/gmock.h>

namespace rollcall::checks::edge {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

const Site kSite{
    .url = *parseUrl("https://e.org"), .admin = *parseUrl("https://e.org"), .title = ""};
constexpr const char* kOther = "www.e.org";

Sight sight(const Page& page, int status, std::vector<std::pair<std::string, std::string>> headers,
            std::string body = "", bool ofEdge = true) {
  HttpResponse answer;
  answer.status = status;
  answer.headers = std::move(headers);
  answer.body = std::move(body);
  return sightOf(page, kSite, kOther, {"/a/", "/b/"}, answer, ofEdge);
}
const Page kPost{.path = "/a/"};

TEST(EdgeSight, tellsWhatAnAnswerIs) {
  const struct {
    const char* what;
    int status;
    const char* location;
    Shown shown;
  } kRows[] = {
      {"a page", 200, "", Shown::kServed},
      {"not there", 404, "", Shown::kAbsent},
      {"gone", 410, "", Shown::kAbsent},
      {"Ghost 6.56's redirect", 301, "/404/", Shown::kAbsent},
      {"the same, absolute", 301, "https://e.org/404/", Shown::kAbsent},
      {"to the edge's other host", 301, "https://www.e.org/404/", Shown::kAbsent},
      {"an error of Ghost's", 500, "", Shown::kAbsent},
      {"private mode", 302, "/private/?r=%2F", Shown::kUnseen},
      {"to another host", 301, "https://login.example.net/x", Shown::kUnseen},
      {"to itself", 301, "https://e.org/a/", Shown::kUnseen},
      {"forbidden", 403, "", Shown::kUnseen},
      {"too many", 429, "", Shown::kUnseen},
      {"no pod behind it", 503, "", Shown::kUnseen},
  };
  for (const auto& row : kRows) {
    const Sight seen = sight(kPost, row.status, {{"location", row.location}});
    EXPECT_EQ(seen.shown, row.shown) << row.what;
    EXPECT_EQ(seen.why.empty(), row.shown != Shown::kUnseen) << row.what << ": " << seen.why;
    EXPECT_THAT(seen.why, testing::Not(HasSubstr("the pod"))) << row.what;
  }
}

TEST(EdgeSight, noAnswerIsUnseen) {
  const Sight seen = sightOf(kPost, kSite, kOther, {},
                             Error{ErrorCode::kDeadlineExceeded, "no answer within 5 s"}, true);
  EXPECT_EQ(seen.shown, Shown::kUnseen);
  EXPECT_EQ(seen.why, "no answer within 5 s");
}

TEST(EdgeSight, whatIsNotPublicIsServedOnlyWhenItSaysSo) {
  Page hidden = kPost;
  hidden.isPublic = false;
  EXPECT_EQ(sight(hidden, 200, {}, R"(<link rel="canonical" href="https://e.org/a/">)").shown,
            Shown::kServed);
  EXPECT_EQ(sight(hidden, 200, {}, "something else").shown, Shown::kAbsent);
  EXPECT_EQ(sight(hidden, 404, {}).shown, Shown::kAbsent);
}

TEST(EdgeSight, readsTheContentsDates) {
  const Sight post =
      sight(kPost, 200, {},
            R"(<meta property="article:modified_time" content="2026-01-31T23:30:00.000Z">)");
  ASSERT_TRUE(post.stamp);
  EXPECT_EQ(formatTime(*post.stamp), "2026-01-31T23:30:00.000Z");
  EXPECT_FALSE(sight(kPost, 200, {}, "no date").stamp);
  const Page sitemap{.kind = Kind::kSitemap, .path = "/sitemap-posts.xml"};
  const Sight map = sight(
      sitemap, 200, {},
      "<urlset><url><loc>https://e.org/a/</loc><lastmod>2026-01-01T00:00:00Z</lastmod></url>"
      "<url><loc>https://e.org/b/</loc><lastmod>2026-01-02T00:00:00Z</lastmod></url></urlset>");
  ASSERT_TRUE(map.stamp);
  EXPECT_EQ(formatTime(*map.stamp), "2026-01-02T00:00:00.000Z");
}

TEST(EdgeSight, readsWhatIsListed) {
  const Page front{.kind = Kind::kFront, .path = "/"};
  EXPECT_THAT(sight(front, 200, {}, R"(<a href="/a/">)").listed, ElementsAre("/a/"));
  EXPECT_THAT(sight(front, 200, {}, "<link>https://e.org/b/</link>").listed, ElementsAre("/b/"));
  EXPECT_THAT(sight(front, 200, {}, R"(<a href="https://e.org/a/b/">)").listed, ElementsAre());
}

}  // namespace
}  // namespace rollcall::checks::edge
