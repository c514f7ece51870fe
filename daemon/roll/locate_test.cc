#include "daemon/roll/locate.h"

#include <gmock/gmock.h>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// What one pod says, in words.
struct Told {
  std::vector<std::string> paths;
  std::map<std::string, std::string> byId;
};

Told listing(std::vector<std::string> paths) {
  return {std::move(paths), {}};
}

// The locations, in words.
struct Located : Locations {
  std::vector<std::string> path;
  std::optional<std::size_t> owner;  // of the path that was asked for
};

Located located(const std::vector<Entry>& entries, const Routes& routes, Trust known,
                const std::vector<const Told*>& pods, std::string_view asked = "/",
                const std::set<ResourceType>& types = {ResourceType::kPost, ResourceType::kPage,
                                                       ResourceType::kTag, ResourceType::kAuthor}) {
  PathTable table;
  std::deque<Declarations> all;
  std::vector<const Declarations*> given;
  for (const Told* pod : pods) {
    Declarations& told = all.emplace_back();
    for (const std::string& path : pod->paths) told.list(table.put(path));
    for (std::size_t i = 0; i < entries.size(); ++i)
      if (const auto found = pod->byId.find(std::string(entries[i].id)); found != pod->byId.end())
        told.tell(i, table.put(found->second));
    given.push_back(&told);
  }
  Locations places = locate(entries, routes, known, given, table, types);
  std::vector<std::string> paths = pathsOf(places, table);
  const auto owner = places.ownerOf(table.find(asked));
  return {std::move(places), std::move(paths), owner};
}

