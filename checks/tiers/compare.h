// The table `products` against the tiers that a pod shows. Pure.
#pragma once

#include <compare>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/db/content_source.h"

namespace rollcall::checks::tiers {

// Values as text, null as the empty text, by the name that the table and Ghost's API have for them.
struct Tier {
  std::string slug;
  bool active = true;
  std::map<std::string, std::string, std::less<>> fields;
  bool operator==(const Tier&) const = default;
};
using Tiers = std::map<std::string, Tier>;  // by id

inline constexpr std::string_view kTiersSql =
    "SELECT id, slug, active, name, description, type, visibility, welcome_page_url, currency, "
    "monthly_price, yearly_price, trial_days FROM products ORDER BY id LIMIT 1000";
Tiers tiersOf(const std::vector<Row>& rows);

// Of the document of /ghost/api/content/tiers/: all active ones, also hidden ones; nullopt when it
// is none. A free tier has no prices there.
std::optional<Tiers> shownOf(const nlohmann::json& document);

struct Difference {
  std::string id;
  std::string slug;
  std::string field;  // empty: the whole tier, which is shown when `wanted` is empty
  std::string shown;
  std::string wanted;
  bool hidden = false;  // the tier is not public: its values are nobody's business
  auto operator<=>(const Difference&) const = default;
};
// A field that the pod does not show is not compared.
std::vector<Difference> compare(const Tiers& table, const Tiers& shown);

}  // namespace rollcall::checks::tiers
