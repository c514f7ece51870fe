#include "checks/routes/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::checks::routes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using What = Difference::What;

const IsPage kAbout = [](std::string_view path) { return path == "/about/"; };

Demand demand(const std::string& yaml) {
  return demandOf(*ghost::parseRoutes(yaml));
}
constexpr const char* kBlog =
    "routes:\n  /features/: index\n  /user/:name/: index\n"
    "collections:\n  /blog/:\n    permalink: /blog/{slug}/\n"
    "taxonomies:\n  tag: /tag/{slug}/\n";

PodMap map(std::set<std::string> routes, std::vector<std::string> posts = {},
           std::vector<std::string> tags = {}, std::vector<std::string> authors = {}) {
  PodMap made;
  made.pages = true;
  made.routes = std::move(routes);
  made.examples = {std::move(posts), std::move(tags), std::move(authors)};
  return made;
}

TEST(Compare, IsSilentWhereThePodRoutesByTheFile) {
  EXPECT_THAT(
      compare(demand(kBlog), map({"/features/", "/blog/", "/about/"}, {"/blog/a/"}, {"/tag/news/"}),
              kAbout),
      IsEmpty());
  EXPECT_THAT(compare(demandOf(ghost::defaultRoutes()),
                      map({"/", "/about/"}, {"/a/"}, {"/tag/x/"}, {"/author/y/"}), kAbout),
              IsEmpty());
}

TEST(Compare, FindsWhatAPodWithOldRoutesLists) {
  const auto found = compare(demand(kBlog), map({"/", "/about/"}, {"/a/"}, {"/tag/news/"}), kAbout);
  EXPECT_THAT(found, UnorderedElementsAre(Difference{What::kUnknownRoute, "/features/"},
                                          Difference{What::kUnknownRoute, "/blog/"},
                                          Difference{What::kOldRoute, "/"},
                                          Difference{What::kOtherPermalink, "/a/", Kind::kPost}));
}

TEST(Compare, SeesATaxonomyThatWasSwitchedOff) {
  EXPECT_THAT(compare(demand(kBlog), map({"/features/", "/blog/"}, {}, {}, {"/author/y/"}), kAbout),
              ElementsAre(Difference{What::kOtherPermalink, "/author/y/", Kind::kAuthor}));
}

TEST(Compare, SaysNothingOfRoutesOnTheGroundsOfAHalfReadSitemap) {
  PodMap half = map({});
  half.pages = false;
  EXPECT_THAT(compare(demand(kBlog), half, kAbout), IsEmpty());
}

TEST(Compare, DoesNotCallAnythingOldWhenPagesAreNotKnown) {
  EXPECT_THAT(compare(demandOf(ghost::defaultRoutes()), map({"/", "/about/"}), nullptr), IsEmpty());
}

TEST(Disagreements, AreRoutesThatOnePodListsAndAnotherDoesNot) {
  const auto found =
      disagreements({map({"/", "/about/"}), map({"/", "/features/"}), map({"/"})}, kAbout);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].path, "/features/");
  EXPECT_EQ(found[0].has, 1u);
}

TEST(Disagreements, AreResourcesThatAllHaveAnotherAddress) {
  EXPECT_EQ(
      disagreements({map({"/"}, {"/a/", "/b/"}), map({"/"}, {"/2020/a/", "/2021/b/"})}, kAbout)
          .size(),
      1u);
  EXPECT_THAT(
      disagreements({map({"/"}, {"/2020/a/", "/b/"}), map({"/"}, {"/2021/a/", "/b/"})}, kAbout),
      IsEmpty())
      << "one post was given another date";
  EXPECT_THAT(disagreements({map({"/"}, {"/2020/a/"}), map({"/"}, {"/2021/a/"})}, kAbout),
              IsEmpty());
  EXPECT_EQ(disagreements({map({"/"}, {"/a/"}), map({"/"}, {"/blog/a/"})}, kAbout).size(), 1u);
}

}  // namespace
}  // namespace rollcall::checks::routes