// Two pods that share what was told first, and one that does not; each tells of entries in another
// order, of one of them twice.
TEST(Declarations, tellOfEachPodWhatThatPodTold) {
  FirstTold first;
  std::vector<Declarations> pods(3);
  pods[0].share(first), pods[1].share(first);
  for (std::size_t pod = 0; pod < pods.size(); ++pod) {
    for (std::size_t entry = 5'000; entry-- > pod;) pods[pod].tell(entry, 7);
    pods[pod].tell(1'023 + pod, static_cast<Place>(pod));
  }
  pods[0].tell(4'999, 8);
  for (std::size_t pod = 0; pod < pods.size(); ++pod) {
    for (std::size_t entry = 0; entry < 5'000; ++entry) {
      const Place wanted = entry < pod                  ? kNoPlace
                           : entry == 1'023 + pod       ? static_cast<Place>(pod)
                           : pod == 0 && entry == 4'999 ? 8
                                                        : 7;
      ASSERT_EQ(pods[pod].told(entry), wanted) << pod << " " << entry;
    }
    EXPECT_EQ(pods[pod].told(5'000), kNoPlace);
  }
}

TEST(Locate, byDefaultEverythingIsBelowTheRoot) {
  const auto places = located({post("1", "a"), page("2", "about")}, ghost::defaultRoutes(),
                              Trust::kKnown, {}, "/about/");
  EXPECT_THAT(places.path, ElementsAre("/a/", "/about/"));
  EXPECT_EQ(places.owner, 1u);
}

TEST(Locate, followsAPermalinkWithADate) {
  Routes routes = ghost::defaultRoutes();
  routes.collections[0].permalink = "/{year}/{month}/{slug}/";
  const auto places = located({post("1", "a")}, routes, Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre("/2020/01/a/"));
}

TEST(Locate, aPostOwnsAPathThatAPageAlsoWants) {
  const auto places =
      located({page("1", "a"), post("2", "a")}, ghost::defaultRoutes(), Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre("", "/a/"));
  EXPECT_EQ(places.shadowed, 1u);
}

TEST(Locate, aDraftIsNotAskedForWhereSomethingPublicLives) {
  const auto places =
      located({draft("1", "a"), page("2", "a")}, ghost::defaultRoutes(), Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre("", "/a/"));
}

TEST(Locate, assumedDefaultsHoldWhileThePodsListThem) {
  const Told pod = listing({"/a/", "/b/", "/old/c/"});
  const auto places = located({post("1", "a"), post("2", "b"), post("3", "c")},
                              ghost::defaultRoutes(), Trust::kAssumed, {&pod});
  EXPECT_FALSE(places.declared);
  EXPECT_THAT(places.path, ElementsAre("/a/", "/b/", "/c/"));
}

TEST(Locate, judgesNoPostThatPodsRouteDifferentlyWhileNobodyKnowsTheRoutes) {
  const Told one = listing({"/blog/a/", "/blog/b/", "/about/", "/"});
  const Told two = listing({"/a/", "/b/", "/about/", "/"});
  const std::vector<Entry> entries{post("1", "a"), post("2", "b"), page("3", "about"),
                                   post("4", "c")};
  const auto places = located(entries, ghost::defaultRoutes(), Trust::kAssumed, {&two, &one, &two});
  EXPECT_THAT(places.path, ElementsAre("", "", "/about/", "/c/"));
  EXPECT_EQ(places.disputed, 2u);
  EXPECT_EQ(places.unlocated, 0u);
  const auto known = located(entries, ghost::defaultRoutes(), Trust::kKnown, {&two, &one, &two});
  EXPECT_THAT(known.path, ElementsAre("/a/", "/b/", "/about/", "/c/"));
}

TEST(Locate, likewiseWhereOnlyTheirApisTell) {
  Told one, two, lost;
  one.byId = {{"1", "/blog/a/"}, {"2", "/blog/b/"}, {"3", "/about/"}};
  two.byId = {{"1", "/a/"}, {"2", "/b/"}, {"3", "/about/"}, {"4", "/c/"}};
  lost.byId = {{"1", "/404/"}, {"2", "/404/"}, {"3", "/404/"}, {"4", "/404/"}};
  const std::vector<Entry> entries{post("1", "a"), post("2", "b"), page("3", "about"),
                                   post("4", "c")};
  const auto places =
      located(entries, ghost::defaultRoutes(), Trust::kAssumed, {&two, &one, &two, &lost});
  EXPECT_THAT(places.path, ElementsAre("", "", "/about/", "/c/"));
  EXPECT_EQ(places.disputed, 2u);
  const auto routed = located(entries, ghost::defaultRoutes(), Trust::kAssumed, {&two, &lost});
  EXPECT_THAT(routed.path, ElementsAre("/a/", "/b/", "/about/", "/c/"));
  const Told listed = listing({"/a/", "/b/"});  // no API of this one
  const auto mixed = located(entries, ghost::defaultRoutes(), Trust::kAssumed, {&one, &listed});
  EXPECT_THAT(mixed.path, ElementsAre("", "", "/about/", ""));
}

TEST(Locate, whatAnApiTellsDoesNotDisputeWhereTheSitemapsAgree) {
  Told knows = listing({"/new/"}), stale = listing({"/old/"});  // one post, renamed
  knows.byId = {{"1", "/new/"}}, stale.byId = {{"1", "/old/"}};
  const auto places =
      located({post("1", "new")}, ghost::defaultRoutes(), Trust::kAssumed, {&knows, &stale});
  EXPECT_THAT(places.path, ElementsAre("/new/"));
}

TEST(Locate, assumedDefaultsYieldToWhatMostPodsDeclare) {
  const Told one = listing({"/blog/a/", "/blog/b/"});
  const Told two = listing({"/blog/a/", "/blog/b/"});
  const Told stale = listing({"/a/", "/blog/b/"});
  const auto places = located({post("1", "a"), post("2", "b"), post("3", "new")},
                              ghost::defaultRoutes(), Trust::kAssumed, {&one, &two, &stale});
  EXPECT_TRUE(places.declared);
  EXPECT_THAT(places.path, ElementsAre("/blog/a/", "/blog/b/", ""));
  EXPECT_EQ(places.unlocated, 1u);
}

TEST(Locate, twoEvenVotesTellNothing) {
  Routes routes = ghost::defaultRoutes();
  routes.collections = {{"/x/", "/x/{slug}/", "tag:x"}, {"/", "/{slug}/", ""}};
  const Told one = listing({"/x/a/"});
  const Told two = listing({"/a/"});
  EXPECT_THAT(located({post("1", "a")}, routes, Trust::kKnown, {&one, &two}).path, ElementsAre(""));
}

TEST(Locate, withFiltersTheApiOfMostPodsDecidesBetweenTheCollections) {
  Routes routes = ghost::defaultRoutes();
  routes.collections = {{"/x/", "/x/{slug}/", "tag:x"}, {"/", "/{slug}/", ""}};
  Told one, two, lost;
  one.byId = two.byId = {{"1", "/x/a/"}};
  lost.byId = {{"1", "/404/"}};
  EXPECT_THAT(located({post("1", "a")}, routes, Trust::kKnown, {&one, &two, &lost}).path,
              ElementsAre("/x/a/"));
}

TEST(Locate, aPageThatARouteTookOverIsNotAsked) {
  Routes routes = ghost::defaultRoutes();
  routes.redirects = {{"page", "about", "/who-we-are/"}};
  const auto places = located({page("1", "about"), post("2", "about")}, routes, Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre("", "/about/"));
  EXPECT_EQ(places.unlocated, 0u);
}

TEST(Locate, whatIsOutOfScopeIsLocatedOnlyWhereItStandsInTheWay) {
  Entry tag;
  tag.type = ResourceType::kTag;
  tag.slug = "news";
  Entry empty = tag;
  empty.isPublic = false;
  empty.slug = "old";
  Routes routes = ghost::defaultRoutes();
  routes.collections[0].permalink = "/tag/{slug}/";
  const auto places =
      located({post("1", "news"), post("2", "old"), post("3", "else"), tag, empty}, routes,
              Trust::kKnown, {}, "/tag/news/", {ResourceType::kTag, ResourceType::kAuthor});
  EXPECT_THAT(places.path, ElementsAre("/tag/news/", "/tag/old/", "", "", ""));
  EXPECT_EQ(places.owner, 0u);
  EXPECT_EQ(places.unlocated, 0u);
}

TEST(Locate, aPostIsInTheCollectionWhereThePodsListIt) {
  Routes routes = ghost::defaultRoutes();
  routes.collections = {{"/x/", "/x/{slug}/", "tag:x"}, {"/", "/{slug}/", ""}};
  const Told one = listing({"/x/a/", "/b/"});
  const auto places =
      located({post("1", "a"), post("2", "b")}, routes, Trust::kKnown, {&one, &one, &one});
  EXPECT_THAT(places.path, ElementsAre("/x/a/", "/b/"));
}

TEST(Locate, aPagesAddressCountsForAPostOfTheSameSlug) {
  Routes routes = ghost::defaultRoutes();
  routes.collections[0].permalink = "/{year}/{slug}/";
  const Told one = listing({"/a/", "/2020/b/"});
  const auto places = located({post("1", "a"), page("2", "a"), post("3", "b"), post("4", "c")},
                              routes, Trust::kAssumed, {&one});
  EXPECT_FALSE(places.declared);  // one here, one elsewhere
  EXPECT_THAT(places.path, ElementsAre("/2020/a/", "/a/", "/2020/b/", "/2020/c/"));
}

TEST(Locate, aSwitchedOffTaxonomyHasNoPages) {
  Routes routes = ghost::defaultRoutes();
  routes.tagPermalink.clear();
  Entry tag;
  tag.type = ResourceType::kTag;
  tag.slug = "news";
  const auto places = located({tag}, routes, Trust::kKnown, {});
  EXPECT_THAT(places.path, ElementsAre(""));
  EXPECT_EQ(places.unlocated, 0u);
}

}  // namespace
}  // namespace rollcall::roll
