#include "checks/tiers/wording.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::checks::tiers {
namespace {

constexpr std::size_t kMostNamed = 6;
constexpr std::size_t kMostBytes = 60;  // of a value that is told

bool isPrintable(std::string_view value) {
  return value.size() <= kMostBytes &&
         std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// Where new members are sent is theirs to know, and so is what a tier is that is not shown.
bool canBeTold(const Difference& one) {
  return !one.hidden && one.field != "welcome_page_url" && isPrintable(one.shown) &&
         isPrintable(one.wanted);
}

std::string textOf(const Difference& one) {
  if (one.field.empty())
    return fmt::format("the tier \"{}\" is {}", one.slug,
                       one.wanted.empty() ? "still shown" : "not shown");
  if (!canBeTold(one)) return fmt::format("the {} of \"{}\"", one.field, one.slug);
  return fmt::format("the {} of \"{}\" is \"{}\" instead of \"{}\"", one.field, one.slug, one.shown,
                     one.wanted);
}

}  // namespace

std::string messageOf(std::string_view pod, const std::vector<Difference>& differences) {
  std::string list;
  for (std::size_t i = 0; i < differences.size() && i < kMostNamed; ++i)
    list += (i == 0 ? "" : ", ") + textOf(differences[i]);
  if (differences.size() > kMostNamed)
    list += fmt::format(" and {} more", differences.size() - kMostNamed);
  return fmt::format("{} other tiers than the database: {}",
                     pod.empty() ? "every pod shows" : fmt::format("{} shows", pod), list);
}

std::string causeOf(std::string_view pod, std::optional<WallTime> startedAt) {
  if (pod.empty())
    return "changed directly in the database or through a pod that is gone: every pod keeps the "
           "tiers it read when it booted";
  return fmt::format(
      "changed through another pod; {} keeps the tiers it read when it booted{}, and hears of its "
      "own changes only",
      pod, startedAt ? " at " + formatTime(*startedAt) : "");
}

std::string remedyOf(std::string_view pod) {
  if (pod.empty()) return "restart the pods: kubectl rollout restart deployment";
  return fmt::format(
      "restart {}: kubectl delete pod {}; or save the same tier with the same values through it",
      pod, pod);
}

std::map<std::string, std::string> evidenceOf(const std::vector<Difference>& differences) {
  std::map<std::string, std::string> evidence;
  for (std::size_t i = 0; i < differences.size() && i < kMostNamed; ++i) {
    std::string& fields = evidence["tier " + differences[i].slug];
    fields += (fields.empty() ? "" : ",") +
              (differences[i].field.empty() ? std::string("active") : differences[i].field);
  }
  return evidence;
}

}  // namespace rollcall::checks::tiers
