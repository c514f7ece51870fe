#include "tests/bench/mock_site_rows.h"

#include <fmt/format.h>

#include <string_view>

#include "tests/support/ghost_tables.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t kRowsPerInsert = 1'000;

// What the check `theme` asks of posts beyond what other tests need.
constexpr std::string_view kMoreColumns =
    "CREATE TABLE custom_theme_settings (id varchar(24) NOT NULL PRIMARY KEY, theme varchar(191) "
    "NOT NULL, `key` varchar(191) NOT NULL, type varchar(50) NOT NULL, value text NULL) "
    "CHARACTER SET utf8mb4;\n";

// Columns of a table, and its rows as they come: an INSERT for each thousand.
class Insert {
 public:
  Insert(std::FILE* out, std::string_view into) : out_(out), into_(into) {}
  ~Insert() { flush(); }
  Insert(const Insert&) = delete;
  Insert& operator=(const Insert&) = delete;

  void add(std::string_view values) {
    text_ += rows_ == 0 ? fmt::format("INSERT INTO {} VALUES\n(", into_) : ",\n(";
    text_ += values;
    text_ += ')';
    if (++rows_ == kRowsPerInsert) flush();
  }

 private:
  void flush() {
    if (rows_ == 0) return;
    text_ += ";\n";
    std::fwrite(text_.data(), 1, text_.size(), out_);
    text_.clear();
    rows_ = 0;
  }

  std::FILE* out_;
  std::string into_;
  std::string text_;
  std::size_t rows_ = 0;
};

constexpr std::string_view kPostColumns =
    "posts (id,uuid,title,slug,type,status,created_at,updated_at,published_at)";

std::string valuesOfPost(const Resource& one, std::string_view type, std::string_view status,
                         std::int64_t published, std::int64_t updated) {
  const std::string at = sqlTimeOf(published);
  return fmt::format("'{}','{}','{}','{}','{}','{}','{}','{}',{}", one.id, one.id, one.title,
                     one.slug, type, status, at, sqlTimeOf(updated),
                     status == "published" ? "'" + at + "'" : "NULL");
}

// The link's id is the post's: one tag and one author each.
std::string valuesOfLink(const Shape& shape, std::uint32_t post, Type to, std::uint32_t count) {
  const std::string id = resourceOf(shape, Type::kPost, post).id;
  return fmt::format("'{}','{}','{}',0", id, id, resourceOf(shape, to, post % count).id);
}

void writePosts(const Shape& shape, std::FILE* out) {
  Insert posts(out, kPostColumns);
  const auto add = [&](Type type, std::uint32_t count, std::string_view word,
                       std::string_view status) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const Resource one = resourceOf(shape, type, i);
      posts.add(valuesOfPost(one, word, status, one.published, one.published));
    }
  };
  add(Type::kPost, shape.posts, "post", "published");
  add(Type::kPage, shape.pages, "page", "published");
  add(Type::kDraft, shape.drafts, "post", "draft");
}

void writeTaxonomy(const Shape& shape, std::FILE* out, Type type, std::uint32_t count,
                   std::string_view table) {
  Insert rows(out, fmt::format("{} (id,name,slug,created_at,updated_at)", table));
  for (std::uint32_t i = 0; i < count; ++i) {
    const Resource one = resourceOf(shape, type, i);
    const std::string at = sqlTimeOf(one.published);
    rows.add(fmt::format("'{}','{}','{}','{}','{}'", one.id, one.title, one.slug, at, at));
  }
}

void writeLinks(const Shape& shape, std::FILE* out, Type to, std::uint32_t count,
                std::string_view table, std::string_view column) {
  if (count == 0) return;
  Insert rows(out, fmt::format("{} (id,post_id,{},sort_order)", table, column));
  for (std::uint32_t i = 0; i < shape.posts; ++i) rows.add(valuesOfLink(shape, i, to, count));
}

void writeSettings(std::FILE* out) {
  fmt::print(out,
             "INSERT INTO settings (id,`key`,value) VALUES ('1','title','Mock site'),"
             "('2','description','As many posts as you like'),('3','is_private','false'),"
             "('4','active_theme','source'),('5','timezone','Etc/UTC'),('6','locale','en'),"
             "('7','accent_color','#FF1A75');\n"
             "INSERT INTO integrations (id,type,name,slug) VALUES "
             "('1','internal','Ghost Core Content API','ghost-core-content');\n"
             "INSERT INTO api_keys (id,type,secret,integration_id) VALUES "
             "('1','content','{}','1');\n"
             "INSERT INTO migrations (name,version,currentVersion) VALUES "
             "('1-mock.js','5.130','5.130');\n"
             "INSERT INTO migrations_lock (lock_key,locked) VALUES ('km01',0);\n",
             kContentKey);
}

}  // namespace

void writeTables(std::FILE* out) {
  std::fwrite(testing_support::kGhostTables.data(), 1, testing_support::kGhostTables.size(), out);
  std::fwrite(kMoreColumns.data(), 1, kMoreColumns.size(), out);
}

void writeRows(const Shape& shape, std::FILE* out) {
  fmt::print(out, "SET unique_checks=0, foreign_key_checks=0, autocommit=0;\n");
  writePosts(shape, out);
  writeTaxonomy(shape, out, Type::kTag, shape.tags, "tags");
  writeTaxonomy(shape, out, Type::kAuthor, shape.authors, "users");
  writeLinks(shape, out, Type::kTag, shape.tags, "posts_tags", "tag_id");
  writeLinks(shape, out, Type::kAuthor, shape.authors, "posts_authors", "author_id");
  writeSettings(out);
  fmt::print(out, "COMMIT;\n");
}

std::string sqlOfPublished(const SiteState& site, std::uint32_t post) {
  const Shape& shape = site.shape();
  const PostState state = site.truth(post);
  std::string sql = fmt::format("INSERT INTO {} VALUES ({});", kPostColumns,
                                valuesOfPost(resourceOf(shape, Type::kPost, post), "post",
                                             "published", state.published, state.updated));
  if (shape.tags > 0)
    sql += fmt::format("INSERT INTO posts_tags (id,post_id,tag_id,sort_order) VALUES ({});",
                       valuesOfLink(shape, post, Type::kTag, shape.tags));
  if (shape.authors > 0)
    sql += fmt::format("INSERT INTO posts_authors (id,post_id,author_id,sort_order) VALUES ({});",
                       valuesOfLink(shape, post, Type::kAuthor, shape.authors));
  return sql;
}

std::string sqlOfUpdated(const SiteState& site, std::uint32_t post) {
  const PostState state = site.truth(post);
  return fmt::format("UPDATE posts SET title='{}', updated_at='{}' WHERE id='{}';",
                     site.title(post, state), sqlTimeOf(state.updated),
                     resourceOf(site.shape(), Type::kPost, post).id);
}

}  // namespace rollcall::bench
