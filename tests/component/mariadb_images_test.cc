// The questions of the check "images" on a real server.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "checks/images/questions.h"
#include "daemon/core/topology.h"
#include "tests/component/mariadb_world.h"
#include "tests/support/fake_pod_client.h"

namespace rollcall::testing_support {
namespace {

using checks::images::newestReferences;
using checks::images::nextReferences;
using checks::images::References;
using checks::images::referencesOf;
using checks::images::settingsReferences;
using checks::images::Table;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kPicture = "feature_image='__GHOST_URL__/content/images/{}.png'";

class MariadbImages : public MariadbWorld {
 protected:
  void SetUp() override {
    MariadbWorld::SetUp();
    if (IsSkipped()) return;
    server().sql(
        "GRANT SELECT ON ghost.tags TO rollcall; GRANT SELECT ON ghost.users TO rollcall;");
    site_.url = site_.admin = *parseUrl("https://e.org");
    source_ = makeMysqlSource(clock_, config());
  }
  CheckContext context() {
    return {.topology = topology_,
            .site = site_,
            .clock = clock_,
            .pods = pods_,
            .content = source_.get(),
            .deadline = soon()};
  }
  void pictured(const std::string& id, const std::string& set = "") {
    post(id, "slug-" + id,
         fmt::format(fmt::runtime(kPicture), id) + (set.empty() ? "" : ", " + set));
  }
  // "post p1 slug-p1: images/p1.png", with "settling" where it is.
  static std::vector<std::string> lines(const Result<References>& references) {
    if (!references) return {references.error().message};
    std::vector<std::string> lines;
    for (const auto& one : references->of)
      lines.push_back(fmt::format("{} {} {}: {}{}", one.owner.type, one.owner.id, one.owner.slug,
                                  fmt::join(one.paths, " "), one.settling ? " settling" : ""));
    return lines;
  }

  Topology topology_;
  Site site_;
  FakePodClient pods_;
  std::unique_ptr<ContentSource> source_;
};

TEST_F(MariadbImages, ReadsTheSettingsThatNameFiles) {
  sql("INSERT INTO settings (id, `key`, value, updated_at) VALUES "
      "('10', 'icon', '__GHOST_URL__/content/images/i.png', '2026-01-01'), "
      "('11', 'logo', '', NULL), ('12', 'cover_image', 'https://cdn.example/c.jpg', NULL), "
      "('13', 'og_image', NULL, UTC_TIMESTAMP()), ('14', 'slack', '/content/images/no.png', "
      "NULL);");
  const auto settings = settingsReferences(context());
  EXPECT_THAT(lines(settings),
              ElementsAre("setting cover_image cover_image: ", "setting icon icon: images/i.png",
                          "setting logo logo: ", "setting og_image og_image:  settling"));
  EXPECT_EQ(settings->elsewhere, 1u);
}

TEST_F(MariadbImages, ReadsTheNewestPublishedPostsAndPagesAndTheirText) {
  pictured("p1", "published_at='2026-01-03', html='<img src=\"/content/images/x.png\">'");
  pictured("p2", "published_at='2026-01-02', type='page'");
  pictured("p3", "published_at='2026-01-01'");
  pictured("d1", "published_at='2026-01-09', status='draft'");
  pictured("d2", "published_at='2099-01-09', status='scheduled'");
  pictured("d3", "published_at='2026-01-09', status='sent'");
  EXPECT_THAT(
      lines(newestReferences(context(), 2)),
      ElementsAre("post p1 slug-p1: images/p1.png images/x.png", "page p2 slug-p2: images/p2.png"));
  EXPECT_THAT(lines(newestReferences(context(), 0)), IsEmpty());
}

TEST_F(MariadbImages, TellsWhatChangedAMomentAgoByTheDatabasesClock) {
  pictured("p1", "updated_at=UTC_TIMESTAMP()");
  EXPECT_THAT(lines(newestReferences(context(), 1)),
              ElementsAre("post p1 slug-p1: images/p1.png settling"));
}

TEST_F(MariadbImages, CutsALongTextSoThatAPageOfThemFits) {
  for (int i = 10; i < 30; ++i)
    pictured(fmt::format("p{}", i),
             "html=CONCAT('<img src=\"/content/images/x.png\">', "
             "REPEAT('📰', 1000000), '<img src=\"/content/images/no.png\">')");
  const auto page = nextReferences(context(), Table::kPosts, "");
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->of.size(), 20u);
  EXPECT_THAT(page->of[0].paths, ElementsAre("images/p10.png", "images/x.png"));
}

TEST_F(MariadbImages, WalksPostsByIdAndShowsNothingOfHiddenOnes) {
  for (int i = 10; i < 35; ++i) pictured(fmt::format("p{}", i), i % 2 == 0 ? "status='draft'" : "");
  const auto first = nextReferences(context(), Table::kPosts, "");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->rows, 20u);
  EXPECT_EQ(first->of.size(), 10u);
  EXPECT_EQ(first->last, "p29");
  EXPECT_THAT(
      lines(nextReferences(context(), Table::kPosts, first->last)),
      ElementsAre("post p31 slug-p31: images/p31.png", "post p33 slug-p33: images/p33.png"));
  EXPECT_EQ(nextReferences(context(), Table::kPosts, "p34")->rows, 0u);
}

TEST_F(MariadbImages, ReadsTagsAndAuthorsWithSomethingPublicOnly) {
  post("p1", "a"), post("d1", "b", "status='draft'");
  for (const char* id : {"t1", "t2", "t3", "t4"})
    tag(id, id, fmt::format(fmt::runtime(kPicture), id));
  sql("UPDATE tags SET visibility='internal' WHERE id='t4';");
  tagged("l1", "p1", "t1", 0), tagged("l2", "d1", "t2", 0), tagged("l4", "p1", "t4", 1);
  for (const char* id : {"1", "u2"})
    author(id, fmt::format("name-{}", id),
           "profile_image='/content/images/me.png', cover_image='/content/images/back.png'");
  wrote("w1", "p1", "1", 0), wrote("w2", "d1", "u2", 0);
  const auto tags = nextReferences(context(), Table::kTags, "");
  EXPECT_THAT(lines(tags), ElementsAre("tag t1 t1: images/t1.png"));
  EXPECT_EQ(tags->rows, 4u);
  EXPECT_THAT(lines(nextReferences(context(), Table::kAuthors, "")),
              ElementsAre("author 1 name-1: images/me.png images/back.png"));
}

TEST_F(MariadbImages, ReadsThePresentRowsOfOwners) {
  pictured("p1"), pictured("p2", "type='page'"), pictured("d1", "status='draft'");
  tag("t1", "news", fmt::format(fmt::runtime(kPicture), "t1"));
  tagged("l1", "p1", "t1", 0);
  sql("INSERT INTO settings (id, `key`, value) VALUES ('10', 'icon', '/content/images/i.png');");
  const auto rows = referencesOf(context(), {{"post", "p1", "", ""},
                                             {"page", "p2", "", ""},
                                             {"post", "d1", "", ""},
                                             {"post", "gone", "", ""},
                                             {"tag", "t1", "", ""},
                                             {"post", "' OR '1'='1", "", ""},
                                             {"setting", "icon", "", ""}});
  EXPECT_THAT(lines(rows),
              ElementsAre("post p1 slug-p1: images/p1.png", "page p2 slug-p2: images/p2.png",
                          "tag t1 news: images/t1.png", "setting icon icon: images/i.png"));
}

}  // namespace
}  // namespace rollcall::testing_support
