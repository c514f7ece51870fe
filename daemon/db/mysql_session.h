// What the questions to Ghost's tables share.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/db/content_source.h"
#include "daemon/db/mysql_connection.h"

namespace rollcall {

// A connection to ask, with the limits of the question. Borrows the connection.
struct MysqlSession {
  MysqlConnection& connection;
  Deadline deadline;
  std::stop_token stop;

  Result<void> each(const std::string& sql, const MysqlConnection::EachRow& row) const {
    return connection.query(sql, row, deadline, stop);
  }
  Result<void> run(const std::string& sql) const { return each(sql, {}); }
};

// How tags and authors hang on posts.
struct Taxonomy {
  ResourceType type;
  std::string_view table;
  std::string_view links;   // the table between it and posts
  std::string_view column;  // its id there
};
inline constexpr Taxonomy kTags{ResourceType::kTag, "tags", "posts_tags", "tag_id"};
inline constexpr Taxonomy kAuthors{ResourceType::kAuthor, "users", "posts_authors", "author_id"};

// "SELECT id, slug, updated_at, <1 when it must answer>, visibility FROM <table> t"
std::string selectTaxonomy(const Taxonomy& taxonomy);

// Reads everything within one consistent view of the database, streaming.
Result<SharedContent> loadContent(const MysqlSession& session, std::size_t hiddenPerType);

}  // namespace rollcall
