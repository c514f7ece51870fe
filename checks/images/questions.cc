#include "checks/images/questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>
#include <string_view>

#include "checks/images/links.h"
#include "checks/images/reference.h"

namespace rollcall::checks::images {
namespace {

constexpr std::size_t kPostsPerPage = 20;
constexpr std::size_t kOthersPerPage = 100;
constexpr std::size_t kMaxPaths = 200;  // of one row

// All give the same columns; a hidden row has no slug.
enum Column : std::size_t { kId, kUpdated, kAge, kType, kSlug, kPicture, kPicture2, kHtml, kCount };

constexpr std::string_view kAgeSql = "TIMESTAMPDIFF(MICROSECOND, updated_at, UTC_TIMESTAMP(6))";

// 128k characters of up to 4 bytes, 20 rows: 10 MiB at most.
std::string postsSql() {
  return fmt::format(
      "SELECT id, updated_at, {}, type, IF(status='published', slug, NULL), "
      "IF(status='published', feature_image, NULL), NULL, "
      "IF(status='published', LEFT(html, 131072), NULL) FROM posts",
      kAgeSql);
}

std::string tagsSql() {
  return fmt::format(
      "SELECT id, updated_at, {}, 'tag', IF(visibility='public' AND EXISTS(SELECT 1 FROM "
      "posts_tags x JOIN posts p ON p.id=x.post_id WHERE x.tag_id=tags.id AND "
      "p.status='published'), slug, NULL), feature_image, NULL, NULL FROM tags",
      kAgeSql);
}

std::string authorsSql() {
  return fmt::format(
      "SELECT id, updated_at, {}, 'author', IF(visibility='public' AND EXISTS(SELECT 1 FROM "
      "posts_authors x JOIN posts p ON p.id=x.post_id WHERE x.author_id=users.id AND "
      "p.status='published'), slug, NULL), profile_image, cover_image, NULL FROM users",
      kAgeSql);
}

std::string settingsSql() {
  return fmt::format(
      "SELECT `key`, updated_at, {}, 'setting', `key`, value, NULL, NULL FROM settings WHERE "
      "`key` IN ('logo', 'icon', 'cover_image', 'og_image', 'twitter_image', "
      "'portal_button_icon') ORDER BY `key` LIMIT 10",
      kAgeSql);
}

std::string selectOf(Table table) {
  switch (table) {
    case Table::kPosts:
      return postsSql();
    case Table::kTags:
      return tagsSql();
    case Table::kAuthors:
      return authorsSql();
  }
  return "";
}

Table tableOf(const std::string& type) {
  if (type == "tag") return Table::kTags;
  return type == "author" ? Table::kAuthors : Table::kPosts;
}

// Ghost's ids are 24 hexadecimal digits, the owner's may be "1". It goes into SQL as it is.
bool isId(std::string_view text) {
  return !text.empty() && text.size() <= 24 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0; });
}

bool isSettling(const std::string& ageMicros, Duration settle) {
  if (ageMicros.empty()) return false;
  const Duration age = bounded(std::chrono::floor<std::chrono::milliseconds>(
      std::chrono::microseconds(std::strtoll(ageMicros.c_str(), nullptr, 10))));
  // A row from the future says that somebody's clock is off, not that it settles for ever.
  return age < settle && age > -settle;
}

class Reader {
 public:
  explicit Reader(const CheckContext& context) : context_(context) {}

  void take(const Row& row) {
    if (row.size() < kCount) return;
    ++references_.rows;
    references_.last = row[kId].value_or("");
    if (!row[kSlug]) return;
    Referenced one{.owner = {.type = row[kType].value_or(""),
                             .id = references_.last,
                             .slug = *row[kSlug],
                             .updated = row[kUpdated].value_or("")},
                   .settling = isSettling(row[kAge].value_or(""), context_.settle),
                   .paths = {}};
    std::set<std::string> seen;
    for (const Column picture : {kPicture, kPicture2})
      add(row[picture].value_or(""), true, one, seen);
    for (const std::string& address : linksIn(row[kHtml].value_or("")))
      add(address, false, one, seen);
    references_.of.push_back(std::move(one));
  }
  References references() { return std::move(references_); }

 private:
  // A text's links may lead anywhere; only its pictures are known to be such.
  void add(const std::string& address, bool picture, Referenced& one, std::set<std::string>& seen) {
    Located located = locate(address, context_.site);
    references_.elsewhere += picture && located.place == Place::kElsewhere;
    references_.unusable += located.place == Place::kUnusable;
    if (located.place != Place::kVolume || one.paths.size() >= kMaxPaths) return;
    if (seen.insert(located.path).second) one.paths.push_back(std::move(located.path));
  }

  const CheckContext& context_;
  References references_;
};

Result<References> ask(const CheckContext& context, const std::string& sql) {
  const auto rows = context.content->rows(sql, context.deadline, context.stop);
  if (!rows) return rows.error();
  Reader reader(context);
  for (const Row& row : *rows) reader.take(row);
  return reader.references();
}

void append(References& to, References more) {
  to.of.insert(to.of.end(), std::make_move_iterator(more.of.begin()),
               std::make_move_iterator(more.of.end()));
  to.elsewhere += more.elsewhere;
  to.unusable += more.unusable;
}

}  // namespace

Result<References> settingsReferences(const CheckContext& context) {
  return ask(context, settingsSql());
}

// The ids are found by the index on published_at, before the long columns are read.
Result<References> newestReferences(const CheckContext& context, std::size_t posts) {
  return ask(context, postsSql() + fmt::format(" JOIN (SELECT id AS newest FROM posts WHERE "
                                               "status='published' AND type IN ('post', 'page') "
                                               "ORDER BY published_at DESC, id DESC LIMIT {}) n "
                                               "ON newest=id ORDER BY published_at DESC, id DESC",
                                               posts));
}

Result<References> nextReferences(const CheckContext& context, Table table,
                                  const std::string& after) {
  const std::string behind = isId(after) ? fmt::format(" WHERE id > '{}'", after) : "";
  return ask(context, selectOf(table) + behind +
                          fmt::format(" ORDER BY id LIMIT {}",
                                      table == Table::kPosts ? kPostsPerPage : kOthersPerPage));
}

Result<References> referencesOf(const CheckContext& context, const std::vector<Owner>& owners) {
  References all;
  for (const Table table : kTables) {
    std::set<std::string> ids;
    for (const Owner& owner : owners)
      if (owner.type != "setting" && tableOf(owner.type) == table && isId(owner.id))
        ids.insert("'" + owner.id + "'");
    for (auto from = ids.begin(); from != ids.end();) {
      const auto to =
          std::next(from, std::min<std::ptrdiff_t>(kPostsPerPage, std::distance(from, ids.end())));
      auto some = ask(
          context, selectOf(table) + fmt::format(" WHERE id IN ({})", fmt::join(from, to, ", ")));
      if (!some) return some.error();
      append(all, std::move(*some));
      from = to;
    }
  }
  const auto isSetting = [](const Owner& owner) { return owner.type == "setting"; };
  if (std::ranges::any_of(owners, isSetting)) {
    auto settings = settingsReferences(context);
    if (!settings) return settings.error();
    append(all, std::move(*settings));
  }
  return all;
}

}  // namespace rollcall::checks::images
