// Which files the database references: of everything public, a bounded piece at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/check.h"
#include "daemon/db/content_source.h"

namespace rollcall::checks::images {

// What references a file.
struct Owner {
  std::string type;  // post page tag author; setting
  std::string id;    // of a setting its key
  std::string slug;
  std::string updated;  // as the database prints it: another text, another row

  bool operator==(const Owner&) const = default;
};

struct Referenced {
  Owner owner;
  bool settling = false;           // it changed within the settle window
  std::vector<std::string> paths;  // below the content folder, each once
};

struct References {
  std::vector<Referenced> of;
  std::size_t elsewhere = 0;  // pictures of settings, posts, tags and authors on other hosts
  std::size_t unusable = 0;   // see Place::kUnusable
  std::size_t rows = 0;       // hidden ones included
  std::string last;           // id of the last row
};

// In the order in which they are walked.
enum class Table { kPosts, kTags, kAuthors };
inline constexpr Table kTables[] = {Table::kPosts, Table::kTags, Table::kAuthors};

// Errors as of ContentSource::rows().
Result<References> settingsReferences(const CheckContext& context);
Result<References> newestReferences(const CheckContext& context, std::size_t posts);
// One page of a table behind the row `after` (empty: from its start), hidden rows included.
Result<References> nextReferences(const CheckContext& context, Table table,
                                  const std::string& after);
// The present rows of these owners; the hidden and the gone are left out.
Result<References> referencesOf(const CheckContext& context, const std::vector<Owner>& owners);

}  // namespace rollcall::checks::images
