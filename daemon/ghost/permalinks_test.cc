#include <gtest/gtest.h>

#include "daemon/ghost/routes.h"

namespace rollcall::ghost {
namespace {

using namespace std::chrono;

// 2020-01-31 23:30 UTC: already February in Rome.
constexpr WallTime kLateJanuary = sys_days{2020y / January / 31} + 23h + 30min;

PermalinkFacts facts() {
  return {"5f00", "hello", "news", "ada", kLateJanuary};
}

TEST(Permalinks, EveryTokenIsFilledFromItsFact) {
  struct Row {
    const char* permalink;
    const char* want;
  };
  for (const Row& row :
       {Row{"/{slug}/", "/hello/"}, Row{"/blog/{slug}/", "/blog/hello/"}, Row{"/{id}/", "/5f00/"},
        Row{"/{year}/{month}/{day}/{slug}/", "/2020/01/31/hello/"},
        Row{"/{year}/{month}/", "/2020/01/"}, Row{"/{primary_tag}/{slug}/", "/news/hello/"},
        Row{"/{primary_author}/{slug}/", "/ada/hello/"}, Row{"/{author}/{slug}/", "/ada/hello/"},
        Row{"/{year}-{month}-{slug}/", "/2020-01-hello/"}, Row{"/fixed/", "/fixed/"},
        Row{"/{slug}/{slug}/", "/hello/hello/"}}) {
    EXPECT_EQ(expandPermalink(row.permalink, facts()), row.want) << row.permalink;
  }
}

TEST(Permalinks, NoPrimaryTagOrAuthorBecomesAll) {
  PermalinkFacts bare = facts();
  bare.primaryTag = bare.primaryAuthor = "";
  EXPECT_EQ(expandPermalink("/{primary_tag}/{slug}/", bare), "/all/hello/");
  EXPECT_EQ(expandPermalink("/{primary_author}/{slug}/", bare), "/all/hello/");
  EXPECT_EQ(expandPermalink("/{author}/{slug}/", bare), "/all/hello/");
}

TEST(Permalinks, ATokenThatIsUnknownOrWithoutItsFactGivesNothing) {
  PermalinkFacts bare;
  for (const char* permalink : {"/{slug}/", "/{id}/", "/{year}/", "/{month}/", "/{day}/"})
    EXPECT_FALSE(expandPermalink(permalink, bare)) << permalink;
  for (const char* permalink : {"/{title}/", "/{}/", "/{slug", "/{SLUG}/", "/{ slug }/"})
    EXPECT_FALSE(expandPermalink(permalink, facts())) << permalink;
}

TEST(Permalinks, DatesBeforeTheEpochAreRight) {
  PermalinkFacts old = facts();
  old.publishedAt = sys_days{1969y / December / 31} + 1h;
  EXPECT_EQ(expandPermalink("/{year}/{month}/{day}/", old), "/1969/12/31/");
}

TEST(Permalinks, PathsAreEncodedOnce) {
  struct Row {
    const char* path;
    const char* want;
  };
  for (const Row& row :
       {Row{"/plain-slug_1.0~/", "/plain-slug_1.0~/"}, Row{"/caf\xc3\xa9/", "/caf%C3%A9/"},
        Row{"/caf%C3%A9/", "/caf%C3%A9/"}, Row{"/a b/", "/a%20b/"}, Row{"/100%/", "/100%25/"},
        Row{"/x%2/", "/x%252/"}, Row{"/q?a#b/", "/q%3Fa%23b/"}, Row{"/\x1b[2J\n/", "/%1B%5B2J%0A/"},
        Row{"/\"<>\\/", "/%22%3C%3E%5C/"}}) {
    EXPECT_EQ(encodePath(row.path), row.want) << row.path;
  }
}

TEST(Permalinks, DecodingUndoesEncodingAndLeavesMalformedEscapesAlone) {
  EXPECT_EQ(decodePath("/caf%C3%A9/"), "/caf\xc3\xa9/");
  EXPECT_EQ(decodePath("/caf%c3%a9/"), "/caf\xc3\xa9/");
  EXPECT_EQ(decodePath("/100%/%zz/%4"), "/100%/%zz/%4");
  EXPECT_EQ(decodePath(encodePath("/a b\x7f\xff/")), "/a b\x7f\xff/");
}

}  // namespace
}  // namespace rollcall::ghost
