// Of volumes that work, or do not answer at all.
#include <fmt/format.h>

#include <algorithm>

#include "checks/volume/phrases.h"
#include "checks/volume/wording.h"

namespace rollcall::checks::volume {
namespace {

// The folder the step under way is in.
Case underWay(const MountLook& mount) {
  for (const FolderLook& look : mount.folders)
    if (look.begun && look.step != ProbeStep::kDone && look.error == 0) return {&mount, &look};
  return {&mount, &mount.folders.front()};
}

std::vector<Case> casesOf(const std::vector<Room>& rooms) {
  std::vector<Case> cases;
  cases.reserve(rooms.size());
  for (const Room& room : rooms) cases.push_back({room.mount, room.look});
  return cases;
}

// "1.0 GiB of 20.0 GiB free (5 %)", and what a forecast says.
std::string roomText(const Room& room, const std::string& amount, std::uint64_t free,
                     std::uint64_t all) {
  std::string text = fmt::format("{} ({:.0f} %)", amount,
                                 100 * static_cast<double>(free) / static_cast<double>(all));
  if (room.until)
    text += fmt::format(", none in {} at the pace of the last {}", formatDuration(*room.until),
                        formatDuration(room.history));
  return text;
}

void addForecast(const std::vector<Room>& rooms, Finding& finding) {
  for (const Room& room : rooms)
    if (room.until) finding.evidence["seconds_left"] = secondsText(*room.until);
}

}  // namespace

Finding hanging(const Place& place, const std::vector<const MountLook*>& mounts) {
  std::vector<Case> cases;
  cases.reserve(mounts.size());
  for (const MountLook* mount : mounts) cases.push_back(underWay(*mount));
  const MountLook& first = *mounts.front();
  Finding finding = startFinding(kHangs, place, cases);
  finding.evidence.erase("folders");
  const bool known = cases[0].look->begun && cases[0].look->step != ProbeStep::kDone;
  finding.message = fmt::format(
      "{} does not answer since {}{}", content(place), formatTime(*first.hungSince),
      known ? fmt::format(" (step: {}, in {})", name(cases[0].look->step), cases[0].look->folder)
            : "");
  if (known) finding.evidence["step"] = name(cases[0].look->step);
  finding.evidence["hung_since"] = formatTime(*first.hungSince);
  finding.evidence["unkillable"] = first.unkillable ? "true" : "false";
  finding.cause = fmt::format(
      "{}: {}",
      first.unkillable ? "the process that wrote cannot even be killed: a frozen file system, or a "
                         "server that went away"
                       : "the server behind it does not answer",
      mountsOf(cases));
  finding.remedy = isRemote(first.mount)
                       ? "look after its file server: sudo dmesg -T | grep -i 'not responding'"
                       : fmt::format(
                             "when it is frozen (for a snapshot, say): sudo fsfreeze -u {}; "
                             "else look at its disk",
                             quoted(first.mount.point));
  finding.since = first.hungSince;
  return finding;
}

Finding skewed(const Place& place, const std::vector<Case>& cases) {
  Finding finding = startFinding(kSkewed, place, cases);
  const Duration skew = *std::ranges::max_element(cases, {}, [](const Case& one) {
                           return std::chrono::abs(*one.look->skew);
                         })->look->skew;
  const std::string& whose = place.alike.empty() ? place.pod : place.alike;
  finding.message = fmt::format(
      "files written to {} are dated {}{} {} the clock of {}", where(place, cases),
      place.alike.empty() ? "" : "up to ", formatDuration(std::chrono::abs(skew)),
      skew > Duration::zero() ? "ahead of" : "behind", whose.empty() ? "Rollcall" : whose);
  finding.cause = fmt::format("one of the two clocks is wrong: {}", mountsOf(cases));
  finding.evidence["skew_seconds"] = secondsText(skew);
  finding.remedy = "see that NTP runs on the file server and on the nodes: sudo chronyc tracking";
  return finding;
}

Finding foreign(const Place& place, const std::vector<Case>& cases, const Limits& limits) {
  Finding finding = startFinding(kForeignOwner, place, cases);
  const std::string owners = ownersOf(cases);
  finding.message = fmt::format("by owner and mode Ghost's user (uid {}) could not write to {}",
                                limits.ghostUser, where(place, cases));
  finding.cause = fmt::format(
      "owner {}{}", owners,
      place.wrote ? fmt::format("; {} could write as uid {}", who(place), place.user) : "");
  finding.evidence["owner"] = owners;
  finding.evidence["uid"] = std::to_string(place.user);
  finding.remedy = fmt::format(
      "give them to Ghost's user: sudo chown -R {0}:{0} {1}; where it has "
      "another uid, set checks.volume.ghost_uid",
      limits.ghostUser, pathsOf(place, cases));
  return finding;
}

Finding runningFull(const Place& place, const std::vector<Room>& rooms) {
  const std::vector<Case> cases = casesOf(rooms);
  Finding finding = startFinding(kRunningFull, place, cases);
  const VolumeSpace& space = *rooms[0].look->space;
  finding.message = fmt::format("{}: {}", content(place),
                                roomText(rooms[0], spaceText(space), space.free, space.size));
  finding.cause = mountsOf(cases);
  finding.evidence["free_bytes"] = std::to_string(space.free);
  finding.evidence["size_bytes"] = std::to_string(space.size);
  addForecast(rooms, finding);
  finding.remedy = findSpace(place);
  return finding;
}

Finding runningOutOfInodes(const Place& place, const std::vector<Room>& rooms) {
  const std::vector<Case> cases = casesOf(rooms);
  Finding finding = startFinding(kRunningOutOfInodes, place, cases);
  const VolumeSpace& space = *rooms[0].look->space;
  finding.message =
      fmt::format("{}: inodes: {}", content(place),
                  roomText(rooms[0], inodesText(space), space.freeInodes, space.inodes));
  finding.cause = mountsOf(cases);
  finding.evidence["free_inodes"] = std::to_string(space.freeInodes);
  finding.evidence["inodes"] = std::to_string(space.inodes);
  addForecast(rooms, finding);
  finding.remedy = findInodes(place);
  return finding;
}

}  // namespace rollcall::checks::volume
