// The database's side of the roll: what should be public. Read only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/db/packed_text.h"

namespace rollcall {

enum class ResourceType : std::uint8_t { kPost, kPage, kTag, kAuthor };
std::string_view name(ResourceType type);  // post page tag author

// Text that lives as long as the arena. Move-only, never shrinks.
class Arena {
 public:
  std::string_view keep(std::string_view text);
  std::size_t bytes() const { return bytes_; }

 private:
  std::deque<std::unique_ptr<char[]>> blocks_;
  std::size_t left_ = 0;
  char* next_ = nullptr;
  std::size_t bytes_ = 0;
};

// One row. Views point into the arena of the Content that holds it. Times have whole seconds, as
// Ghost stores them. For tags and authors publishedAt is unset and tags carry no primaries.
struct Entry {
  ResourceType type = ResourceType::kPost;
  bool isPublic = true;  // must answer; false: must not (draft, scheduled, sent, no public post)
  PackedText status;     // posts: published draft scheduled sent; tags, authors: empty
  PackedText id;
  PackedText slug;
  PackedText visibility;     // posts: public members paid tiers
  PackedText canonicalUrl;   // empty = none
  PackedText primaryTag;     // slug; empty = none, also when the first tag is internal
  PackedText primaryAuthor;  // slug
  std::optional<WallTime> publishedAt;
  WallTime updatedAt{};
};

// Settings the checks here need; see the `settings` table.
struct SiteSettings {
  std::string title;
  bool isPrivate = false;
  std::string activeTheme;
  std::string timezone;
};

// What the database said at one moment.
struct Content {
  Arena arena;
  std::vector<Entry>
      entries;  // all public ones, and per type the newest `hiddenPerType` hidden ones
  SiteSettings settings;
  WallTime now{};  // the database's clock when it was read
};

// Of a million posts there is one copy, whoever looks.
using SharedContent = std::shared_ptr<const Content>;

// Changes when something a reader could notice changes; compared, never interpreted.
struct ChangeMark {
  std::uint64_t count = 0;
  std::string newest;  // MAX(updated_at)
  std::uint64_t atNewest = 0;
  auto operator<=>(const ChangeMark&) const = default;
};

// The present state of one row, for a second look before anything is claimed.
struct EntryState {
  bool exists = false;
  bool isPublic = false;
  std::string slug;
  WallTime updatedAt{};
};

// One row of a check's own SELECT, column by column; NULL is nullopt.
using Row = std::vector<std::optional<std::string>>;

// Thread-compatible: one owner; several sources may exist. Errors: kUnavailable, kDeadlineExceeded,
// kPermissionDenied (names the missing grant or the account), kNotFound (no Ghost tables here).
class ContentSource {
 public:
  virtual ~ContentSource() = default;
  virtual Result<SharedContent> load(Deadline deadline, std::stop_token stop) = 0;
  // Cheap: indexed; asked every second.
  virtual Result<ChangeMark> mark(Deadline deadline, std::stop_token stop) = 0;
  // States of these ids now (missing ids: exists = false), keyed by id, with the database's clock.
  virtual Result<std::map<std::string, EntryState>> states(ResourceType type,
                                                           const std::vector<std::string>& ids,
                                                           Deadline deadline,
                                                           std::stop_token stop) = 0;
  // A Content API key of the site; nullopt when there is none or the account may not read it.
  virtual Result<std::optional<std::string>> contentApiKey(Deadline deadline,
                                                           std::stop_token stop) = 0;
  // A check's own SELECT: constant text, in the common subset of MySQL 8 and MariaDB, with a LIMIT
  // where a table may be long. More than kMaxRows rows, or kMaxRowBytes in all, are kProtocol. A
  // table or column the account may not read is kPermissionDenied, one that is not there kNotFound.
  virtual Result<std::vector<Row>> rows(const std::string& sql, Deadline deadline,
                                        std::stop_token stop) = 0;

  // For the first look of a check: what one load() of this round of checks said, where rounds share
  // it; else a load() of its own. A second look, before something is claimed, is a load().
  virtual Result<SharedContent> roundContent(Deadline deadline, std::stop_token stop) {
    return load(deadline, stop);
  }

  static constexpr std::size_t kMaxRows = 10'000;
  static constexpr std::size_t kMaxRowBytes = 16u << 20;
};

// Whether `why`, the error of a rows(), is about what it asked for alone: a table or column that
// the account may not read, or that this Ghost does not have. A database that does not let the
// account in, or is not there, gives the same codes: one more question, that needs no table, tells.
bool isAboutOneTable(const Error& why, ContentSource& content, Deadline deadline,
                     std::stop_token stop);

}  // namespace rollcall
