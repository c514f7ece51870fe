#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include "daemon/db/date_time.h"
#include "daemon/db/id_index.h"
#include "daemon/db/mysql_session.h"

namespace rollcall {
namespace {

// More rows than any Ghost site has: a guard for our memory.
constexpr std::uint64_t kMaxRows = 5'000'000;
constexpr std::uint64_t kNoOrder = std::numeric_limits<std::uint32_t>::max();

constexpr std::string_view kSelectPosts =
    "SELECT type, status, id, slug, visibility, canonical_url, published_at, updated_at FROM posts";
constexpr std::string_view kPublished = "type IN ('post','page') AND status='published'";

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

class Loader {
 public:
  Loader(const MysqlSession& session, std::size_t hiddenPerType)
      : session_(session), hiddenPerType_(hiddenPerType) {}

  Result<SharedContent> load() {
    constexpr std::array kSteps{
        &Loader::begin,         &Loader::readSettings, &Loader::readTags,   &Loader::readAuthors,
        &Loader::readPublished, &Loader::readHidden,   &Loader::readFirsts, &Loader::end};
    for (const auto step : kSteps)
      if (auto done = (this->*step)(); !done) return done.error();
    return std::make_shared<const Content>(std::move(content_));
  }

 private:
  // Id of a tag or author -> what a permalink shows of it; empty when it counts as none.
  using Slugs = std::unordered_map<std::string_view, std::string_view>;

  Result<void> begin() {
    auto begun = session_.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
    if (!begun) return begun;
    return session_.each("SELECT UTC_TIMESTAMP(3)", [this](const MysqlRow& row) {
      content_.now = parseDateTime(row.text(0)).value_or(WallTime{});
      return true;
    });
  }

  Result<void> end() { return session_.run("COMMIT"); }

  Result<void> readSettings() {
    return session_.each(
        "SELECT `key`, value FROM settings "
        "WHERE `key` IN ('title','is_private','active_theme','timezone')",
        [this](const MysqlRow& row) {
          const std::string_view key = row.text(0);
          const std::string_view value = row.text(1);
          SiteSettings& settings = content_.settings;
          if (key == "title") settings.title = value;
          if (key == "is_private") settings.isPrivate = value == "true" || value == "1";
          if (key == "active_theme") settings.activeTheme = value;
          if (key == "timezone") settings.timezone = value;
          return true;
        });
  }

  Result<void> readTags() { return readTaxonomy(kTags, tags_); }
  Result<void> readAuthors() { return readTaxonomy(kAuthors, authors_); }

  Result<void> readTaxonomy(const Taxonomy& taxonomy, Slugs& slugs) {
    std::vector<Entry> hidden;
    auto done = session_.each(selectTaxonomy(taxonomy), [&](const MysqlRow& row) {
      Entry entry;
      entry.type = taxonomy.type;
      entry.id = keep(row.text(0));
      entry.slug = keep(row.text(1));
      entry.updatedAt = parseDateTime(row.text(2)).value_or(WallTime{});
      entry.isPublic = row.text(3) == "1";
      entry.visibility = shared(row.text(4));
      const bool visible = entry.visibility == "public";
      slugs.emplace(entry.id, visible ? entry.slug.view() : std::string_view{});
      if (entry.isPublic) content_.entries.push_back(entry);
      if (!entry.isPublic && visible) hidden.push_back(entry);
      return withinLimit(slugs.size());
    });
    if (refused_) return *refused_;
    if (!done) return done;
    keepNewest(hidden);
    content_.entries.insert(content_.entries.end(), hidden.begin(), hidden.end());
    return {};
  }

  void keepNewest(std::vector<Entry>& entries) const {
    const auto kept = static_cast<std::ptrdiff_t>(std::min(hiddenPerType_, entries.size()));
    std::ranges::partial_sort(entries, entries.begin() + kept, std::ranges::greater{},
                              &Entry::updatedAt);
    entries.resize(static_cast<std::size_t>(kept));
  }

  Result<void> readPublished() {
    std::uint64_t count = 0;
    auto counted = session_.each(fmt::format("SELECT COUNT(*) FROM posts WHERE {}", kPublished),
                                 [&](const MysqlRow& row) {
                                   count = number(row.text(0));
                                   return true;
                                 });
    if (!counted) return counted;
    if (!withinLimit(count)) return *refused_;
    firstPost_ = content_.entries.size();
    content_.entries.reserve(firstPost_ + count + 2 * hiddenPerType_);
    return readPosts(fmt::format("{} WHERE {}", kSelectPosts, kPublished));
  }

  Result<void> readHidden() {
    for (const std::string_view type : {"post", "page"}) {
      auto done =
          readPosts(fmt::format("{} WHERE type='{}' AND status IN ('draft','scheduled','sent') "
                                "ORDER BY updated_at DESC LIMIT {}",
                                kSelectPosts, type, hiddenPerType_));
      if (!done) return done;
    }
    return {};
  }

