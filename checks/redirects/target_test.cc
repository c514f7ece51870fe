#include "checks/redirects/target.h"

#include <gtest/gtest.h>

namespace rollcall::checks::redirects {
namespace {

Site siteAt(std::string_view url) {
  Site site;
  site.url = site.admin = *parseUrl(url);
  return site;
}

struct Row {
  std::string to, location;
};

// What Ghost 5.130.6, 6.56.0 and 6.65.0 answer for these.
TEST(Target, IsTheSameHoweverGhostWritesIt) {
  const Site site = siteAt("https://example.com");
  for (const Row& row : {
           Row{"/b/", "/b/"},
           Row{"/b", "/b"},
           Row{"https://example.org", "https://example.org/"},
           Row{"https://Example.org/X/?q=1&z=2&q=3#frag",
               "https://example.org/X/?q=1&q=3&z=2#frag"},
           Row{"/b 9/ü/", "/b%209/%C3%BC/"},
           Row{"/b10/?utm=a b&c=%20", "/b10/?utm=a%20b&c=%20"},
           Row{"https://example.org/a%20b/%C3%BC?x=%2B+1",
               "https://example.org/a%20b/%C3%BC?x=%2B%201"},
           Row{"/B18/{x}|y", "/B18/%7Bx%7D|y"},
           Row{"/b19;p=1,2:3@4&5=6!'7", "/b19;p=1,2:3@4&5=6!%277"},
           Row{"/b?flag", "/b?flag="},
           Row{"/b?", "/b"},
           Row{"/b//c", "/b/c"},
           Row{"/b21/#/portal/signup", "/b21/#/portal/signup"},
       }) {
    const auto target = targetOf({"/old", row.to, true}, site);
    ASSERT_TRUE(target) << row.to;
    EXPECT_EQ(*target, parseTarget(row.location, site)) << row.to;
  }
}

TEST(Target, IsBelowTheSubDirectoryOfTheSite) {
  const Site site = siteAt("https://example.com/blog");
  for (const Row& row : {Row{"/new/", "/blog/new/"}, Row{"/blog/new/", "/blog/new/"},
                         Row{"/", "/blog/"}, Row{"/blogs/", "/blog/blogs/"}})
    EXPECT_EQ(targetOf({"/old", row.to, true}, site), parseTarget(row.location, site)) << row.to;
  EXPECT_NE(parseTarget("/blog/new/", site), parseTarget("https://example.com/blog/new/", site));
}

TEST(Target, DiffersInWhatMatters) {
  const Site site = siteAt("https://example.com");
  for (const Row& row : {Row{"/b/", "/c/"}, Row{"/b/", "/b"}, Row{"/b/", "https://example.org/b/"},
                         Row{"/b?x=1", "/b?x=2"}, Row{"/b?x=1", "/b"}, Row{"/b#x", "/b"},
                         Row{"https://example.org/", "http://example.org/"}})
    EXPECT_NE(parseTarget(row.to, site), parseTarget(row.location, site)) << row.to;
}

TEST(Target, IsNotToldWhereGhostsParserHasItsOwnIdeas) {
  const Site site = siteAt("https://example.com");
  for (const std::string to :
       {"", "b", "/b/$1/", "//cdn.example.org/x", "back", "mailto:x@example.org", "/a\\b", " /b",
        "https://user:pass@example.org/", "https://bücher.example/", "https://", "/a\nb"})
    EXPECT_FALSE(targetOf({"/old", to, true}, site)) << to;
}

}  // namespace
}  // namespace rollcall::checks::redirects
