// What the real source says of a Ghost database: every class of row.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "tests/component/mariadb_world.h"

namespace rollcall::testing_support {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class MariadbSource : public MariadbWorld {
 protected:
  const Entry& entry(const Content& content, ResourceType type, std::string_view id) {
    const Entry* const found = find(content, type, id);
    if (found == nullptr) throw std::runtime_error(fmt::format("no entry {}", id));
    return *found;
  }
  std::vector<std::string> ids(const Content& content, ResourceType type, bool isPublic) {
    std::vector<std::string> ids;
    for (const Entry& row : content.entries)
      if (row.type == type && row.isPublic == isPublic) ids.emplace_back(row.id);
    return ids;
  }
  ChangeMark mark(ContentSource& source) {
    auto mark = source.mark(soon(), {});
    if (!mark) throw std::runtime_error(mark.error().message);
    return *mark;
  }
};

TEST_F(MariadbSource, ReadsThePublicationSettings) {
  sql("UPDATE settings SET value='true' WHERE `key`='is_private';");
  const Content& content = load();
  EXPECT_EQ(content.settings.title, "Håkan's 📰");
  EXPECT_TRUE(content.settings.isPrivate);
  EXPECT_EQ(content.settings.activeTheme, "source");
  EXPECT_EQ(content.settings.timezone, "Europe/Rome");
}

TEST_F(MariadbSource, ReadsAPostWithAllItsColumns) {
  post("p1", "zwölf-📰",
       "visibility='paid', canonical_url='https://else.example/x/', "
       "published_at='2020-01-31 23:30:00', updated_at='2026-02-03 04:05:06'");
  const Content& content = load();
  const Entry& row = entry(content, ResourceType::kPost, "p1");
  EXPECT_TRUE(row.isPublic);
  EXPECT_EQ(row.status, "published");
  EXPECT_EQ(row.slug, "zwölf-📰");
  EXPECT_EQ(row.visibility, "paid");
  EXPECT_EQ(row.canonicalUrl, "https://else.example/x/");
  EXPECT_EQ(formatTime(row.publishedAt.value()), "2020-01-31T23:30:00.000Z");
  EXPECT_EQ(formatTime(row.updatedAt), "2026-02-03T04:05:06.000Z");
}

TEST_F(MariadbSource, TellsPublicFromHiddenByStatusAlone) {
  post("open", "open");
  post("members", "members", "visibility='members'");
  post("paid", "paid", "visibility='paid'");
  post("tiers", "tiers", "visibility='tiers'");
  post("draft", "draft", "status='draft', published_at=NULL");
  post("later", "later", "status='scheduled', published_at='2099-01-01'");
  post("mail", "mail", "status='sent'");
  post("page", "about", "type='page'");
  post("hidden-page", "hidden-page", "type='page', status='draft'");
  post("gone", "gone");
  sql("DELETE FROM posts WHERE id='gone';");
  const Content& content = load();
  EXPECT_THAT(ids(content, ResourceType::kPost, true),
              UnorderedElementsAre("open", "members", "paid", "tiers"));
  EXPECT_THAT(ids(content, ResourceType::kPost, false),
              UnorderedElementsAre("draft", "later", "mail"));
  EXPECT_THAT(ids(content, ResourceType::kPage, true), UnorderedElementsAre("page"));
  EXPECT_THAT(ids(content, ResourceType::kPage, false), UnorderedElementsAre("hidden-page"));
  EXPECT_EQ(entry(content, ResourceType::kPost, "mail").status, "sent");
  EXPECT_FALSE(entry(content, ResourceType::kPost, "draft").publishedAt);
}

TEST_F(MariadbSource, KeepsAPageAndAPostOfOneSlugApart) {
  post("post", "same");
  post("page", "same", "type='page'");
  const Content& content = load();
  EXPECT_EQ(entry(content, ResourceType::kPost, "post").slug, "same");
  EXPECT_EQ(entry(content, ResourceType::kPage, "page").slug, "same");
}

TEST_F(MariadbSource, TakesTagsWithAPublishedPostOrPageForPublic) {
  post("post", "post");
  post("page", "page", "type='page'");
  post("draft", "draft", "status='draft'");
  for (const char* id : {"with-post", "page-only", "draft-only", "unused"}) tag(id, id);
  tag("internal", "hash-internal", "visibility='internal'");
  tag("no-update", "no-update", "updated_at=NULL, created_at='2025-05-05'");
  tagged("1", "post", "with-post", 0);
  tagged("2", "page", "page-only", 0);
  tagged("3", "draft", "draft-only", 0);
  tagged("4", "post", "internal", 1);
  tagged("5", "post", "no-update", 2);
  const Content& content = load();
  EXPECT_THAT(ids(content, ResourceType::kTag, true),
              UnorderedElementsAre("with-post", "page-only", "no-update"));
  EXPECT_THAT(ids(content, ResourceType::kTag, false),
              UnorderedElementsAre("draft-only", "unused"));
  EXPECT_EQ(formatTime(entry(content, ResourceType::kTag, "no-update").updatedAt),
            "2025-05-05T00:00:00.000Z");
}

TEST_F(MariadbSource, TakesAuthorsWithAPublishedPostForPublic) {
  post("post", "post");
  post("mail", "mail", "status='sent'");
  author("1", "writer");
  author("2", "second");
  author("3", "mail-only");
  author("4", "idle");
  wrote("1", "post", "1", 0);
  wrote("2", "post", "2", 1);
  wrote("3", "mail", "3", 0);
  const Content& content = load();
  EXPECT_THAT(ids(content, ResourceType::kAuthor, true), UnorderedElementsAre("1", "2"));
  EXPECT_THAT(ids(content, ResourceType::kAuthor, false), UnorderedElementsAre("3", "4"));
}

TEST_F(MariadbSource, FindsTheFirstTagOfEachPost) {
  for (const char* id : {"aaa", "bbb", "ccc"}) tag(id, std::string("tag-") + id);
  tag("hash", "hash-x", "visibility='internal'");
  struct Row {
    const char* post;
    std::vector<std::pair<const char*, int>> tags;  // in the order of their links' ids
    const char* first;
  };
  const std::vector<Row> rows = {
      {"in-order", {{"aaa", 0}, {"bbb", 1}}, "tag-aaa"},
      {"last-is-first", {{"aaa", 2}, {"bbb", 1}, {"ccc", 0}}, "tag-ccc"},
      {"starts-at-three", {{"aaa", 7}, {"bbb", 3}, {"ccc", 12}}, "tag-bbb"},
      {"all-zero", {{"ccc", 0}, {"aaa", 0}, {"bbb", 0}}, "tag-ccc"},
      {"all-five", {{"bbb", 5}, {"aaa", 5}}, "tag-bbb"},
      {"internal-first", {{"hash", 0}, {"aaa", 1}}, ""},
      {"internal-first-at-two", {{"aaa", 3}, {"hash", 2}}, ""},
      {"internal-second", {{"aaa", 0}, {"hash", 1}}, "tag-aaa"},
      {"untagged", {}, ""},
  };
  int link = 100;
  for (const Row& row : rows) {
    post(row.post, row.post);
    for (const auto& [id, order] : row.tags) tagged(std::to_string(link++), row.post, id, order);
  }
  const Content& content = load();
  for (const Row& row : rows)
    EXPECT_EQ(entry(content, ResourceType::kPost, row.post).primaryTag, row.first) << row.post;
}

TEST_F(MariadbSource, FindsTheFirstAuthorAlsoWhenNoneIsNumberedZero) {
  author("1", "ada");
  author("2", "bob");
  post("a", "a");
  post("b", "b");
  post("draft", "draft", "status='draft'");
  wrote("1", "a", "1", 1);
  wrote("2", "a", "2", 0);
  wrote("3", "b", "2", 4);
  wrote("4", "b", "1", 2);
  wrote("5", "draft", "2", 0);
  const Content& content = load();
  EXPECT_EQ(entry(content, ResourceType::kPost, "a").primaryAuthor, "bob");
  EXPECT_EQ(entry(content, ResourceType::kPost, "b").primaryAuthor, "ada");
  EXPECT_EQ(entry(content, ResourceType::kPost, "draft").primaryAuthor, "bob");
}

TEST_F(MariadbSource, GivesPagesNoFirstTagAndAuthorAsGhostDoes) {
  author("1", "ada");
  tag("t", "news");
  post("page", "page", "type='page'");
  wrote("1", "page", "1", 0);
  tagged("1", "page", "t", 0);
  const Content& content = load();
  EXPECT_EQ(entry(content, ResourceType::kPage, "page").primaryTag, "");
  EXPECT_EQ(entry(content, ResourceType::kPage, "page").primaryAuthor, "");
}

TEST_F(MariadbSource, KeepsTheNewestHiddenRowsOfEachType) {
  for (int i = 1; i <= 5; ++i) {
    const std::string day = fmt::format("updated_at='2026-03-0{}'", i);
    post(fmt::format("d{}", i), fmt::format("d{}", i), "status='draft', " + day);
    post(fmt::format("g{}", i), fmt::format("g{}", i), "type='page', status='scheduled', " + day);
    tag(fmt::format("t{}", i), fmt::format("t{}", i), day);
    author(fmt::format("a{}", i), fmt::format("a{}", i), day);
  }
  DatabaseConfig two = config();
  two.hiddenPerType = 2;
  const Content& content = load(two);
  EXPECT_THAT(ids(content, ResourceType::kPost, false), ElementsAre("d5", "d4"));
  EXPECT_THAT(ids(content, ResourceType::kPage, false), ElementsAre("g5", "g4"));
  EXPECT_THAT(ids(content, ResourceType::kTag, false), ElementsAre("t5", "t4"));
  EXPECT_THAT(ids(content, ResourceType::kAuthor, false), ElementsAre("a5", "a4"));
  two.hiddenPerType = 0;
  EXPECT_TRUE(load(two).entries.empty());
}

TEST_F(MariadbSource, TellsTheServersTimeInUtcWhateverItsTimeZone) {
  server().sql("SET GLOBAL time_zone='+05:30';");
  const WallTime now = load().now;
  server().sql("SET GLOBAL time_zone='SYSTEM';");
  EXPECT_LT(std::chrono::abs(now - clock_.wall()), std::chrono::seconds(60));
}

// Cut, it would be expected where it is not.
TEST_F(MariadbSource, RefusesAColumnLongerThanAnyOfGhosts) {
  sql("ALTER TABLE posts MODIFY canonical_url MEDIUMTEXT;");
  post("p", "p", "canonical_url=REPEAT('x', 65535)");
  const auto longest = makeMysqlSource(clock_, config())->load(soon(), {});
  sql("UPDATE posts SET canonical_url=REPEAT('x', 65536);");
  const auto longer = makeMysqlSource(clock_, config())->load(soon(), {});
  sql("DELETE FROM posts; ALTER TABLE posts MODIFY canonical_url TEXT;");
  ASSERT_TRUE(longest) << longest.error().message;
  EXPECT_EQ(entry(**longest, ResourceType::kPost, "p").canonicalUrl.size(), 65'535U);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, ErrorCode::kProtocol);
  EXPECT_EQ(longer.error().message,
            "a column holds more than 65535 bytes: is it a Ghost database?");
}

TEST_F(MariadbSource, SeesOneMomentEvenWhenRowsChangeWhileItReads) {
  server().sql("SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED;");
  post("p", "p");
  auto source = makeMysqlSource(clock_, config());
  // Holds the loader between its first and its second table.
  auto lock = std::make_unique<MariadbSession>(server(), "USE ghost; LOCK TABLES tags WRITE;\n");
  await("SELECT COUNT(*) FROM information_schema.processlist WHERE command='Sleep' AND db='ghost'");
  std::jthread changer([&] {
    await(
        "SELECT COUNT(*)=1 FROM information_schema.processlist WHERE user='rollcall' AND state "
        "LIKE 'Waiting%'");
    post("q", "q");
    lock.reset();
  });
  const auto content = source->load(soon(), {});
  changer.join();
  server().sql("SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ;");
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_THAT(ids(**content, ResourceType::kPost, true), ElementsAre("p"));
}

TEST_F(MariadbSource, MarksWhatAReaderCouldNotice) {
  post("p", "p");
  post("g", "g", "type='page'");
  tag("t", "t");
  author("a", "a");
  auto source = makeMysqlSource(clock_, config());
  ChangeMark last = mark(*source);
  EXPECT_EQ(last.count, 2U);
  EXPECT_EQ(last.atNewest, 2U);
  EXPECT_EQ(mark(*source), last);
  for (const char* change :
       {"UPDATE posts SET updated_at='2026-01-02' WHERE id='p'",
        "UPDATE posts SET updated_at='2026-01-02' WHERE id='g'",
        "UPDATE posts SET status='draft' WHERE id='g'", "DELETE FROM posts WHERE id='p'",
        "INSERT INTO posts SET id='n', slug='n', status='published', created_at='2025-01-01', "
        "updated_at='2025-01-01'",
        "UPDATE tags SET slug='renamed', updated_at='2026-01-03'", "DELETE FROM tags",
        "UPDATE users SET slug='renamed', updated_at='2026-01-03'"}) {
    sql(std::string(change) + ";");
    // A count is renewed after twenty times as long as it took.
    const Deadline deadline = soon();
    ChangeMark next = mark(*source);
    while (next == last && !deadline.passed(clock_)) next = mark(*source);
    EXPECT_NE(next, last) << change;
    last = next;
  }
}

TEST_F(MariadbSource, DoesNotMarkDrafts) {
  post("p", "p");
  auto source = makeMysqlSource(clock_, config());
  const ChangeMark before = mark(*source);
  post("d", "d", "status='draft', updated_at='2026-06-01'");
  EXPECT_EQ(mark(*source), before);
}

TEST_F(MariadbSource, MarksAnEmptyDatabase) {
  auto source = makeMysqlSource(clock_, config());
  EXPECT_EQ(mark(*source).count, 0U);
}

TEST_F(MariadbSource, TellsTheStatesOfManyIds) {
  post("p", "p", "updated_at='2026-04-05 06:07:08'");
  post("d", "d", "status='draft'");
  post("g", "g", "type='page'");
  auto source = makeMysqlSource(clock_, config());
  std::vector<std::string> asked = {"p", "d", "g", "P", "' OR '1'='1", "\\", std::string("a\0b", 3),
                                    "📰", ""};
  for (int i = 0; i < 2000; ++i) asked.push_back(fmt::format("none-{}", i));
  const auto states = source->states(ResourceType::kPost, asked, soon(), {});
  ASSERT_TRUE(states) << states.error().message;
  EXPECT_EQ(states->size(), asked.size());
  EXPECT_TRUE(states->at("p").exists && states->at("p").isPublic);
  EXPECT_EQ(states->at("p").slug, "p");
  EXPECT_EQ(formatTime(states->at("p").updatedAt), "2026-04-05T06:07:08.000Z");
  EXPECT_TRUE(states->at("d").exists && !states->at("d").isPublic);
  for (const auto& [id, state] : *states) EXPECT_EQ(state.exists, id == "p" || id == "d") << id;
}

TEST_F(MariadbSource, TellsTheStatesOfTagsAndAuthors) {
  post("p", "p");
  tag("t", "t");
  tag("u", "u");
  author("1", "ada");
  author("2", "bob");
  tagged("1", "p", "t", 0);
  wrote("1", "p", "1", 0);
  auto source = makeMysqlSource(clock_, config());
  const auto tags = source->states(ResourceType::kTag, {"t", "u", "v"}, soon(), {}).value();
  EXPECT_TRUE(tags.at("t").isPublic);
  EXPECT_TRUE(tags.at("u").exists && !tags.at("u").isPublic);
  EXPECT_FALSE(tags.at("v").exists);
  const auto authors = source->states(ResourceType::kAuthor, {"1", "2"}, soon(), {}).value();
  EXPECT_TRUE(authors.at("1").isPublic);
  EXPECT_TRUE(authors.at("2").exists && !authors.at("2").isPublic);
  EXPECT_TRUE(source->states(ResourceType::kPost, {}, soon(), {}).value().empty());
}

TEST_F(MariadbSource, TellsTheContentKeyOfGhostsOwnIntegrationFirst) {
  sql("GRANT SELECT ON ghost.api_keys TO rollcall; GRANT SELECT ON ghost.integrations TO rollcall; "
      "INSERT INTO integrations (id, type, slug) VALUES ('i1','custom','mine'), "
      "('i2','core','ghost-core-content'), ('i3','builtin','zapier'); "
      "INSERT INTO api_keys (id, type, secret, integration_id) VALUES "
      "('1','content','aaaa1111','i1'), ('2','content','bbbb2222','i2'), "
      "('3','admin','cccc3333','i3');");
  auto source = makeMysqlSource(clock_, config());
  EXPECT_EQ(source->contentApiKey(soon(), {}).value(), "bbbb2222");
  sql("DELETE FROM api_keys WHERE id='2';");
  EXPECT_EQ(source->contentApiKey(soon(), {}).value(), "aaaa1111");
}

TEST_F(MariadbSource, ManagesWithoutTheIntegrationsTable) {
  sql("GRANT SELECT ON ghost.api_keys TO rollcall; "
      "INSERT INTO api_keys VALUES ('1','content','aaaa1111',NULL);");
  EXPECT_EQ(makeMysqlSource(clock_, config())->contentApiKey(soon(), {}).value(), "aaaa1111");
}

TEST_F(MariadbSource, HasNoContentKeyWhenThereIsNoneOrItMayNotReadIt) {
  auto source = makeMysqlSource(clock_, config());
  EXPECT_EQ(source->contentApiKey(soon(), {}).value(), std::nullopt);
  sql("GRANT SELECT ON ghost.api_keys TO rollcall; INSERT INTO api_keys VALUES "
      "('1','admin','aaaa1111',NULL), ('2','content','no key & more',NULL);");
  EXPECT_EQ(source->contentApiKey(soon(), {}).value(), std::nullopt);
  EXPECT_TRUE(source->load(soon(), {})) << "a denied table must not spoil the connection";
}

TEST_F(MariadbSource, LeavesNoTransactionOpen) {
  post("p", "p");
  auto source = makeMysqlSource(clock_, config());
  ASSERT_TRUE(source->load(soon(), {}));
  EXPECT_EQ(server().sql("SELECT COUNT(*) FROM information_schema.innodb_trx"), "0\n");
}

long residentKiB() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  return 0;
}

TEST_F(MariadbSource, StreamsAHundredThousandPostsInLittleMemoryAndMarksThemQuickly) {
  sql("INSERT INTO posts (id, slug, status, html, created_at, updated_at, published_at) SELECT "
      "LPAD(HEX(seq), 24, '0'), CONCAT('a-post-with-an-ordinary-slug-', seq), 'published', "
      "REPEAT('<p>text</p>', 100), '2026-01-01', '2020-01-01' + INTERVAL seq MINUTE, '2026-01-01' "
      "FROM seq_1_to_100000; "
      "INSERT INTO users SET id='1', slug='ada', created_at='2026-01-01'; "
      "INSERT INTO tags (id, slug, created_at) SELECT seq, CONCAT('tag-', seq), '2026-01-01' FROM "
      "seq_1_to_500; "
      "INSERT INTO posts_authors SELECT id, id, '1', 0 FROM posts; "
      "INSERT INTO posts_tags SELECT CONCAT('x', SUBSTR(p.id, 3, 22), s.seq), p.id, "
      "1 + (CRC32(p.id) + s.seq) MOD 500, s.seq FROM posts p JOIN seq_0_to_2 s; "
      "ANALYZE TABLE posts, posts_tags, posts_authors;");
  auto source = makeMysqlSource(clock_, config());
  ASSERT_TRUE(source->mark(soon(), {}));
  const long before = residentKiB();
  const MonoTime began = clock_.mono();
  const auto content = source->load(soon(), {});
  const auto took = clock_.mono() - began;
  const long grown = residentKiB() - before;
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ((*content)->entries.size(), 100'501U);
  EXPECT_EQ(entry(**content, ResourceType::kPost, "0000000000000000000000FF").primaryAuthor, "ada");
  RecordProperty("load", formatDuration(took));
  fmt::print("100,000 posts: {}, arena {} KiB, resident +{} KiB\n", formatDuration(took),
             (*content)->arena.bytes() / 1024, grown);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(grown, 40 * 1024);
#endif
  EXPECT_LT(took, std::chrono::seconds(10));

  std::vector<Duration> marks;
  for (int i = 0; i < 21; ++i) {
    const MonoTime start = clock_.mono();
    ASSERT_TRUE(source->mark(soon(), {}));
    marks.push_back(clock_.mono() - start);
  }
  std::ranges::sort(marks);
  fmt::print("mark of 100,000 posts: median {} us, worst {} us\n",
             marks[10] / std::chrono::microseconds(1), marks[20] / std::chrono::microseconds(1));
  EXPECT_LT(marks[10], std::chrono::milliseconds(100));
  sql("TRUNCATE posts_tags; TRUNCATE posts_authors; TRUNCATE posts;");
}

}  // namespace
}  // namespace rollcall::testing_support
