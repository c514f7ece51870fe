#include "daemon/roll/locate.h"

#include <gmock/gmock.h>

namespace rollcall::roll {
namespace {
using testing::ElementsAre;

Entry post(std::string_view id, std::string_view slug) {
  Entry entry;
  entry.type = ResourceType::kPost;
  entry.status = "published";
  entry.id = id;
  entry.slug = slug;
  entry.publishedAt = WallTime(std::chrono::milliseconds(1580513400000));  // 2020-01-31 23:30Z
  return entry;
}

Entry draft(std::string_view id, std::string_view slug) {
  Entry entry = post(id, slug);
  entry.isPublic = false;
  entry.status = "draft";
  return entry;
}

Entry page(std::string_view id, std::string_view slug) {
  Entry entry = post(id, slug);
  entry.type = ResourceType::kPage;
  return entry;
}

Declarations listing(std::vector<std::string> paths) {
  return {std::move(paths), {}};
}

TEST(Locate, byDefaultEverythingIsBelowTheRoot) {
  const auto places =
      locate({post("1", "a"), page("2", "about")}, ghost::defaultRoutes(), Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre("/a/", "/about/"));
  EXPECT_EQ(places.entry.at("/about/"), 1u);
}

TEST(Locate, followsAPermalinkWithADate) {
  Routes routes = ghost::defaultRoutes();
  routes.collections[0].permalink = "/{year}/{month}/{slug}/";
  const auto places = locate({post("1", "a")}, routes, Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre("/2020/01/a/"));
}

TEST(Locate, aPostOwnsAPathThatAPageAlsoWants) {
  const auto places =
      locate({page("1", "a"), post("2", "a")}, ghost::defaultRoutes(), Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre("", "/a/"));
  EXPECT_EQ(places.shadowed, 1u);
}

TEST(Locate, aDraftIsNotAskedForWhereSomethingPublicLives) {
  const auto places =
      locate({draft("1", "a"), page("2", "a")}, ghost::defaultRoutes(), Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre("", "/a/"));
}

TEST(Locate, assumedDefaultsHoldWhileThePodsListThem) {
  const Declarations pod = listing({"/a/", "/b/", "/old/c/"});
  const auto places = locate({post("1", "a"), post("2", "b"), post("3", "c")},
                             ghost::defaultRoutes(), Trust::kAssumed, {&pod});
  EXPECT_FALSE(places.declared);
  EXPECT_THAT(places.path, ElementsAre("/a/", "/b/", "/c/"));
}

TEST(Locate, judgesNoPostThatPodsRouteDifferentlyWhileNobodyKnowsTheRoutes) {
  const Declarations one = listing({"/blog/a/", "/blog/b/", "/about/", "/"});
  const Declarations two = listing({"/a/", "/b/", "/about/", "/"});
  const std::vector<Entry> entries{post("1", "a"), post("2", "b"), page("3", "about"),
                                   post("4", "c")};
  const auto places = locate(entries, ghost::defaultRoutes(), Trust::kAssumed, {&two, &one, &two});
  EXPECT_THAT(places.path, ElementsAre("", "", "/about/", "/c/"));
  EXPECT_EQ(places.disputed, 2u);
  EXPECT_EQ(places.unlocated, 0u);
  const auto known = locate(entries, ghost::defaultRoutes(), Trust::kKnown, {&two, &one, &two});
  EXPECT_THAT(known.path, ElementsAre("/a/", "/b/", "/about/", "/c/"));
}

TEST(Locate, assumedDefaultsYieldToWhatMostPodsDeclare) {
  const Declarations one = listing({"/blog/a/", "/blog/b/"});
  const Declarations two = listing({"/blog/a/", "/blog/b/"});
  const Declarations stale = listing({"/a/", "/blog/b/"});
  const auto places = locate({post("1", "a"), post("2", "b"), post("3", "new")},
                             ghost::defaultRoutes(), Trust::kAssumed, {&one, &two, &stale});
  EXPECT_TRUE(places.declared);
  EXPECT_THAT(places.path, ElementsAre("/blog/a/", "/blog/b/", ""));
  EXPECT_EQ(places.unlocated, 1u);
}

TEST(Locate, twoEvenVotesTellNothing) {
  Routes routes = ghost::defaultRoutes();
  routes.collections = {{"/x/", "/x/{slug}/", "tag:x"}, {"/", "/{slug}/", ""}};
  const Declarations one = listing({"/x/a/"});
  const Declarations two = listing({"/a/"});
  EXPECT_THAT(locate({post("1", "a")}, routes, Trust::kKnown, {&one, &two}).path, ElementsAre(""));
}

TEST(Locate, withFiltersTheApiOfMostPodsDecidesBetweenTheCollections) {
  Routes routes = ghost::defaultRoutes();
  routes.collections = {{"/x/", "/x/{slug}/", "tag:x"}, {"/", "/{slug}/", ""}};
  Declarations one, two, lost;
  one.byId = two.byId = {{"1", "/x/a/"}};
  lost.byId = {{"1", "/404/"}};
  EXPECT_THAT(locate({post("1", "a")}, routes, Trust::kKnown, {&one, &two, &lost}).path,
              ElementsAre("/x/a/"));
}

TEST(Locate, aPageThatARouteTookOverIsNotAsked) {
  Routes routes = ghost::defaultRoutes();
  routes.redirects = {{"page", "about", "/who-we-are/"}};
  const auto places = locate({page("1", "about"), post("2", "about")}, routes, Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre("", "/about/"));
  EXPECT_EQ(places.unlocated, 0u);
}

TEST(Locate, aSwitchedOffTaxonomyHasNoPages) {
  Routes routes = ghost::defaultRoutes();
  routes.tagPermalink.clear();
  Entry tag;
  tag.type = ResourceType::kTag;
  tag.slug = "news";
  const auto places = locate({tag}, routes, Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre(""));
  EXPECT_EQ(places.unlocated, 0u);
}

}  // namespace
}  // namespace rollcall::roll
