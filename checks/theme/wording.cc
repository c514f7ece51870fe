#include "checks/theme/wording.h"

#include <fmt/format.h>

namespace rollcall::checks::theme {
namespace {

constexpr std::size_t kQuoted = 120;
constexpr std::string_view kThemes = "/var/lib/ghost/content/themes";
constexpr std::string_view kImageThemes = "/var/lib/ghost/current/content/themes";

std::string restart(const Pod& pod) {
  return fmt::format("restart {0}: kubectl delete pod {0}", pod.name);
}

// A claim about one pod, which a restart heals.
Claim about(Code code, const Pod& pod) {
  Claim claim{.code = code, .pod = pod.name, .whose = {}, .remedy = restart(pod)};
  claim.evidence["address"] = pod.address();
  return claim;
}

// The command with the page itself for its answer, not the head.
std::string fetchPage(const CheckContext& context, const Pod& pod, const std::string& path) {
  std::string command = context.pods.reproduce(pod, path, Door::kFront);
  constexpr std::string_view kHeadOnly = " -o /dev/null -D -";
  if (const auto at = command.find(kHeadOnly); at != std::string::npos)
    command.erase(at, kHeadOnly.size());
  return command;
}

std::string howItIsGone(Presence presence) {
  switch (presence) {
    case Presence::kThere:
    case Presence::kAbsent:
      return "is not there";
    case Presence::kDanglingLink:
      return "is a link to nowhere";
    case Presence::kNoFolder:
      return "is no folder";
  }
  return "";
}

bool comesWithGhost(const std::string& theme) {
  return theme == "casper" || theme == "source";
}

std::string groupList(const Groups& groups, const std::vector<std::string>& names) {
  std::string list;
  for (const auto& group : groups)
    list += fmt::format("{}({})", list.empty() ? "" : " ", namesOf(group, names));
  return list;
}

}  // namespace

std::string quotable(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, kQuoted))
    clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  // Not in the midst of a character.
  while (text.size() > kQuoted && !clean.empty() && (clean.back() & 0x80)) clean.pop_back();
  return text.size() > kQuoted ? clean + "..." : clean;
}

Claim themeMissing(const std::string& theme, const Volume& volume) {
  Claim claim{.code = kRc541, .pod = {}, .whose = theme + " " + howItIsGone(volume.presence)};
  const std::string name = quotable(theme);
  claim.message =
      fmt::format("the active theme \"{0}\" is missing: themes/{0} in the content folder {1}", name,
                  howItIsGone(volume.presence));
  claim.cause =
      volume.themes.empty()
          ? "themes/ holds no theme at all: an empty volume is mounted over the themes that come "
            "with the image"
          : "its folder was removed or renamed, or the volume is another one than before";
  if (comesWithGhost(theme))
    claim.remedy = fmt::format(
        "kubectl exec deploy/ghost -- cp -RL {}/{} {}/  and for good, the init container in the "
        "README of the check theme; then restart the pods that answer 500",
        kImageThemes, theme, kThemes);
  else
    claim.remedy = fmt::format(
        "upload the theme \"{}\" again (Settings, Design), or activate one that is there; then "
        "restart the pods one after the other{}",
        name,
        volume.themes.empty() ? "; the init container in the README of the check theme fills an "
                                "empty volume with the themes of the image"
                              : "");
  claim.evidence["theme"] = name;
  claim.evidence["themes_there"] = std::to_string(volume.themes.size());
  return claim;
}

Claim filesMissing(const std::string& theme, const Volume& volume) {
  Claim claim{.code = kRc542, .pod = {}, .whose = theme};
  std::string list;
  for (const std::string& file : volume.missing) list += (list.empty() ? "" : ", ") + file;
  const std::string name = quotable(theme);
  claim.message =
      fmt::format("the active theme \"{0}\" is incomplete: themes/{0} lacks {1}", name, list);
  claim.cause = "half an upload or a copy that was interrupted";
  claim.remedy = fmt::format(
      "upload the theme \"{}\" again (Settings, Design), then restart the pods one after the other",
      name);
  claim.evidence = {{"theme", name}, {"missing", list}};
  return claim;
}

