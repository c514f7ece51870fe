// The table `settings` against what pods show, in Ghost's own sense of "the same". Pure.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/settings/keys.h"
#include "daemon/core/clock.h"
#include "daemon/db/content_source.h"

namespace rollcall::checks::settings {

struct Stored {
  std::optional<std::string> value;
  std::optional<WallTime> changed;
  bool operator==(const Stored&) const = default;
};

struct Table {
  std::map<std::string, Stored, std::less<>> rows;
  WallTime now{};  // the database's clock

  // Empty when there is no such row.
  std::string_view text(std::string_view key) const;
};
Table tableOf(const std::vector<Row>& rows);

// What one pod shows: a value per key, and of those it does not show none. Text as Ghost has it,
// flags as "true" and "false", lists as JSON.
struct Shown {
  std::map<std::string, std::string, std::less<>> values;
  std::map<std::string, bool> labs;
  std::string version;
};
// Adds the document of /ghost/api/content/settings/ or /ghost/api/admin/site/ (`member` is
// "settings" or "site"); false when it is none.
bool addDocument(Shown& shown, const nlohmann::json& document, std::string_view member);
// Adds the document of /members/api/announcement/; false when it is none.
bool addAnnouncement(Shown& shown, const nlohmann::json& document);

// What Ghost answers as long as the table says `stored`: is it what the pod shows?
bool same(Kind kind, const std::optional<std::string>& stored, std::string_view shown);

struct Difference {
  std::size_t pod = 0;  // of those compared
  const Key* key = nullptr;
  std::string shown;
};
// A key that the table or the pod lacks is not compared. Of labs, only flags about which pods of
// one version disagree are: the others may be Ghost's own or its configuration's.
std::vector<Difference> compare(const Table& table, const std::vector<const Shown*>& pods);

}  // namespace rollcall::checks::settings
