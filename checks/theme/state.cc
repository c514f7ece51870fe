#include "checks/theme/state.h"

#include <cstdlib>

#include "daemon/content/known_routes.h"
#include "daemon/db/date_time.h"

namespace rollcall::checks::theme {
namespace {

constexpr const char* kThemeSql =
    "SELECT `key`, value, updated_at, TIMESTAMPDIFF(MICROSECOND, updated_at, UTC_TIMESTAMP(6)) "
    "FROM settings WHERE `key` IN ('active_theme', 'is_private')";
constexpr const char* kCustomSql =
    "SELECT c.`key`, c.type, c.value FROM custom_theme_settings c JOIN settings s "
    "ON s.`key` = 'active_theme' AND s.value = c.theme ORDER BY c.`key` LIMIT 500";
constexpr const char* kPostSql =
    "SELECT id, slug, published_at FROM posts WHERE type = 'post' AND status = 'published' "
    "AND visibility = 'public' AND custom_template IS NULL ORDER BY updated_at, id LIMIT 1";

std::string textOf(const Row& row, std::size_t column) {
  return column < row.size() ? row[column].value_or("") : "";
}

void takeSetting(const Row& row, ThemeState& state) {
  if (textOf(row, 0) == "is_private") state.isPrivate = textOf(row, 1) == "true";
  if (textOf(row, 0) != "active_theme") return;
  state.theme = textOf(row, 1);
  state.changed = textOf(row, 2);
  state.changedAt = parseDateTime(state.changed);
  if (const std::string age = textOf(row, 3); !age.empty())
    state.age = bounded(std::chrono::floor<std::chrono::milliseconds>(
        std::chrono::microseconds(std::strtoll(age.c_str(), nullptr, 10))));
}

}  // namespace

Result<ThemeState> readState(const CheckContext& context, std::vector<std::string>& notes) {
  ThemeState state;
  if (!context.content) return state;
  const auto rows = context.content->rows(kThemeSql, context.deadline, context.stop);
  if (!rows) return rows.error();
  for (const Row& row : *rows) takeSetting(row, state);
  const auto custom = context.content->rows(kCustomSql, context.deadline, context.stop);
  if (custom) {
    state.custom.emplace();
    for (const Row& row : *custom)
      (*state.custom)[textOf(row, 0)] = {textOf(row, 1), textOf(row, 2)};
  } else if (custom.error().code == ErrorCode::kPermissionDenied) {
    notes.push_back(
        "custom theme settings are not compared with the database: GRANT SELECT ON "
        "custom_theme_settings");
  } else if (custom.error().code != ErrorCode::kNotFound) {
    return custom.error();
  }
  return state;
}

Result<std::optional<std::string>> oldestPost(const CheckContext& context) {
  std::optional<std::string> address;
  if (!context.content) return address;
  const auto rows = context.content->rows(kPostSql, context.deadline, context.stop);
  if (!rows) return rows.error();
  if (rows->empty()) return address;
  const auto known = readKnownRoutes(context);
  if (!known || !known->routes.locatesPosts()) return address;
  const Row& row = rows->front();
  const std::string& permalink = known->routes.collections[0].permalink;
  // Who its first tag and author are is not asked for.
  if (permalink.find("{primary_") != std::string::npos ||
      permalink.find("{author}") != std::string::npos)
    return address;
  const std::string id = textOf(row, 0), slug = textOf(row, 1);
  const auto path =
      ghost::expandPermalink(permalink, {.id = id,
                                         .slug = slug,
                                         .primaryTag = "",
                                         .primaryAuthor = "",
                                         .publishedAt = parseDateTime(textOf(row, 2))});
  if (path) address = ghost::encodePath(*path);
  return address;
}

}  // namespace rollcall::checks::theme
