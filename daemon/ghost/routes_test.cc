#include "daemon/ghost/routes.h"

#include <gmock/gmock.h>

#include "daemon/core/visible_text.h"

namespace rollcall::ghost {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Routes parsed(std::string_view yaml) {
  Result<Routes> routes = parseRoutes(yaml);
  EXPECT_TRUE(routes.has_value()) << (routes ? "" : routes.error().message);
  return routes ? *routes : Routes{};
}

std::string refusal(std::string_view yaml) {
  const Result<Routes> routes = parseRoutes(yaml);
  if (routes) return "(accepted)";
  EXPECT_EQ(routes.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(routes.error().message.find('\n'), std::string::npos);
  return routes.error().message;
}

constexpr std::string_view kDefaultFile =
    "routes:\n\ncollections:\n  /:\n    permalink: /{slug}/\n    template: index\n\n"
    "taxonomies:\n  tag: /tag/{slug}/\n  author: /author/{slug}/\n";

TEST(Routes, TheFileThatGhostWritesIsTheDefault) {
  const Routes file = parsed(kDefaultFile);
  const Routes builtIn = defaultRoutes();
  ASSERT_EQ(file.collections.size(), 1u);
  EXPECT_EQ(file.collections[0].path, builtIn.collections[0].path);
  EXPECT_EQ(file.collections[0].permalink, builtIn.collections[0].permalink);
  EXPECT_EQ(file.tagPermalink, builtIn.tagPermalink);
  EXPECT_EQ(file.authorPermalink, builtIn.authorPermalink);
  EXPECT_EQ(file.staticPaths, builtIn.staticPaths);
  EXPECT_TRUE(file.locatesPosts());
}

TEST(Routes, ReadsACustomSite) {
  const Routes routes = parsed(R"(
routes:
  /: home
  /features/:
    template: [features, index]
    data: page.features
  /latest/: {controller: channel, filter: "tag:-x", limit: 5}
collections:
  /podcast/:
    permalink: /podcast/{slug}/
    filter: primary_tag:podcast
    data:
      cover:
        resource: tags
        type: read
        slug: podcast
      more: {resource: posts, type: browse, limit: 3}
      kept: {resource: authors, type: read, slug: ada, redirect: false}
  /blog/:
    permalink: /{year}/{month}/{slug}/
    order: published_at desc
    rss: false
taxonomies:
  tag: /thema/{slug}/
)");
  ASSERT_EQ(routes.collections.size(), 2u);
  EXPECT_EQ(routes.collections[0].permalink, "/podcast/{slug}/");
  EXPECT_EQ(routes.collections[0].filter, "primary_tag:podcast");
  EXPECT_EQ(routes.collections[1].path, "/blog/");
  EXPECT_EQ(routes.collections[1].permalink, "/{year}/{month}/{slug}/");
  EXPECT_FALSE(routes.locatesPosts());
  EXPECT_EQ(routes.tagPermalink, "/thema/{slug}/");
  EXPECT_EQ(routes.authorPermalink, "");
  EXPECT_THAT(routes.staticPaths,
              ElementsAre("/", "/features/", "/latest/", "/podcast/", "/blog/"));
  ASSERT_EQ(routes.redirects.size(), 2u);
  EXPECT_EQ(routes.redirects[0].resource, "page");
  EXPECT_EQ(routes.redirects[0].slug, "features");
  EXPECT_EQ(routes.redirects[0].path, "/features/");
  EXPECT_EQ(routes.redirects[1].resource, "tag");
  EXPECT_EQ(routes.redirects[1].slug, "podcast");
  EXPECT_EQ(routes.redirects[1].path, "/podcast/");
}

TEST(Routes, AnEmptyFileRoutesNothing) {
  for (const char* yaml : {"", "\n", "# nothing\n", "---\n", "null\n", "routes:\ncollections:\n"}) {
    const Routes routes = parsed(yaml);
    EXPECT_THAT(routes.collections, IsEmpty()) << yaml;
    EXPECT_FALSE(routes.locatesPosts()) << yaml;
    EXPECT_EQ(routes.tagPermalink, "") << yaml;
  }
}

TEST(Routes, OneFilteredCollectionDoesNotLocatePosts) {
  EXPECT_FALSE(
      parsed("collections: {/: {permalink: '/{slug}/', filter: 'featured:true'}}").locatesPosts());
  EXPECT_TRUE(parsed("collections: {/: {permalink: '/{slug}/', filter: }}").locatesPosts());
}

TEST(Routes, WhatDoesNotConcernLocationsIsLetPass) {
  parsed("unknown: [1, 2]\ncollections:\n  /:\n    permalink: /{slug}/\n    whatever: {a: [b]}\n");
}

TEST(Routes, RefusalsNameLineAndKey) {
  struct Row {
    const char* yaml;
    const char* want;
  };
  for (const Row& row : {
           Row{"just text", "line 1: the file must be a map"},
           Row{"[a]", "line 1: the file must be a map"},
           Row{"routes: 7", "line 1: routes: this must be a map"},
           Row{"collections:\n  - /\n", "line 2: collections: this must be a map"},
           Row{"routes:\n  about/: about\n", "line 2: routes: \"about/\" must begin with a slash"},
           Row{"routes:\n  /about: about\n", "line 2: routes: \"/about\" must end with a slash"},
           Row{"routes:\n  [a]: about\n", "line 2: routes: a key must be plain text"},
           Row{"collections:\n  /:\n", "line 2: collections./: it needs a permalink"},
           Row{"collections:\n  /:\n    permalink:\n",
               "collections./.permalink: this must be a path"},
           Row{"collections:\n  /:\n    permalink: [a]\n", "line 3: collections./.permalink"},
           Row{"collections:\n  /:\n    permalink: /{slug}\n", "must end with a slash"},
           Row{"collections:\n  /:\n    permalink: /:slug/\n",
               "line 3: collections./.permalink: "
               "\"/:slug/\" uses the :name notation"},
           Row{"collections:\n  /:\n    permalink: /{slug}/\n    filter: [a]\n",
               "line 4: collections./.filter: this must be text"},
           Row{"taxonomies:\n  series: /s/{slug}/\n",
               "line 2: taxonomies.series: there is no such"},
           Row{"taxonomies:\n  tag:\n", "taxonomies.tag: this must be a path"},
           Row{"taxonomies:\n  tag: tag/{slug}/\n", "must begin with a slash"},
           Row{"routes:\n  /a/: a\n  /a/: b\n", "line 3: routes: \"/a/\" is there twice"},
           Row{"routes:\nroutes:\n", "\"routes\" is there twice"},
           Row{"routes:\n---\nroutes:\n", "more than one document"},
           Row{"routes: {/: [}\n", "it is not valid YAML"},
           Row{"routes:\n\t/: a\n", "it is not valid YAML"},
       }) {
    EXPECT_THAT(refusal(row.yaml), HasSubstr(row.want)) << row.yaml;
  }
}

TEST(Routes, AnchorsAliasesAndMergeKeysAreRefused) {
  EXPECT_THAT(refusal("routes: &a\n  /a/: x\ncollections: *a\n"), HasSubstr("anchors and aliases"));
  EXPECT_THAT(refusal("a: &a [x]\n"), HasSubstr("line 1: anchors and aliases"));
  EXPECT_THAT(refusal("routes:\n  <<: {/a/: b}\n"), HasSubstr("line 2: merge keys"));
}

TEST(Routes, HostileFilesAreRefusedSoon) {
  std::string bomb = "a: &a [x,x]\n";
  for (char c = 'b'; c < 'z'; ++c)
    bomb += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ",*" + char(c - 1) + "]\n";
  EXPECT_THAT(refusal(bomb), HasSubstr("anchors and aliases"));
  EXPECT_THAT(refusal(std::string(200'000, '[')), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal(std::string(200'000, '{')), HasSubstr("nested too deeply"));
  std::string stairs;
  for (int i = 0; i < 600; ++i) stairs += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(refusal(stairs), HasSubstr("nested too deeply"));
  std::string many = "a:\n";
  for (int i = 0; i < 30'000; ++i) many += " - x\n";
  EXPECT_THAT(refusal(many), HasSubstr("too many entries"));
  EXPECT_THAT(refusal(std::string(300'000, '#')), HasSubstr("larger than 256 KiB"));
  for (const std::string& garbage :
       {std::string(100'000, '-'), std::string(100'000, '?'), std::string("\x00\xff\xfe", 3),
        std::string(100'000, '&'), std::string(100'000, '!'), std::string("%TAG ! \n---\n")})
    (void)parseRoutes(garbage);
}

TEST(Routes, AMessageHoldsNoControlCharacters) {
  const std::string message = refusal("routes:\n  \"\\e[2Jx\": a\n");
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  // Nor half of a character, nor the controls that have eight bits.
  for (const std::string& key : {std::string(79, 'x') + "\u00e9y", std::string("a\u009b2Jb"),
                                 std::string("a\u202eb"), std::string("a\xff") + "b"}) {
    const std::string shown = refusal("routes:\n  \"" + key + "\": a\n");
    EXPECT_EQ(visible(shown), shown);
  }
}

}  // namespace
}  // namespace rollcall::ghost
