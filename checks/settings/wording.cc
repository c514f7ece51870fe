#include "checks/settings/wording.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::checks::settings {
namespace {

constexpr std::size_t kMostNamed = 8;
constexpr std::size_t kMostBytes = 60;  // of a value that is told

// Only harmless short values are told, and neither cut nor with control characters.
bool canBeTold(std::string_view value) {
  return value.size() <= kMostBytes &&
         std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string nameOf(const Difference& one, const Table& table) {
  const std::string_view wanted = table.text(one.key->name);
  if (one.key->kind != Kind::kShortText || !canBeTold(one.shown) || !canBeTold(wanted))
    return std::string(one.key->name);
  return fmt::format("{} (\"{}\" instead of \"{}\")", one.key->name, one.shown, wanted);
}

std::string namesOf(const Scene& scene, const Table& table) {
  std::string names;
  for (std::size_t i = 0; i < scene.differences.size() && i < kMostNamed; ++i)
    names += (i == 0 ? "" : ", ") + nameOf(scene.differences[i], table);
  if (scene.differences.size() > kMostNamed)
    names += fmt::format(" and {} more", scene.differences.size() - kMostNamed);
  return names;
}

std::optional<WallTime> lastChange(const Scene& scene, const Table& table) {
  std::optional<WallTime> last;
  for (const Difference& one : scene.differences) {
    const auto row = table.rows.find(one.key->name);
    if (row != table.rows.end()) last = std::max(last, row->second.changed);
  }
  return last;
}

}  // namespace

std::string messageOf(const Scene& scene, const Table& table) {
  return fmt::format("{} other values than the database for {} setting{}: {}",
                     scene.pod.empty() ? "every pod shows" : scene.pod + " shows",
                     scene.differences.size(), scene.differences.size() == 1 ? "" : "s",
                     namesOf(scene, table));
}

std::string causeOf(const Scene& scene, const Table& table) {
  const auto last = lastChange(scene, table);
  const std::string when = last ? fmt::format(" (last on {})", formatTime(*last)) : "";
  if (scene.pod.empty())
    return fmt::format(
        "changed directly in the database or through a pod that is gone{}, or overridden by "
        "hostSettings in Ghost's configuration",
        when);
  return fmt::format(
      "changed through another pod{}; {} keeps the settings it read when it booted{}, and hears of "
      "its own changes only",
      when, scene.pod, scene.startedAt ? " at " + formatTime(*scene.startedAt) : "");
}

std::string remedyOf(const Scene& scene) {
  if (scene.pod.empty())
    return "restart the pods: kubectl rollout restart deployment; if hostSettings overrides them, "
           "name them in checks.settings.ignore";
  return fmt::format(
      "restart {}: kubectl delete pod {}; or save each named setting with another value and back "
      "through it",
      scene.pod, scene.pod);
}

std::map<std::string, std::string> evidenceOf(const Scene& scene, const Table& table) {
  std::map<std::string, std::string> evidence;
  std::string& all = evidence["keys"];
  for (const Difference& one : scene.differences)
    all += (all.empty() ? "" : ",") + std::string(one.key->name);
  if (const auto last = lastChange(scene, table)) evidence["updated_at"] = formatTime(*last);
  if (!scene.version.empty()) evidence["version"] = scene.version;
  return evidence;
}

}  // namespace rollcall::checks::settings
