#include "checks/volume/phrases.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "checks/volume/errors.h"
#include "daemon/core/shell_word.h"

namespace rollcall::checks::volume {
namespace {

void addMounts(const std::vector<Case>& cases, Finding& finding) {
  const auto add = [&](const char* key, std::string (*text)(const Case&)) {
    finding.evidence[key] = ofAll(cases, text, "; ");
  };
  add("mount", [](const Case& one) { return one.mount->mount.point; });
  add("type", [](const Case& one) { return one.mount->mount.type; });
  add("source", [](const Case& one) { return one.mount->mount.source; });
  add("options", [](const Case& one) { return one.mount->mount.options; });
  add("super_options", [](const Case& one) { return one.mount->mount.superOptions; });
}

bool isPlain(char c) {
  constexpr std::string_view kHarmless = "/._-+@:";
  return std::isalnum(static_cast<unsigned char>(c)) || kHarmless.find(c) != kHarmless.npos;
}

}  // namespace

Finding startFinding(Code code, const Place& place, const std::vector<Case>& cases) {
  Finding finding;
  finding.def = &findings().at(code);
  finding.pod = place.alike.empty() ? place.pod : "";
  finding.evidence["folders"] = ofAll(
      cases, [](const Case& one) { return one.look->folder; }, ", ");
  addMounts(cases, finding);
  if (errorsOf(cases).empty()) return finding;
  finding.evidence["step"] = stepsOf(cases);
  finding.evidence["error"] = ofAll(
      cases,
      [](const Case& one) {
        return one.look->error == 0 ? std::string() : errorName(one.look->error);
      },
      ", ");
  return finding;
}

std::string listed(const std::vector<std::string>& names) {
  if (names.empty()) return "";
  const std::string before = fmt::format("{}", fmt::join(names.begin(), names.end() - 1, ", "));
  return before.empty() ? names.back() : fmt::format("{} and {}", before, names.back());
}

std::string bytesText(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1023.95 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

std::string spaceText(const VolumeSpace& space) {
  return fmt::format("{} of {} free", bytesText(space.free), bytesText(space.size));
}
std::string inodesText(const VolumeSpace& space) {
  return fmt::format("{} of {} free", space.freeInodes, space.inodes);
}
std::string mountText(const Mount& mount) {
  return fmt::format("{} {} on {}", mount.type, mount.source, mount.point);
}
std::string secondsText(Duration time) {
  return fmt::format("{:.3f}", std::chrono::duration<double>(time).count());
}

std::string quoted(const std::string& path) {
  if (!path.empty() && std::ranges::all_of(path, isPlain)) return path;
  return shellWord(path);
}

std::string who(const Place& place) {
  if (!place.alike.empty()) return "each agent";
  return place.pod.empty() ? "Rollcall" : fmt::format("the agent of {}", place.pod);
}
std::string content(const Place& place) {
  const std::string& whose = place.alike.empty() ? place.pod : place.alike;
  return whose.empty() ? place.path : fmt::format("{} of {}", place.path, whose);
}
std::string foldersOf(const std::vector<Case>& cases) {
  std::vector<std::string> names;
  names.reserve(cases.size());
  for (const Case& one : cases) names.push_back(one.look->folder);
  return listed(names);
}
std::string where(const Place& place, const std::vector<Case>& cases) {
  return fmt::format("{} in {}", foldersOf(cases), content(place));
}
std::string pathsOf(const Place& place, const std::vector<Case>& cases) {
  std::vector<std::string> paths;
  paths.reserve(cases.size());
  for (const Case& one : cases)
    paths.push_back(quoted(fmt::format("{}/{}", place.path, one.look->folder)));
  return fmt::format("{}", fmt::join(paths, " "));
}

std::string ofAll(const std::vector<Case>& cases, std::string (*text)(const Case&),
                  std::string_view between) {
  std::vector<std::string> once;
  for (const Case& each : cases) {
    std::string one = text(each);
    if (!one.empty() && std::ranges::find(once, one) == once.end()) once.push_back(std::move(one));
  }
  return fmt::format("{}", fmt::join(once, between));
}
std::string ownersOf(const std::vector<Case>& cases) {
  return ofAll(
      cases,
      [](const Case& one) {
        if (!one.look->owner) return std::string();
        const FolderOwner& owner = *one.look->owner;
        return fmt::format("{}:{}, mode {:04o}", owner.user, owner.group, owner.mode);
      },
      "; ");
}
std::string errorsOf(const std::vector<Case>& cases) {
  return ofAll(
      cases,
      [](const Case& one) {
        return one.look->error == 0 ? std::string() : errorText(one.look->error);
      },
      ", ");
}
std::string stepsOf(const std::vector<Case>& cases) {
  return ofAll(
      cases, [](const Case& one) { return std::string(name(one.look->step)); }, ", ");
}
std::string mountsOf(const std::vector<Case>& cases) {
  return ofAll(cases, [](const Case& one) { return mountText(one.mount->mount); });
}
std::string spacesOf(const std::vector<Case>& cases) {
  return ofAll(
      cases,
      [](const Case& one) { return one.look->space ? spaceText(*one.look->space) : std::string(); },
      "; ");
}

std::string findSpace(const Place& place) {
  return fmt::format("let it grow, or find what takes the space: sudo du -xd2 {} | sort -n | tail",
                     quoted(place.path));
}
std::string findInodes(const Place& place) {
  return fmt::format("find where the many files are: sudo du --inodes -xd2 {} | sort -n | tail",
                     quoted(place.path));
}

}  // namespace rollcall::checks::volume