Claim otherTheme(const ThemeState& state, const Pod& pod, const std::string& path,
                 const AssetAnswer& answer, const std::string& other, const std::string& right,
                 const CheckContext& context) {
  Claim claim = about(kRc543, pod);
  claim.dated = !other.empty();
  claim.message =
      fmt::format("{} does not serve the active theme \"{}\"{}", pod.name, quotable(state.theme),
                  other.empty() ? "" : ", but " + quotable(other));
  claim.cause = fmt::format(
      "{} is {} there and {} in the active theme; that was activated through another pod{} and "
      "this "
      "one keeps its theme in memory since it started",
      path, answer.text(), right, state.changed.empty() ? "" : " at " + state.changed + " UTC");
  claim.evidence["file"] = path;
  claim.evidence["served"] = answer.text();
  claim.evidence["expected"] = right;
  if (!answer.etag.empty()) claim.evidence["etag"] = quotable(answer.etag);
  if (!other.empty()) claim.evidence["theme"] = quotable(other);
  claim.reproduce = context.pods.reproduce(pod, path, Door::kFront);
  return claim;
}

Claim differentThemes(const Groups& groups, const std::vector<std::string>& names,
                      const std::map<std::size_t, std::string>& shown, const std::string& path,
                      const Pod& asked, const CheckContext& context) {
  Claim claim{.code = kRc544, .pod = {}, .whose = groupList(groups, names)};
  claim.message = fmt::format("the pods serve different themes: {}", claim.whose);
  claim.cause = fmt::format("{} is not the same file on all of them", path);
  for (const auto& [pod, what] : shown) claim.evidence[names[pod]] = what;
  claim.remedy =
      "restart the pods one after the other: kubectl rollout restart deployment; give Rollcall "
      "--content to learn which are wrong";
  claim.reproduce = context.pods.reproduce(asked, path, Door::kFront);
  return claim;
}

Claim oldTemplates(const std::string& theme, const Pod& pod, const std::string& path,
                   const PageFault& fault, const CheckContext& context) {
  Claim claim = about(kRc545, pod);
  claim.message = fmt::format("{} renders {} with old templates of the active theme \"{}\"",
                              pod.name, path, quotable(theme));
  claim.cause = fmt::format(
      "the templates in the content folder always print {}, and other pods show it: the theme was "
      "replaced through one of them, and this one keeps compiled templates since it started",
      quotable(fault.trait));
  claim.evidence["page"] = path;
  claim.evidence["lacks"] = quotable(fault.trait);
  claim.reproduce = fetchPage(context, pod, path);
  return claim;
}

Claim oldCustomValue(const std::string& theme, const Pod& pod, const std::string& path,
                     const PageFault& fault, const CheckContext& context) {
  Claim claim = about(kRc547, pod);
  claim.message = fmt::format(
      "{} renders {} with other custom settings of the theme \"{}\" than the database has",
      pod.name, path, quotable(theme));
  claim.cause = fmt::format(
      "it does not show \"{}\", as other pods do: the setting was changed through another pod, and "
      "this one keeps them in memory since it started",
      quotable(fault.trait));
  claim.evidence["page"] = path;
  claim.evidence["lacks"] = quotable(fault.trait);
  claim.reproduce = fetchPage(context, pod, path);
  return claim;
}

Claim otherCustomSettings(const std::string& theme, const Pod& pod,
                          const std::vector<std::string>& keys, const CheckContext& context) {
  Claim claim = about(kRc547, pod);
  std::string list;
  for (const std::string& key : keys) list += (list.empty() ? "" : ", ") + key;
  claim.message =
      fmt::format("{} has other custom settings of the theme \"{}\" than the database: {}",
                  pod.name, quotable(theme), quotable(list));
  claim.cause =
      "they were changed through another pod; this one keeps them in memory since it started";
  claim.evidence["settings"] = quotable(list);
  claim.reproduce =
      context.pods.reproduce(pod, "/ghost/api/admin/custom_theme_settings/", Door::kAdmin);
  return claim;
}

Claim pagesDiffer(const std::vector<std::string>& names, const std::string& path,
                  const PageFault& fault, const Pod& asked, const CheckContext& context) {
  Claim claim{.code = kRc546, .pod = {}, .whose = groupList(fault.groups, names)};
  claim.message = fmt::format("the pods render {} differently: {}", path, claim.whose);
  claim.cause = fmt::format(
      "theme, settings and tiers are the same, yet not all of them show {}: old templates or other "
      "custom theme settings in memory",
      quotable(fault.trait));
  for (std::size_t i = 0; i < fault.groups.size(); ++i)
    claim.evidence[fmt::format("group_{}", i + 1)] = namesOf(fault.groups[i], names);
  claim.evidence["page"] = path;
  claim.evidence["differs_in"] = quotable(fault.trait);
  claim.remedy = "restart the pods one after the other: kubectl rollout restart deployment";
  claim.reproduce = fetchPage(context, asked, path);
  return claim;
}

}  // namespace rollcall::checks::theme
