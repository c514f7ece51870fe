// A ContentSource that answers from rows a test adds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/db/content_source.h"

namespace rollcall::testing_support {

class FakeContentSource final : public ContentSource {
 public:
  // A row to be changed further by the test; views must outlive the source (literals do).
  Entry& add(ResourceType type, std::string_view id, std::string_view slug, WallTime updatedAt) {
    Entry entry;
    entry.type = type;
    entry.status = type == ResourceType::kPost || type == ResourceType::kPage ? "published" : "";
    entry.visibility = "public";
    entry.id = id;
    entry.slug = slug;
    entry.publishedAt = updatedAt;
    entry.updatedAt = updatedAt;
    rows.push_back(entry);
    return rows.back();
  }

  Result<Content> load(Deadline, std::stop_token) override {
    ++loads;
    if (error) return *error;
    Content content;
    content.entries.assign(rows.begin(), rows.end());
    content.settings = settings;
    content.now = now;
    return content;
  }
  Result<ChangeMark> mark(Deadline, std::stop_token) override {
    if (error) return *error;
    return changeMark;
  }
  Result<std::map<std::string, EntryState>> states(ResourceType type,
                                                   const std::vector<std::string>& ids, Deadline,
                                                   std::stop_token) override {
    if (error) return *error;
    std::map<std::string, EntryState> states;
    for (const std::string& id : ids) {
      EntryState& state = states[id];
      for (const Entry& row : rows)
        if (row.type == type && row.id == id)
          state = {true, row.isPublic, std::string(row.slug), row.updatedAt};
      if (const auto changed = changedSince.find(id); changed != changedSince.end())
        state = changed->second;
    }
    return states;
  }
  Result<std::optional<std::string>> contentApiKey(Deadline, std::stop_token) override {
    if (error) return *error;
    return key;
  }

  std::deque<Entry> rows;
  std::map<std::string, EntryState> changedSince;  // what states() says instead of the row
  SiteSettings settings;
  WallTime now{};
  ChangeMark changeMark;
  std::optional<std::string> key;
  std::optional<Error> error;
  int loads = 0;
};

}  // namespace rollcall::testing_support
