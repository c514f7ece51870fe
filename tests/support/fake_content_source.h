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
    entries.push_back(entry);
    return entries.back();
  }

  Result<SharedContent> load(Deadline, std::stop_token) override {
    ++loads;
    if (error) return *error;
    Content content;
    content.entries.assign(entries.begin(), entries.end());
    content.settings = settings;
    content.now = now;
    return std::make_shared<const Content>(std::move(content));
  }
  Result<ChangeMark> mark(Deadline, std::stop_token) override {
    if (error) return *error;
    return changeMark;
  }
  Result<std::map<std::string, EntryState>> states(ResourceType type,
                                                   const std::vector<std::string>& ids, Deadline,
                                                   std::stop_token) override {
    if (error) return *error;
    if (statesError) return *statesError;
    std::map<std::string, EntryState> states;
    for (const std::string& id : ids) {
      EntryState& state = states[id];
      for (const Entry& row : entries)
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
  // Of the questions that are part of `sql`, the longest answers; without one there is no such
  // table. What needs no table is answered.
  Result<std::vector<Row>> rows(const std::string& sql, Deadline, std::stop_token) override {
    asked.push_back(sql);
    if (error) return *error;
    const Result<std::vector<Row>>* best = nullptr;
    std::size_t length = 0;
    for (const auto& [part, reply] : replies)
      if (part.size() > length && sql.find(part) != std::string::npos)
        best = &reply, length = part.size();
    if (!best && sql == "SELECT 1") return std::vector<Row>{{"1"}};
    if (!best) return Error{ErrorCode::kNotFound, "as the test asked: no answer to " + sql};
    return *best;
  }
  void reply(const std::string& part, std::vector<Row> with) {
    replies.insert_or_assign(part, std::move(with));
  }
  void refuse(const std::string& part, ErrorCode code) {
    replies.insert_or_assign(part, Error{code, "as the test asked"});
  }

  std::map<std::string, Result<std::vector<Row>>> replies;  // by a part of the SQL
  std::vector<std::string> asked;                           // of rows()
  std::deque<Entry> entries;
  std::map<std::string, EntryState> changedSince;  // what states() says instead of the row
  SiteSettings settings;
  WallTime now{};
  ChangeMark changeMark;
  std::optional<std::string> key;
  std::optional<Error> error;
  std::optional<Error> statesError;  // of states() alone
  int loads = 0;
};

}  // namespace rollcall::testing_support
