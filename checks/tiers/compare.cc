#include "checks/tiers/compare.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace rollcall::checks::tiers {
namespace {

using nlohmann::json;

// In the order of the SELECT, after id, slug and active.
constexpr std::array<std::string_view, 9> kFields{
    "name",     "description",   "type",         "visibility", "welcome_page_url",
    "currency", "monthly_price", "yearly_price", "trial_days"};
constexpr std::size_t kFirstField = 3;
constexpr std::size_t kMaxTiers = 1000;

// White space and line ends, as JavaScript's trim() knows them.
constexpr std::array<std::string_view, 25> kBlanks{
    "\t",           "\n",           "\v",           "\f",           "\r",           " ",
    "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
    "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89",
    "\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
    "\xEF\xBB\xBF"};

std::string trimmed(std::string_view text) {
  const auto first = [&text] {
    return std::ranges::find_if(kBlanks, [&](auto blank) { return text.starts_with(blank); });
  };
  const auto last = [&text] {
    return std::ranges::find_if(kBlanks, [&](auto blank) { return text.ends_with(blank); });
  };
  for (auto blank = first(); blank != kBlanks.end(); blank = first())
    text.remove_prefix(blank->size());
  for (auto blank = last(); blank != kBlanks.end(); blank = last())
    text.remove_suffix(blank->size());
  return std::string(text);
}

// Ghost keeps currencies in capitals, older rows may not, and nothing is no days of trial. It
// trims a name on its way into the table, but not in the memory of the pod that saved it.
std::string asGhostHasIt(std::string_view field, std::string value) {
  if (field == "currency")
    for (char& c : value)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (field == "trial_days" && value.empty()) return "0";
  if (field == "name") return trimmed(value);
  return value;
}

// A pod that boots gives a paid tier without a price one of its own.
void fillPrices(Tier& tier) {
  if (tier.fields["type"] != "paid") return;
  const auto fill = [&tier](std::string_view field, std::string_view price) {
    std::string& value = tier.fields[std::string(field)];
    if (value.empty() || value == "0") value = price;
  };
  fill("monthly_price", "500");
  fill("yearly_price", "5000");
}

bool isHidden(const Tier& tier) {
  const auto visibility = tier.fields.find("visibility");
  return visibility != tier.fields.end() && visibility->second != "public";
}

std::string textOf(const json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string textAt(const json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() ? "" : textOf(*found);
}

}  // namespace

Tiers tiersOf(const std::vector<Row>& rows) {
  Tiers tiers;
  for (const Row& row : rows) {
    if (row.size() < kFirstField + kFields.size() || !row[0]) continue;
    Tier& tier = tiers[*row[0]];
    tier.slug = row[1].value_or("");
    tier.active = row[2].value_or("1") != "0";
    for (std::size_t i = 0; i < kFields.size(); ++i)
      tier.fields[std::string(kFields[i])] =
          asGhostHasIt(kFields[i], row[kFirstField + i].value_or(""));
    fillPrices(tier);
  }
  return tiers;
}

std::optional<Tiers> shownOf(const json& document) {
  if (!document.is_object()) return std::nullopt;
  const auto found = document.find("tiers");
  if (found == document.end() || !found->is_array() || found->size() > kMaxTiers)
    return std::nullopt;
  Tiers tiers;
  for (const json& one : *found) {
    if (!one.is_object() || textAt(one, "id").empty()) return std::nullopt;
    Tier& tier = tiers[textAt(one, "id")];
    tier.slug = textAt(one, "slug");
    tier.active = textAt(one, "active") != "false";
    for (const std::string_view field : kFields)
      if (const auto value = one.find(field); value != one.end())
        tier.fields[std::string(field)] = asGhostHasIt(field, textOf(*value));
  }
  return tiers;
}

std::vector<Difference> compare(const Tiers& table, const Tiers& shown) {
  std::vector<Difference> differences;
  for (const auto& [id, wanted] : table) {
    const auto found = shown.find(id);
    const bool listed = found != shown.end() && found->second.active;
    if (listed != wanted.active) {
      differences.push_back(
          {id, wanted.slug, "", listed ? "shown" : "", wanted.active ? "shown" : ""});
      continue;
    }
    if (!listed) continue;
    const bool hidden = isHidden(wanted) || isHidden(found->second);
    for (const auto& [field, value] : found->second.fields)
      if (const auto& want = wanted.fields.at(field); want != value)
        differences.push_back({id, wanted.slug, field, value, want, hidden});
  }
  for (const auto& [id, left] : shown)
    if (left.active && !table.contains(id)) differences.push_back({id, left.slug, "", "shown", ""});
  return differences;
}

}  // namespace rollcall::checks::tiers
