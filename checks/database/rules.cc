#include "checks/database/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "daemon/core/letter_case.h"

namespace rollcall::checks::database {
namespace {

constexpr std::size_t kFew = 5;
// No clock on earth is farther from UTC.
constexpr Duration kWidestZone = std::chrono::hours(14);

std::string find(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

bool isOn(const std::string& value) {
  const std::string known = lowerCase(value);
  return !known.empty() && known != "off" && known != "0";
}

std::optional<std::uint64_t> numberOf(const std::string& text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Variables readVariables(const std::vector<Row>& rows) {
  Variables variables;
  for (const Row& row : rows)
    if (row.size() >= 2 && row[0]) variables[lowerCase(*row[0])] = row[1].value_or("");
  return variables;
}

Writable writableOf(const Variables& variables) {
  const bool innodb = isOn(find(variables, "innodb_read_only"));
  if (innodb && variables.contains("aurora_server_id")) return Writable::kAuroraReader;
  if (innodb || isOn(find(variables, "read_only")) || isOn(find(variables, "super_read_only")))
    return Writable::kReadOnly;
  return variables.contains("read_only") ? Writable::kYes : Writable::kUnknown;
}

std::string whyReadOnly(const Variables& variables) {
  std::string why;
  for (const char* name : {"read_only", "super_read_only", "innodb_read_only"})
    if (isOn(find(variables, name)))
      why += fmt::format("{}{}={}", why.empty() ? "" : ", ", name, find(variables, name));
  return why;
}

Beat beatOf(WallTime database, WallTime before, WallTime after, Duration roundTrip) {
  return {roundTrip, elapsed(before, database) - elapsed(before, after) / 2};
}

Beat fastest(const std::vector<Beat>& beats) {
  return *std::ranges::min_element(beats, {}, &Beat::roundTrip);
}

bool clocksDiffer(const Beat& beat, Duration allowed) {
  return std::chrono::abs(beat.skew) - beat.roundTrip / 2 > allowed;
}

std::optional<Connections> connectionsOf(const Variables& status, const Variables& variables) {
  const auto used = numberOf(find(status, "threads_connected"));
  const auto most = numberOf(find(variables, "max_connections"));
  if (!used || !most || *most == 0) return std::nullopt;
  return Connections{*used, *most};
}

bool nearLimit(const Connections& connections, std::uint64_t percent) {
  return static_cast<double>(connections.used) * 100.0 >=
         static_cast<double>(connections.most) * static_cast<double>(percent);
}

Duration heldInEveryTimeZone(Duration age) {
  return std::max(age - kWidestZone, Duration::zero());
}

Collations readCollations(const std::vector<Row>& rows) {
  Collations collations;
  std::set<std::string> tables;
  std::map<std::string, std::uint64_t> columns;
  for (const Row& row : rows) {
    if (row.size() < 3 || !row[0] || !row[1]) continue;
    tables.insert(*row[0]);
    columns[*row[1]] += numberOf(row[2].value_or("")).value_or(1);
  }
  collations.tables = tables.size();
  if (columns.empty()) return collations;
  using Column = std::pair<const std::string, std::uint64_t>;
  collations.common = std::ranges::max_element(columns, {}, &Column::second)->first;
  std::set<std::string> others;
  std::set<std::string> narrow;
  for (const Row& row : rows) {
    if (row.size() < 3 || !row[0] || !row[1]) continue;
    const std::string named = fmt::format("{} ({})", *row[0], *row[1]);
    if (*row[1] != collations.common) others.insert(named);
    if (!row[1]->starts_with("utf8mb4_")) narrow.insert(named);
  }
  collations.others.assign(others.begin(), others.end());
  collations.narrow.assign(narrow.begin(), narrow.end());
  return collations;
}

bool isWell(const Collations& collations) {
  return collations.others.empty() && collations.narrow.empty();
}

Collations agreed(const Collations& before, const Collations& later) {
  Collations both{.tables = later.tables, .common = later.common, .others = {}, .narrow = {}};
  std::ranges::set_intersection(before.others, later.others, std::back_inserter(both.others));
  std::ranges::set_intersection(before.narrow, later.narrow, std::back_inserter(both.narrow));
  return both;
}

std::string few(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kFew); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kFew) text += fmt::format(" and {} more", names.size() - kFew);
  return text;
}

}  // namespace rollcall::checks::database
