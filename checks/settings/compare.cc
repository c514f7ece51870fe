#include "checks/settings/compare.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "daemon/api/pod_api.h"
#include "daemon/db/date_time.h"

namespace rollcall::checks::settings {
namespace {

using nlohmann::json;

constexpr std::string_view kGhostUrl = "__GHOST_URL__";
constexpr std::string_view kImages = "/content/images/";
constexpr std::string_view kSized = "/content/images/size/";

// A scalar as text; null is the empty text, as for Ghost.
std::string textOf(const json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json listOf(std::string_view text) {
  if (text.empty()) return nullptr;
  auto parsed = api::parseJson(text);
  return parsed ? std::move(*parsed) : json(text);
}

bool isTrue(std::string_view text) {
  return text == "true" || text == "1";
}

// The icon is shown from a smaller copy: /content/images/size/w256h256/2026/01/icon.png.
std::string withoutSize(std::string_view url) {
  const auto at = url.find(kSized);
  if (at == std::string_view::npos) return std::string(url);
  const auto end = url.find('/', at + kSized.size());
  if (end == std::string_view::npos) return std::string(url);
  return std::string(url.substr(0, at)) + std::string(kImages) + std::string(url.substr(end + 1));
}

// "__GHOST_URL__/content/images/a.png" stands for that file below the site's address, or below
// another one that Ghost was told to keep its files at; a pod that took the change itself may show
// the path as it was given.
bool sameUrl(std::string_view stored, std::string_view shown) {
  const std::string theirs = withoutSize(shown);
  if (!stored.starts_with(kGhostUrl)) return withoutSize(stored) == theirs;
  const std::string whole = withoutSize(stored.substr(kGhostUrl.size()));
  std::string_view rest = whole;
  while (rest.starts_with('/')) rest.remove_prefix(1);
  if (!std::string_view(theirs).ends_with(rest)) return false;
  const std::size_t before = theirs.size() - rest.size();
  return before == 0 || theirs[before - 1] == '/';
}

bool sameValue(const json& stored, const json& shown) {
  if (stored.is_string() && shown.is_string())
    return sameUrl(stored.get_ref<const std::string&>(), shown.get_ref<const std::string&>());
  if (stored.is_array() && shown.is_array()) return std::ranges::equal(stored, shown, sameValue);
  if (!stored.is_object() || !shown.is_object()) return stored == shown;
  return stored.size() == shown.size() && std::ranges::all_of(stored.items(), [&](const auto& one) {
           const auto found = shown.find(one.key());
           return found != shown.end() && sameValue(one.value(), *found);
         });
}

// What visitors are shown of the announcement while the table is like this.
std::string announced(const Table& table, std::string_view key) {
  const json whom = listOf(table.text("announcement_visibility"));
  const bool visitors = whom.is_array() && std::ranges::find(whom, json("visitors")) != whom.end();
  if (!visitors || table.text("announcement_content").empty()) return "";
  return std::string(table.text(key));
}

bool differs(const Table& table, const Key& key, const Shown& pod) {
  const auto row = table.rows.find(key.name);
  const auto shown = pod.values.find(key.name);
  if (row == table.rows.end() || shown == pod.values.end()) return false;
  if (key.kind == Kind::kAnnouncement) return announced(table, key.name) != shown->second;
  return !same(key.kind, row->second.value, shown->second);
}

bool flagOf(const Shown& pod, const std::string& flag) {
  const auto found = pod.labs.find(flag);
  return found != pod.labs.end() && found->second;
}

bool labsDiffer(const Table& table, const Shown& pod, const std::vector<const Shown*>& pods) {
  const auto row = table.rows.find("labs");
  if (row == table.rows.end() || pod.labs.empty()) return false;
  const json stored = listOf(row->second.value.value_or(""));
  const auto disputed = [&](const std::string& flag) {
    return std::ranges::any_of(pods, [&](const Shown* other) {
      return other->version == pod.version && !other->labs.empty() &&
             flagOf(*other, flag) != flagOf(pod, flag);
    });
  };
  const auto wrong = [&](const std::string& flag) {
    const bool wanted = stored.is_object() && stored.contains(flag) && stored[flag] == json(true);
    return flagOf(pod, flag) != wanted && disputed(flag);
  };
  if (std::ranges::any_of(pod.labs, [&](const auto& one) { return wrong(one.first); })) return true;
  if (!stored.is_object()) return false;
  return std::ranges::any_of(stored.items(), [&](const auto& one) { return wrong(one.key()); });
}

}  // namespace

std::string_view Table::text(std::string_view key) const {
  const auto row = rows.find(key);
  return row == rows.end() || !row->second.value ? std::string_view() : *row->second.value;
}

Table tableOf(const std::vector<Row>& rows) {
  Table table;
  for (const Row& row : rows) {
    if (row.size() < 4 || !row[0]) continue;
    table.rows[*row[0]] = {row[1], parseDateTime(row[2].value_or(""))};
    table.now = parseDateTime(row[3].value_or("")).value_or(table.now);
  }
  return table;
}

bool addDocument(Shown& shown, const json& document, std::string_view member) {
  if (!document.is_object()) return false;
  const auto found = document.find(member);
  if (found == document.end() || !found->is_object()) return false;
  for (const Key& key : keys()) {
    const auto value = found->find(key.name);
    if (value == found->end()) continue;
    if (key.kind != Kind::kLabs) {
      shown.values[std::string(key.name)] = textOf(*value);
      continue;
    }
    if (!value->is_object()) continue;
    for (const auto& [flag, on] : value->items())
      if (on.is_boolean()) shown.labs[flag] = on.get<bool>();
  }
  if (const auto version = found->find("version"); version != found->end())
    shown.version = textOf(*version);
  return true;
}

bool addAnnouncement(Shown& shown, const json& document) {
  if (!document.is_object()) return false;
  const auto found = document.find("announcement");
  if (found == document.end() || !found->is_array() || found->size() > 1) return false;
  const json none = json::object();
  const json& one = found->empty() ? none : found->front();
  if (!one.is_object()) return false;
  shown.values["announcement_content"] = textOf(one.value("announcement", json()));
  shown.values["announcement_background"] = textOf(one.value("announcement_background", json()));
  return true;
}

bool same(Kind kind, const std::optional<std::string>& stored, std::string_view shown) {
  const std::string_view text = stored ? std::string_view(*stored) : std::string_view();
  switch (kind) {
    case Kind::kText:
    case Kind::kShortText:
    case Kind::kAnnouncement:
      return text == shown;
    case Kind::kFlag:
      return isTrue(text) == isTrue(shown);
    case Kind::kUrl:
      return sameUrl(text, shown);
    case Kind::kList:
    case Kind::kLabs:
      return sameValue(listOf(text), listOf(shown));
  }
  std::abort();
}

std::vector<Difference> compare(const Table& table, const std::vector<const Shown*>& pods) {
  std::vector<Difference> differences;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    for (const Key& key : keys()) {
      const bool wrong = key.kind == Kind::kLabs ? labsDiffer(table, *pods[i], pods)
                                                 : differs(table, key, *pods[i]);
      if (!wrong) continue;
      const auto value = pods[i]->values.find(key.name);
      differences.push_back({i, &key, value == pods[i]->values.end() ? "" : value->second});
    }
  }
  return differences;
}

}  // namespace rollcall::checks::settings