  Result<void> readPosts(const std::string& sql) {
    auto done = session_.each(sql, [this](const MysqlRow& row) {
      Entry& entry = content_.entries.emplace_back();
      entry.type = row.text(0) == "page" ? ResourceType::kPage : ResourceType::kPost;
      entry.status = shared(row.text(1));
      entry.isPublic = entry.status == "published";
      entry.id = keep(row.text(2));
      entry.slug = keep(row.text(3));
      entry.visibility = shared(row.text(4));
      entry.canonicalUrl = keep(row.text(5));
      entry.publishedAt = parseDateTime(row.text(6));
      entry.updatedAt = parseDateTime(row.text(7)).value_or(WallTime{});
      return withinLimit(content_.entries.size());
    });
    if (refused_) return *refused_;
    return done;
  }

  Result<void> readFirsts() {
    const std::span<Entry> posts = std::span(content_.entries).subspan(firstPost_);
    const IdIndex index(posts);
    auto done = readFirst(kTags, tags_, posts, index, &Entry::primaryTag);
    if (!done) return done;
    return readFirst(kAuthors, authors_, posts, index, &Entry::primaryAuthor);
  }

  // A post's first is the link with the lowest sort_order, of equal ones the one with the lowest
  // id. Nearly always that is 0, so the others are read only when a post has no such link. Pages
  // have no first tag and author in Ghost.
  Result<void> readFirst(const Taxonomy& taxonomy, const Slugs& slugs, std::span<Entry> posts,
                         const IdIndex& index, PackedText Entry::*first) {
    std::vector<std::uint32_t> lowest(posts.size(), kNoOrder);
    const auto take = [&](const MysqlRow& row) {
      const std::optional<std::size_t> at = index.find(row.text(0));
      if (!at || posts[*at].type == ResourceType::kPage) return true;
      const std::uint64_t order = number(row.text(2));
      if (order >= lowest[*at]) return true;
      lowest[*at] = static_cast<std::uint32_t>(order);
      const auto slug = slugs.find(row.text(1));
      posts[*at].*first = slug == slugs.end() ? std::string_view{} : slug->second;
      return true;
    };
    for (const std::string_view orders : {"= 0", "> 0"}) {
      auto done =
          session_.each(fmt::format("SELECT post_id, {}, sort_order FROM {} FORCE INDEX (PRIMARY) "
                                    "WHERE sort_order {} ORDER BY id",
                                    taxonomy.column, taxonomy.links, orders),
                        take);
      if (!done) return done;
      bool missing = false;
      for (std::size_t i = 0; i < posts.size(); ++i)
        missing |= lowest[i] == kNoOrder && posts[i].type == ResourceType::kPost;
      if (!missing) return {};
    }
    return {};
  }

  // No column of Ghost's holds more. It is not cut: a post would be expected at another address.
  std::string_view keep(std::string_view text) {
    if (text.size() <= PackedText::kMaxBytes) return content_.arena.keep(text);
    refuse(fmt::format("a column holds more than {} bytes", PackedText::kMaxBytes));
    return {};
  }

  // One copy of each of the few words a column knows.
  std::string_view shared(std::string_view word) {
    if (const auto known = words_.find(word); known != words_.end()) return *known;
    return *words_.insert(keep(word)).first;
  }

  // Whether to read on.
  bool withinLimit(std::uint64_t rows) {
    if (rows > kMaxRows) refuse(fmt::format("a table has more than {} rows", kMaxRows));
    return !refused_;
  }
  void refuse(const std::string& why) {
    refused_ = {ErrorCode::kProtocol, why + ": is it a Ghost database?"};
  }

  const MysqlSession& session_;
  std::size_t hiddenPerType_;
  Content content_;
  Slugs tags_;
  Slugs authors_;
  std::set<std::string_view> words_;
  std::size_t firstPost_ = 0;     // in content_.entries: posts and pages come last
  std::optional<Error> refused_;  // why it cannot be a Ghost database
};

}  // namespace

std::string selectTaxonomy(const Taxonomy& taxonomy) {
  return fmt::format(
      "SELECT t.id, t.slug, COALESCE(t.updated_at, t.created_at), "
      "t.visibility='public' AND EXISTS (SELECT 1 FROM {0} x JOIN posts p ON p.id=x.post_id "
      "WHERE x.{1}=t.id AND p.status='published'), t.visibility FROM {2} t",
      taxonomy.links, taxonomy.column, taxonomy.table);
}

Result<SharedContent> loadContent(const MysqlSession& session, std::size_t hiddenPerType) {
  return Loader(session, hiddenPerType).load();
}

}  // namespace rollcall
