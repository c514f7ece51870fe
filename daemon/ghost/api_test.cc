#include "daemon/ghost/api.h"

#include <gmock/gmock.h>

namespace rollcall::ghost {
namespace {

using testing::HasSubstr;

std::string refusal(const auto& result) {
  if (result) return "(accepted)";
  EXPECT_EQ(result.error().code, ErrorCode::kProtocol);
  return result.error().message;
}

TEST(SiteInfoDocument, IsRead) {
  const auto info = parseSiteInfo(
      R"({"site":{"title":"T","description":null,"url":"https://e.org/","version":"5.130",
          "labs":{"a":[true,1,2.5,-3]}}})");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->title, "T");
  EXPECT_EQ(info->url, "https://e.org/");
  EXPECT_EQ(info->version, "5.130");
}

TEST(SiteInfoDocument, NeedsUrlAndVersionAsText) {
  for (const char* text : {"{}", "[]", "null", R"({"site":[]})", R"({"site":{"url":"u"}})",
                           R"({"url":"u","version":"1.0"})"})
    EXPECT_THAT(refusal(parseSiteInfo(text)), HasSubstr("no site.url and version")) << text;
  EXPECT_THAT(refusal(parseSiteInfo(R"({"site":{"url":"u","version":5.130}})")),
              HasSubstr("site.version is not text"));
}

TEST(SiteInfoDocument, ABrokenOrHostileOneIsRefused) {
  EXPECT_THAT(refusal(parseSiteInfo("")), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(parseSiteInfo("<html>")), HasSubstr("not valid JSON at byte 1"));
  EXPECT_THAT(refusal(parseSiteInfo(R"({"site":{"url":"u","version":"1.0"}} x)")),
              HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(parseSiteInfo("{\"site\":{\"url\":\"\xff\"}}")), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(parseSiteInfo(std::string(1'000'000, '['))), HasSubstr("nested too deeply"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(refusal(parseSiteInfo(objects)), HasSubstr("nested too deeply"));
}

TEST(DeclaredDocument, IsReadWithItsPagination) {
  const auto page = parseDeclared(
      R"({"posts":[{"id":"1","slug":"a","url":"https://e.org/a/","tags":[{"id":"x"}]},
                   {"slug":"b","url":"https://e.org/404/","id":"2","uuid":null}],
          "meta":{"pagination":{"page":2,"limit":100,"pages":7,"total":602,"next":null}}})",
      "posts");
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->items.size(), 2u);
  EXPECT_EQ(page->items[0].id, "1");
  EXPECT_EQ(page->items[1].slug, "b");
  EXPECT_EQ(page->items[1].url, "https://e.org/404/");
  EXPECT_EQ(page->page, 2u);
  EXPECT_EQ(page->pages, 7u);
}

TEST(DeclaredDocument, AnEmptyListIsAList) {
  const auto page = parseDeclared(R"({"tags":[]})", "tags");
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->items.empty());
  EXPECT_EQ(page->pages, 1u);
}

TEST(DeclaredDocument, WrongShapesAreRefused) {
  struct Row {
    const char* text;
    const char* want;
  };
  for (const Row& row :
       {Row{"{}", "it has no posts"}, Row{R"({"pages":[]})", "it has no posts"},
        Row{R"({"posts":{}})", "posts is not a list"}, Row{R"({"posts":7})", "posts is not a list"},
        Row{R"({"posts":[7]})", "something else than objects"},
        Row{R"({"posts":[[]]})", "something else than objects"},
        Row{R"({"posts":[{}]})", "without id, slug or url"},
        Row{R"({"posts":[{"id":"1","slug":"a"}]})", "without id, slug or url"},
        Row{R"({"posts":[{"id":1,"slug":"a","url":"u"}]})", "whose id is not text"},
        Row{R"({"posts":[{"id":{},"slug":"a","url":"u"}]})", "without id, slug or url"},
        Row{R"({"posts":[],"meta":{"pagination":{"pages":"x"}}})", "meta.pagination.pages is not"},
        Row{R"({"posts":[],"meta":{"pagination":{"pages":-1}}})", "meta.pagination.pages is not"},
        Row{R"({"posts":[)", "not valid JSON"}, Row{"[]", "it has no posts"}})
    EXPECT_THAT(refusal(parseDeclared(row.text, "posts")), HasSubstr(row.want)) << row.text;
}

