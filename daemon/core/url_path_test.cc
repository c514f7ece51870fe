#include "daemon/core/url_path.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

struct Case {
  std::string_view given, expected;
};

TEST(UrlPath, OfALink) {
  for (const Case& one :
       std::initializer_list<Case>{{"https://example.com/a/b/?c=/d/#e", "/a/b/"},
                                   {"https://example.com/", "/"},
                                   {"https://example.com", "/"},
                                   {"https://example.com?a=/b/", "/"},
                                   {"http://", "/"},
                                   {"/private/?r=%2F", "/private/"},
                                   {"/a/https://example.com/b/", "/a/https://example.com/b/"},
                                   {"/a/?r=https://example.com/b/", "/a/"},
                                   {"//example.com/a/", "//example.com/a/"},
                                   {"a/b#c", "a/b"},
                                   {"#c", ""},
                                   {"", ""}})
    EXPECT_EQ(pathOfLink(one.given), one.expected) << one.given;
}

TEST(UrlPath, ItsLastSegment) {
  for (const Case& one : std::initializer_list<Case>{{"/a/b/", "b"},
                                                     {"/a/b", "b"},
                                                     {"/a//", "a"},
                                                     {"a", "a"},
                                                     {"/", ""},
                                                     {"//", ""},
                                                     {"", ""}})
    EXPECT_EQ(lastSegment(one.given), one.expected) << one.given;
}

TEST(UrlPath, WithoutTheSlashAtItsEnd) {
  for (const Case& one : std::initializer_list<Case>{
           {"/a/", "/a"}, {"/a", "/a"}, {"/a//", "/a/"}, {"/", ""}, {"", ""}})
    EXPECT_EQ(withoutSlash(one.given), one.expected) << one.given;
}

}  // namespace
}  // namespace rollcall
