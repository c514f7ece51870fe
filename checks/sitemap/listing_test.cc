#include "checks/sitemap/listing.h"

#include <gmock/gmock.h>

#include <deque>

namespace rollcall::checks::sitemap {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr WallTime kUpdated{std::chrono::seconds(1'769'902'200)};  // 2026-01-31T23:30:00Z
constexpr std::string_view kFresh = "2026-01-31T23:30:00.000Z";

// One site on some pods; tests say what each pod lists.
class ListingTest : public testing::Test {
 protected:
  Entry& add(ResourceType type, std::string_view slug, bool isPublic = true) {
    Entry entry;
    entry.type = type;
    entry.id = entry.slug = slug;
    entry.isPublic = isPublic;
    entry.updatedAt = kUpdated;
    entry.publishedAt = kUpdated;
    return entries_.emplace_back(entry);
  }
  void setUp(std::size_t pods, Trust trust = Trust::kKnown,
             Routes routes = ghost::defaultRoutes()) {
    expected_.emplace(entries_, std::move(routes), trust);
    for (std::size_t i = 0; i < pods; ++i) listings_.emplace_back(*expected_, strays_);
    for (const Listing& listing : listings_) readings_.push_back({&listing, true});
  }
  void list(std::size_t pod, ResourceType type, std::string_view path,
            std::string_view lastmod = kFresh, std::uint16_t page = 1) {
    listings_[pod].record({type, page}, path, lastmod);
  }
  void listEverywhere(ResourceType type, std::string_view path) {
    for (std::size_t pod = 0; pod < listings_.size(); ++pod) list(pod, type, path);
  }
  // "missing b 1": fault, slug or path, pod ("*" = all).
  std::vector<std::string> suspects() {
    std::vector<std::string> lines;
    const Comparison comparison = compare(*expected_, strays_, readings_);
    notJudged_ = comparison.notJudged;
    for (const Suspect& one : gather(comparison.suspects, readings_.size())) {
      static constexpr const char* kFaults[] = {"missing", "left", "old"};
      lines.push_back(std::string(kFaults[static_cast<int>(one.fault)]) + " " +
                      (one.stray ? strays_[one.id].path : std::string(entries_[one.id].slug)) +
                      " " + (one.pod == kAllPods ? "*" : std::to_string(one.pod)));
    }
    return lines;
  }

  std::vector<Entry> entries_;
  Strays strays_;
  std::optional<Expected> expected_;
  std::deque<Listing> listings_;
  std::vector<Reading> readings_;
  std::vector<ResourceType> notJudged_;
};

TEST_F(ListingTest, AgreementIsNothingToReport) {
  add(ResourceType::kPost, "a"), add(ResourceType::kTag, "t"), add(ResourceType::kPage, "p");
  setUp(2);
  listEverywhere(ResourceType::kPost, "/a/");
  listEverywhere(ResourceType::kTag, "/tag/t/");
  listEverywhere(ResourceType::kPage, "/p/");
  listEverywhere(ResourceType::kPage, "/");
  EXPECT_THAT(suspects(), IsEmpty());
}

TEST_F(ListingTest, EachFaultNamesItsPod) {
  add(ResourceType::kPost, "a"), add(ResourceType::kPost, "b"),
      add(ResourceType::kPost, "c", false);
  setUp(3);
  listEverywhere(ResourceType::kPost, "/a/");
  list(0, ResourceType::kPost, "/b/");
  list(2, ResourceType::kPost, "/b/", "2026-01-31T23:29:59.999Z");
  list(1, ResourceType::kPost, "/c/");
  list(1, ResourceType::kPost, "/gone/");
  EXPECT_THAT(suspects(), ElementsAre("missing b 1", "left c 1", "left /gone/ 1", "old b 2"));
}

TEST_F(ListingTest, WrongOnEveryPodIsOneSuspect) {
  add(ResourceType::kPost, "a");
  setUp(2);
  listEverywhere(ResourceType::kTag, "/tag/gone/");
  EXPECT_THAT(suspects(), ElementsAre("missing a *", "left /tag/gone/ *"));
}

TEST_F(ListingTest, ListedTwiceOnOnePodIsNotListedOnTwo) {
  setUp(2);
  list(0, ResourceType::kPost, "/gone/");
  list(0, ResourceType::kPost, "/gone/", kFresh, 2);
  EXPECT_THAT(suspects(), ElementsAre("left /gone/ 0"));
}

TEST_F(ListingTest, APodThatWasNotReadWholeMissesNothing) {
  add(ResourceType::kPost, "a"), add(ResourceType::kPost, "b");
  setUp(3);
  readings_[1].whole = false;
  readings_[2] = {};
  list(0, ResourceType::kPost, "/a/");
  list(1, ResourceType::kPost, "/b/", "2020-01-01");
  list(1, ResourceType::kPost, "/gone/");
  EXPECT_THAT(suspects(), ElementsAre("missing b 0", "left /gone/ 1", "old b 1"));
}

TEST_F(ListingTest, DatesAreComparedInWholeSecondsAndOnlyForPostsAndPages) {
  add(ResourceType::kPost, "same"), add(ResourceType::kPost, "newer"), add(ResourceType::kTag, "t");
  add(ResourceType::kPost, "none"), add(ResourceType::kPost, "odd"),
      add(ResourceType::kPage, "old");
  entries_[0].updatedAt += std::chrono::milliseconds(400);
  setUp(2);
  list(0, ResourceType::kPost, "/same/", kFresh);
  list(0, ResourceType::kPost, "/newer/", "2026-02-01T00:00:00.000Z");
  list(0, ResourceType::kTag, "/tag/t/", "2020-01-01T00:00:00.000Z");
  list(0, ResourceType::kPost, "/none/", "");
  list(0, ResourceType::kPost, "/odd/", "yesterday");
  list(0, ResourceType::kPage, "/old/", "2026-02-01T00:29:59+01:00");
  readings_.pop_back();
  EXPECT_THAT(suspects(), ElementsAre("old old *"));
}

TEST_F(ListingTest, CanonicalPostsAreNeitherRequiredNorLeftOver) {
  add(ResourceType::kPost, "a").canonicalUrl = "https://elsewhere.org/";
  setUp(2);
  list(0, ResourceType::kPost, "/a/");
  EXPECT_THAT(suspects(), IsEmpty());
}

TEST_F(ListingTest, RoutesAndCollectionRootsAreNeverLeftOver) {
  add(ResourceType::kPage, "about", false);
  setUp(1, Trust::kKnown,
        *ghost::parseRoutes("routes: {/about/: about, '/caf\u00e9/': x}\n"
                            "collections: {/blog/: {permalink: '/blog/{slug}/'}}"));
  for (const char* path : {"/about/", "/blog/", "/caf%C3%A9/"}) list(0, ResourceType::kPage, path);
  EXPECT_THAT(suspects(), IsEmpty());
}

TEST_F(ListingTest, ATaxonomyThatIsOffLeavesItsTagsOver) {
  add(ResourceType::kTag, "t");
  setUp(2, Trust::kKnown, *ghost::parseRoutes("collections: {/: {permalink: '/{slug}/'}}"));
  list(1, ResourceType::kTag, "/tag/t/");
  EXPECT_THAT(suspects(), ElementsAre("left /tag/t/ 1"));
}

TEST_F(ListingTest, WithOnlyFilteredCollectionsAPostIsMissedIfAnotherPodListsIt) {
  add(ResourceType::kPost, "unrouted"), add(ResourceType::kPost, "routed");
  setUp(2, Trust::kKnown,
        *ghost::parseRoutes("collections: {/: {permalink: '/{slug}/', filter: 'featured:true'}}"));
  list(0, ResourceType::kPost, "/routed/");
  EXPECT_THAT(suspects(), ElementsAre("missing routed 1"));
}

TEST_F(ListingTest, AnAddressWithAnUnknownTokenIsNoLeftOver) {
  add(ResourceType::kPost, "a");
  setUp(1, Trust::kKnown, *ghost::parseRoutes("collections: {/: {permalink: '/{what}/'}}"));
  list(0, ResourceType::kPost, "/undefined/");
  EXPECT_THAT(suspects(), IsEmpty());
}

TEST_F(ListingTest, AssumedRoutesClaimNothingForATypeThatNobodyLists) {
  add(ResourceType::kTag, "t"), add(ResourceType::kPost, "a");
  setUp(2, Trust::kAssumed);
  list(0, ResourceType::kPost, "/2026/a/");
  EXPECT_THAT(suspects(), ElementsAre("missing a 1"));
}

TEST_F(ListingTest, AssumedRoutesAreRefutedWhenMostIsListedByNoPod) {
  for (const char* slug : {"a", "b", "c", "d", "e"}) add(ResourceType::kPost, slug);
  setUp(2, Trust::kAssumed);
  listEverywhere(ResourceType::kPost, "/2026/01/");
  list(0, ResourceType::kPost, "/a/");
  EXPECT_THAT(suspects(), IsEmpty());
  EXPECT_THAT(notJudged_, ElementsAre(ResourceType::kPost));
}

TEST_F(ListingTest, WithAssumedRoutesAPageThatAllPodsListMayBeARoute) {
  setUp(2, Trust::kAssumed);
  listEverywhere(ResourceType::kPage, "/route/");
  list(1, ResourceType::kPage, "/gone/");
  EXPECT_THAT(suspects(), ElementsAre("left /gone/ 1"));
}

TEST_F(ListingTest, StraysAreBounded) {
  setUp(1);
  for (int i = 0; i < 3'000; ++i)
    list(0, ResourceType::kPost, "/" + std::string(8'000, 'x') + std::to_string(i) + "/");
  EXPECT_LT(strays_.size(), 1'100u);
  EXPECT_EQ(strays_.size() + listings_[0].notKept(), 3'000u);
}

TEST(SitemapNames, AreGhosts) {
  struct Row {
    const char* path;
    std::optional<SitemapName> want;
  };
  for (const Row& row :
       {Row{"/sitemap-posts.xml", SitemapName{ResourceType::kPost, 1}},
        Row{"/sitemap-pages-2.xml", SitemapName{ResourceType::kPage, 2}},
        Row{"/sitemap-tags-40.xml", SitemapName{ResourceType::kTag, 40}},
        Row{"/sitemap-authors.xml", SitemapName{ResourceType::kAuthor, 1}},
        Row{"/sitemap-users.xml", SitemapName{ResourceType::kAuthor, 1}},
        Row{"/sitemap-posts-1.xml", {}}, Row{"/sitemap-posts-x.xml", {}},
        Row{"/sitemap-posts-99999.xml", {}}, Row{"/sitemap-.xml", {}}, Row{"/sitemap.xml", {}},
        Row{"/sitemap-xml", {}}, Row{"/sitemap-x", {}}, Row{"/sitemap-news.xml", {}},
        Row{"/a/sitemap-posts.xml", {}}, Row{"/ghost/api/admin/", {}}, Row{"", {}}}) {
    EXPECT_EQ(parseSitemapName(row.path), row.want) << row.path;
    if (!row.want || std::string_view(row.path) == "/sitemap-users.xml") continue;
    EXPECT_EQ(pathOf(*row.want), row.path);
  }
}

}  // namespace
}  // namespace rollcall::checks::sitemap
