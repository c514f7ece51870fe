#include "checks/sitemap/expected.h"

#include <gmock/gmock.h>

namespace rollcall::checks::sitemap {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr WallTime kThen{std::chrono::seconds(1'580'513'400)};  // 2020-01-31 23:30 UTC

Entry entry(ResourceType type, std::string_view slug, bool isPublic = true) {
  Entry made;
  made.type = type;
  made.id = slug;
  made.slug = slug;
  made.isPublic = isPublic;
  made.publishedAt = kThen;
  made.updatedAt = kThen;
  return made;
}

std::vector<std::uint32_t> found(const Expected& expected, ResourceType type,
                                 std::string_view path) {
  std::vector<std::uint32_t> ids;
  expected.find(type, path, ids);
  return ids;
}

Routes routes(std::string_view yaml) {
  const auto parsed = ghost::parseRoutes(yaml);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *parsed : Routes{};
}

TEST(Expected, FindsEachTypeAtItsDefaultAddress) {
  const std::vector<Entry> entries = {
      entry(ResourceType::kPost, "same"), entry(ResourceType::kPage, "same"),
      entry(ResourceType::kTag, "news"), entry(ResourceType::kAuthor, "ada")};
  const Expected expected(entries, ghost::defaultRoutes(), Trust::kKnown);
  EXPECT_THAT(found(expected, ResourceType::kPost, "/same/"), ElementsAre(0));
  EXPECT_THAT(found(expected, ResourceType::kPage, "/same/"), ElementsAre(1));
  EXPECT_THAT(found(expected, ResourceType::kTag, "/tag/news/"), ElementsAre(2));
  EXPECT_THAT(found(expected, ResourceType::kAuthor, "/author/ada/"), ElementsAre(3));
  EXPECT_THAT(found(expected, ResourceType::kTag, "/news/"), IsEmpty());
  EXPECT_THAT(found(expected, ResourceType::kPost, "/other/"), IsEmpty());
  EXPECT_TRUE(expected.isStatic("/"));
  EXPECT_FALSE(expected.isStatic("/same/"));
}

TEST(Expected, EscapedAndPlainAddressesAreTheSame) {
  const std::vector<Entry> entries = {entry(ResourceType::kPost, "caf\u00e9")};
  const Expected expected(entries, ghost::defaultRoutes(), Trust::kKnown);
  EXPECT_THAT(found(expected, ResourceType::kPost, "/caf\u00e9/"), ElementsAre(0));
  EXPECT_THAT(found(expected, ResourceType::kPost, "/caf%C3%A9/"), ElementsAre(0));
}

TEST(Expected, APublicEntryWinsOverAHiddenOneOfTheSameAddress) {
  const Routes dated = routes("collections: {/: {permalink: '/{year}/{month}/'}}");
  const std::vector<Entry> entries = {entry(ResourceType::kPost, "draft", false),
                                      entry(ResourceType::kPost, "one"),
                                      entry(ResourceType::kPost, "two")};
  const Expected expected(entries, dated, Trust::kKnown);
  EXPECT_THAT(found(expected, ResourceType::kPost, "/2020/01/"), UnorderedElementsAre(1, 2));
}

TEST(Expected, WithSeveralCollectionsAnyOfTheirAddressesWillDo) {
  const Routes two = routes(
      "collections:\n  /pod/: {permalink: '/pod/{slug}/', filter: 'tag:pod'}\n"
      "  /: {permalink: '/{primary_tag}/{slug}/'}\n");
  const std::vector<Entry> entries = {entry(ResourceType::kPost, "one")};
  const Expected expected(entries, two, Trust::kKnown);
  EXPECT_THAT(found(expected, ResourceType::kPost, "/pod/one/"), ElementsAre(0));
  EXPECT_THAT(found(expected, ResourceType::kPost, "/all/one/"), ElementsAre(0));
  EXPECT_THAT(found(expected, ResourceType::kPost, "/one/"), IsEmpty());
  EXPECT_EQ(expected.duty(0), Duty::kRequired);
  EXPECT_TRUE(expected.isStatic("/pod/"));
}

TEST(Expected, FindsEachOfManyAndNoOther) {
  for (const Trust trust : {Trust::kKnown, Trust::kAssumed}) {
    std::vector<std::string> slugs;
    for (int i = 0; i < 1'000; ++i) slugs.push_back("post-" + std::to_string(i));
    std::vector<Entry> entries;
    for (const std::string& slug : slugs) entries.push_back(entry(ResourceType::kPost, slug));
    const Expected expected(entries, ghost::defaultRoutes(), trust);
    for (std::uint32_t i = 0; i < slugs.size(); ++i)
      ASSERT_THAT(found(expected, ResourceType::kPost, "/" + slugs[i] + "/"), ElementsAre(i));
    EXPECT_THAT(found(expected, ResourceType::kPost, "/post-1000/"), IsEmpty());
    EXPECT_THAT(found(expected, ResourceType::kPage, "/post-1/"), IsEmpty());
    EXPECT_THAT(found(expected, ResourceType::kPost, ""), IsEmpty());
  }
  const std::vector<Entry> none;
  EXPECT_THAT(
      found(Expected(none, ghost::defaultRoutes(), Trust::kKnown), ResourceType::kPost, "/a/"),
      IsEmpty());
}

TEST(Expected, ASlugWithAPercentSignIsFoundByWhatItSays) {
  const std::vector<Entry> entries = {entry(ResourceType::kPost, "caf%C3%A9"),
                                      entry(ResourceType::kPost, "100%")};
  const Expected expected(entries, ghost::defaultRoutes(), Trust::kKnown);
  EXPECT_THAT(found(expected, ResourceType::kPost, "/caf\u00e9/"), ElementsAre(0));
  EXPECT_THAT(found(expected, ResourceType::kPost, "/caf%C3%A9/"), ElementsAre(0));
  EXPECT_THAT(found(expected, ResourceType::kPost, "/100%/"), ElementsAre(1));
}

TEST(Expected, AssumedRoutesMatchByTheLastSegment) {
  const std::vector<Entry> entries = {entry(ResourceType::kPost, "one"),
                                      entry(ResourceType::kTag, "news")};
  const Expected expected(entries, ghost::defaultRoutes(), Trust::kAssumed);
  EXPECT_THAT(found(expected, ResourceType::kPost, "/2020/01/one/"), ElementsAre(0));
  EXPECT_THAT(found(expected, ResourceType::kTag, "/thema/news/"), ElementsAre(1));
  EXPECT_THAT(found(expected, ResourceType::kTag, "/"), IsEmpty());
  EXPECT_EQ(expected.placeOf(0), "/one/");
}

TEST(Expected, WhatMustBeListedDependsOnTheEntryAndTheRoutes) {
  const auto canonical = [](Entry made, std::string_view url) {
    made.canonicalUrl = url;
    return made;
  };
  const Routes defaults = ghost::defaultRoutes();
  const Routes filtered =
      routes("collections: {/: {permalink: '/{slug}/', filter: 'featured:true'}}");
  const Routes nothing = routes("");
  const Routes undated = routes("collections: {/: {permalink: '/{nonsense}/'}}");
  const Entry post = entry(ResourceType::kPost, "p"), tag = entry(ResourceType::kTag, "t");
  struct Row {
    const char* what;
    Entry entry;
    const Routes& routes;
    Trust trust;
    Duty want;
  };
  for (const Row& row : {
           Row{"a public post", post, defaults, Trust::kKnown, Duty::kRequired},
           Row{"a draft", entry(ResourceType::kPost, "d", false), defaults, Trust::kKnown,
               Duty::kNone},
           Row{"a canonical url", canonical(post, "https://elsewhere.org/x/"), defaults,
               Trust::kKnown, Duty::kFree},
           Row{"a canonical url at another place of the site", canonical(post, "__GHOST_URL__/x/"),
               defaults, Trust::kKnown, Duty::kFree},
           Row{"its own canonical url", canonical(post, "__GHOST_URL__/p"), defaults, Trust::kKnown,
               Duty::kRequired},
           Row{"only filtered collections", post, filtered, Trust::kKnown, Duty::kIfListed},
           Row{"no collection", post, nothing, Trust::kKnown, Duty::kFree},
           Row{"an unknown token", post, undated, Trust::kKnown, Duty::kFree},
           Row{"a public tag", tag, defaults, Trust::kKnown, Duty::kRequired},
           Row{"a tag without taxonomy", tag, nothing, Trust::kKnown, Duty::kFree},
           Row{"assumed routes", tag, defaults, Trust::kAssumed, Duty::kIfTypeListed},
           Row{"an assumed draft", entry(ResourceType::kPost, "d", false), defaults,
               Trust::kAssumed, Duty::kNone},
       }) {
    const std::vector<Entry> entries = {row.entry};
    EXPECT_EQ(Expected(entries, row.routes, row.trust).duty(0), row.want) << row.what;
  }
}

TEST(Expected, APageWhoseAddressAPostOwnsIsFree) {
  for (const Trust trust : {Trust::kKnown, Trust::kAssumed}) {
    const std::vector<Entry> entries = {
        entry(ResourceType::kPage, "same"), entry(ResourceType::kPost, "same"),
        entry(ResourceType::kPage, "draft"), entry(ResourceType::kPost, "draft", false)};
    const Expected expected(entries, ghost::defaultRoutes(), trust);
    EXPECT_EQ(expected.duty(0), Duty::kFree);
    EXPECT_NE(expected.duty(1), Duty::kFree);
    EXPECT_NE(expected.duty(2), Duty::kFree);
  }
}

}  // namespace
}  // namespace rollcall::checks::sitemap
