#include "daemon/core/topology.h"

#include <gmock/gmock.h>

namespace rollcall {
namespace {
using testing::HasSubstr;

TEST(ParseUrl, splitsAndNormalises) {
  const Url url = *parseUrl("HTTPS://Example.org:8443/blog/");
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "example.org");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.path, "/blog");
  EXPECT_EQ(url.authority(), "example.org:8443");
  EXPECT_EQ(url.text(), "https://example.org:8443/blog");
}

TEST(ParseUrl, knowsDefaultPortsAndIpv6) {
  EXPECT_EQ(parseUrl("http://e.org")->port, 80);
  EXPECT_EQ(parseUrl("https://e.org")->authority(), "e.org");
  EXPECT_EQ(parseUrl("http://[::1]:2368")->host, "::1");
  EXPECT_EQ(parseUrl("http://[::1]:2368")->authority(), "[::1]:2368");
}

TEST(ParseUrl, saysWhatToMend) {
  struct Row {
    const char* text;
    const char* says;
  };
  const Row rows[] = {
      {"example.org", "begin with http:// or https://"},
      {"ftp://example.org", "begin with http:// or https://"},
      {"http://", "host name is missing"},
      {"http://e.org:0", "number from 1 to 65535"},
      {"http://e.org:70000", "number from 1 to 65535"},
      {"http://e.org:80x", "number from 1 to 65535"},
      {"http://u:p@e.org", "user name or password"},
      {"http://e.org/?a=1", "query"},
      {"http://[::1", "lacks its"},
      {"http://a b", "space"},
  };
  for (const Row& row : rows) {
    const auto url = parseUrl(row.text);
    ASSERT_FALSE(url) << row.text;
    EXPECT_THAT(url.error().message, HasSubstr(row.says)) << row.text;
  }
}

TEST(ParseUrl, refusesEveryControlCharacter) {
  std::string controls = "\x7f";
  for (char c = 0; c < 0x20; ++c) controls += c;
  for (const char c : controls)
    EXPECT_FALSE(parseUrl(std::string("http://e.org/a") + c + "b")) << int(c);
}

TEST(ParseUrl, neverRepeatsAPassword) {
  EXPECT_THAT(parseUrl("http://u:hunter2@e.org").error().message, Not(HasSubstr("hunter2")));
}

TEST(Site, putsPathsBelowItsSubdirectory) {
  Site site;
  site.url = *parseUrl("https://example.org/blog");
  EXPECT_EQ(site.pathOf("/welcome/"), "/blog/welcome/");
  EXPECT_EQ(site.urlOf("/welcome/"), "https://example.org/blog/welcome/");
  site.url = *parseUrl("https://example.org");
  EXPECT_EQ(site.pathOf("/welcome/"), "/welcome/");
}

}  // namespace
}  // namespace rollcall