// Ghost's plain way of writing a list is read in one go; a blank in front makes it another way.
TEST(DeclaredDocument, ReadInOneGoItSaysTheSame) {
  for (
      const std::string_view text :
      {R"({"posts":[{"id":"1","slug":"a","url":"https://e.org/a/"}],"meta":{"pagination":{"page":3,"pages":9}}})",
       R"({"posts":[{"url":"u","id":"1","slug":"a"},{"id":"2","slug":"b","url":"v"}]})",
       R"({"posts":[{"id":"1","slug":"a","url":"u"},{"id":"2","slug":"b\u0041","url":"v"}]})",
       R"({"posts":[{"id":"1","slug":"caf\u00e9","url":"https:\/\/e.org\/"}]})",
       "{\"posts\":[{\"id\":\"1\",\"slug\":\"caf\u00e9\",\"url\":\"u\"}]}",
       "{\"posts\":[{\"id\":\"1\",\"slug\":\"a\x01\",\"url\":\"u\"}]}",
       "{\"posts\":[{\"id\":\"1\",\"slug\":\"a\xff\",\"url\":\"u\"}]}",
       R"({"posts":[{"id":"1","slug":"a","url":"u","title":"t"},{"id":"2","slug":"b","url":"v"}]})",
       R"({"posts":[{"id":"1","id":"2","slug":"a","url":"u"}]})",
       R"({"posts":[{"id":"1","slug":"a","url":"u"}],"posts":[{"id":"2","slug":"b","url":"v"}]})",
       R"({"posts":[{"id":"1","slug":"a","url":"u"}],"meta":{"pagination":{"pages":"x"}}})",
       R"({"posts":[{"id":"1","slug":"","url":"u"}]})", R"({"posts":[{"id":"1","slug":"a"}]})",
       R"({"posts":[{"id":"1","slug":"a","url":"u"},]})",
       R"({"posts":[{"id":"1","slug":"a","url":"u")",
       R"({"posts":[{"id":"1","slug":"a","url":"u"}]} x)", R"({"posts":[{"id":"1)",
       R"({"posts":[],)"}) {
    const auto plain = parseDeclared(text, "posts");
    const std::string spaced = " " + std::string(text);
    const auto other = parseDeclared(spaced, "posts");
    ASSERT_EQ(plain.has_value(), other.has_value()) << text;
    if (!plain) continue;
    EXPECT_EQ(plain->page, other->page) << text;
    EXPECT_EQ(plain->pages, other->pages) << text;
    ASSERT_EQ(plain->items.size(), other->items.size()) << text;
    for (std::size_t i = 0; i < plain->items.size(); ++i) {
      EXPECT_EQ(plain->items[i].id, other->items[i].id) << text;
      EXPECT_EQ(plain->items[i].slug, other->items[i].slug) << text;
      EXPECT_EQ(plain->items[i].url, other->items[i].url) << text;
    }
  }
}

// A list whose texts stand where they were read moves like any other.
TEST(DeclaredDocument, WhatItShowsStaysWhereItIs) {
  for (const std::string_view text :
       {R"({"posts":[{"id":"1","slug":"a","url":"u"}]})",
        R"( {"posts":[{"id":"1","slug":"a","url":"u"}]})",
        R"({"posts":[{"id":"\u0031","slug":"a","slug":"a","url":"u"}]})"}) {
    auto page = parseDeclared(text, "posts");
    ASSERT_TRUE(page) << text;
    const DeclaredPage moved = std::move(*page);
    page = Error{ErrorCode::kInternal, ""};
    ASSERT_EQ(moved.items.size(), 1u) << text;
    EXPECT_EQ(moved.items[0].id, "1") << text;
    EXPECT_EQ(moved.items[0].slug, "a") << text;
    EXPECT_EQ(moved.items[0].url, "u") << text;
  }
}

TEST(ApiErrors, TheFirstErrorIsTheMessage) {
  struct Row {
    const char* body;
    const char* want;
  };
  for (const Row& row :
       {Row{R"({"errors":[{"message":"Internal server error, cannot read settings.",
              "context":"connect ECONNREFUSED 127.0.0.1:3306","type":"X","details":null}]})",
            "Internal server error, cannot read settings. connect ECONNREFUSED 127.0.0.1:3306"},
        Row{R"({"errors":[{"message":"Resource not found","context":null}]})",
            "Resource not found"},
        Row{R"({"errors":[{"message":"one","context":"c"},{"message":"two","context":"d"}]})",
            "one c"},
        Row{R"({"errors":[{"message":"a\u001b[31m\n\tb\u0000\u202ec"}]})", "a[31m bc"},
        Row{R"({"errors":[{"message":"cut off he)", ""}, Row{R"({"errors":"x"})", ""},
        Row{R"({"errors":[{"message":7}]})", ""}, Row{"", ""}})
    EXPECT_EQ(errorMessage("application/json; charset=utf-8", row.body), row.want) << row.body;
}

TEST(ApiErrors, PlainTextGivesItsFirstLineAndOtherTypesNothing) {
  EXPECT_EQ(errorMessage("text/plain; charset=utf-8", "Image not found\nmore"), "Image not found");
  EXPECT_EQ(errorMessage("image/png", "\x89PNG"), "");
  EXPECT_EQ(errorMessage("", "x"), "");
}

}  // namespace
}  // namespace rollcall::ghost
