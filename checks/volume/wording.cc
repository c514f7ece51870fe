#include "checks/volume/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "checks/volume/errors.h"
#include "checks/volume/phrases.h"

namespace rollcall::checks::volume {
namespace {

std::string remount(const Place& place) {
  return place.pod.empty() || !place.alike.empty()
             ? "restart the pods that mount it, Rollcall's too: kubectl rollout "
               "restart deployment NAME"
             : fmt::format("mount it anew: kubectl delete pod {}", place.pod);
}

void sayReadOnly(const Place& place, const std::vector<Case>& cases, Finding& finding) {
  const std::string errors = errorsOf(cases);
  finding.message = fmt::format("nothing can be written to {}: {}", where(place, cases),
                                errors.empty() ? "the file system is read-only" : errors);
  const Mount& mount = cases[0].mount->mount;
  const std::string text = mountsOf(cases);
  if (hasOption(mount.options, "ro") && hasOption(mount.superOptions, "ro")) {
    finding.cause = fmt::format("it was mounted read-only, or remounted so by somebody: {}", text);
    finding.remedy = fmt::format(
        "see why (readOnly of a claim, mountOptions, a node's fstab), then mount it read-write: "
        "sudo mount -o remount,rw {}",
        quoted(mount.point));
  } else if (isRemote(mount)) {
    finding.cause = fmt::format("the mount is not read-only, the server's export is: {}", text);
    finding.remedy = "see how the file server exports it, and whether it turned read-only itself";
  } else {
    finding.cause = fmt::format(
        "it was mounted read-write and is read-only now, as a kernel does after an error: {}",
        text);
    finding.remedy =
        fmt::format("{}; repair the file system (fsck), then mount it read-write", kLookAtNode);
  }
}

void sayOwnMountReadOnly(const Place& place, const std::vector<Case>& cases, Finding& finding) {
  finding.message = fmt::format(
      "{} {} mounted read-only for {}; {}", where(place, cases), cases.size() == 1 ? "is" : "are",
      who(place),
      place.pod.empty() ? "whether Ghost can write there is not known"
                        : "where Ghost's container has the same mount, Ghost cannot write there");
  finding.cause =
      fmt::format("only this mount says so: {} ({})", mountsOf(cases),
                  ofAll(cases, [](const Case& one) { return one.mount->mount.options; }));
  finding.remedy = !place.pod.empty()
                       ? "take readOnly out of the volumeMounts of Ghost's container, and have "
                         "the agent's the same"
                       : "mount it read-write (no readOnly in volumeMounts), or have Rollcall "
                         "write nothing: checks.volume.write: false";
}

std::string findSpace(const Place& place) {
  return fmt::format("let it grow, or find what takes the space: sudo du -xd2 {} | sort -n | tail",
                     quoted(place.path));
}
std::string findInodes(const Place& place) {
  return fmt::format("find where the many files are: sudo du --inodes -xd2 {} | sort -n | tail",
                     quoted(place.path));
}

void sayFull(const Place& place, const std::vector<Case>& cases, Finding& finding) {
  const std::string errors = errorsOf(cases);
  finding.message = fmt::format("nothing more can be written to {}: {}", where(place, cases),
                                errors.empty() ? "what remains is kept back for root" : errors);
  finding.cause = fmt::format("{}: {}", mountsOf(cases), spacesOf(cases));
  finding.remedy = findSpace(place);
}

void sayNoInodes(const Place& place, const std::vector<Case>& cases, Finding& finding) {
  finding.message = fmt::format("no file can be created in {}: no inode is left ({})",
                                where(place, cases), finding.evidence["error"]);
  const VolumeSpace& space = *cases[0].look->space;
  finding.evidence["inodes"] = inodesText(space);
  finding.cause = fmt::format("{}: inodes: {}; space: {}", mountsOf(cases), inodesText(space),
                              spaceText(space));
  finding.remedy = findInodes(place);
}

void sayQuota(const Place& place, const std::vector<Case>& cases, Finding& finding) {
  finding.message =
      fmt::format("no more may be written to {}: {}", where(place, cases), errorsOf(cases));
  finding.cause = fmt::format("{} (uid {}) used up what it may; {}: {}", who(place), place.user,
                              mountsOf(cases), spacesOf(cases));
}

void sayIoError(const Place& place, const std::vector<Case>& cases, Finding& finding) {
  finding.message = fmt::format("writing to {} fails (step: {}): {}", where(place, cases),
                                stepsOf(cases), errorsOf(cases));
  finding.cause = fmt::format("the storage or the file system is broken: {}", mountsOf(cases));
  finding.remedy = fmt::format("{}; then on the storage behind it", kLookAtNode);
}

void sayStale(const Place& place, const std::vector<Case>& cases, Finding& finding) {
  finding.message = fmt::format("{} cannot be used: {}", where(place, cases), errorsOf(cases));
  finding.cause =
      fmt::format("the file server no longer knows what is mounted: {}", mountsOf(cases));
  finding.remedy = "see that the server exports it, then " + remount(place);
}

void sayDisconnected(const Place& place, const std::vector<Case>& cases, Finding& finding) {
  finding.message = fmt::format("{} cannot be used: {}", where(place, cases), errorsOf(cases));
  finding.cause =
      fmt::format("what serves the mount is gone or cannot be reached: {}", mountsOf(cases));
  finding.remedy = "bring its server back; when it does not mend by itself, " + remount(place);
}

void sayRefused(const Place& place, const std::vector<Case>& cases, const Limits& limits,
                Finding& finding) {
  finding.message = fmt::format("{} (uid {}) may not write to {}: {}", who(place), place.user,
                                where(place, cases), errorsOf(cases));
  const std::string owners = ownersOf(cases);
  finding.evidence["uid"] = std::to_string(place.user);
  if (!owners.empty()) finding.evidence["owner"] = owners;
  const bool flagged =
      std::ranges::all_of(cases, [](const Case& one) { return one.look->error == EPERM; });
  if (flagged) {
    finding.cause = fmt::format(
        "not owner and mode ({}): an immutable flag (chattr +i), or the file server forbids it",
        owners);
    finding.remedy = fmt::format("when lsattr -d shows an i, take it off: sudo chattr -i {}",
                                 pathsOf(place, cases));
    return;
  }
  if (owners.empty())
    finding.cause = "the way to the folders is closed to this user";
  else if (place.user == limits.ghostUser)
    finding.cause = fmt::format("owner {}", owners);
  else
    finding.cause =
        fmt::format("owner {}: closed to Ghost's user (uid {}), too", owners, limits.ghostUser);
  finding.remedy = fmt::format(
      "give them to Ghost's user: sudo chown -R {0}:{0} {1}; in a pod: "
      "fsGroup: {0}",
      limits.ghostUser, pathsOf(place, cases));
}

void sayOwnUserRefused(const Place& place, const std::vector<Case>& cases, const Limits& limits,
                       Finding& finding) {
  finding.message =
      fmt::format("{} (uid {}) may not write to {}: {}; whether Ghost can is not known", who(place),
                  place.user, where(place, cases), errorsOf(cases));
  const std::string owners = ownersOf(cases);
  finding.evidence["uid"] = std::to_string(place.user);
  if (!owners.empty()) finding.evidence["owner"] = owners;
  finding.cause = owners.empty() ? "the way to the folders is closed to this user"
                                 : fmt::format("owner {}", owners);
  finding.remedy =
      place.pod.empty()
          ? fmt::format(
                "run Rollcall as Ghost's user (runAsUser: {}), or have it write "
                "nothing: checks.volume.write: false",
                limits.ghostUser)
          : fmt::format("run the agent as Ghost's user (runAsUser: {})", limits.ghostUser);
}

// Where the path leads when nothing of Ghost's is there.
std::string emptiness(const Place& place, const Mount& mount) {
  if (mount.point == "/")
    return fmt::format(
        "no volume is mounted at {}, or the path is wrong: it is on the root file "
        "system ({})",
        place.path, mount.type);
  return fmt::format("an empty or another volume is mounted: {}", mountText(mount));
}

void sayMissing(const Place& place, const std::vector<Case>& cases, const Limits& limits, bool all,
                Finding& finding) {
  if (all) {
    finding.message = fmt::format("{} is empty or not there: it has none of {}", content(place),
                                  foldersOf(cases));
    finding.cause = emptiness(place, cases[0].mount->mount);
    finding.remedy =
        "mount Ghost's content volume there; a new one is filled by Ghost's image when "
        "its pods start";
    return;
  }
  const std::string verb = cases.size() == 1 ? "is" : "are";
  finding.message =
      cases[0].look->error == ENOTDIR
          ? fmt::format("{} in {} {} no folder", foldersOf(cases), content(place), verb)
          : fmt::format("{} {} missing in {}, where others of Ghost's folders are",
                        foldersOf(cases), verb, content(place));
  if (cases[0].look->error == ENOTDIR) {
    finding.cause = fmt::format("a file is in its place: {}", mountsOf(cases));
    finding.remedy =
        fmt::format("see what is there, and move it away: sudo ls -ld {}", pathsOf(place, cases));
    return;
  }
  finding.cause = fmt::format("removed, or not mounted here: {}", mountsOf(cases));
  finding.remedy = fmt::format(
      "make what was removed: sudo install -d -o {0} -g {0} {1}; leave out of "
      "checks.volume.folders what is mounted for Ghost only",
      limits.ghostUser, pathsOf(place, cases));
}

Duration taken(const Case& one) {
  return one.look->step == ProbeStep::kDone ? one.look->wrote : one.look->spent;
}

void saySlow(const Place& place, const std::vector<Case>& cases, const Limits& limits,
             Finding& finding) {
  const Case& slowest = *std::ranges::max_element(cases, {}, taken);
  finding.message =
      fmt::format("writing and syncing one block took {}{}{} in {}, twice in a row ({} is allowed)",
                  place.alike.empty() ? "" : "up to ",
                  slowest.look->step == ProbeStep::kDone ? "" : "more than ",
                  formatDuration(taken(slowest)), where(place, cases), formatDuration(limits.slow));
  finding.cause = fmt::format("the storage is overloaded or throttled: {}", mountsOf(cases));
  finding.evidence["seconds"] = ofAll(
      cases, [](const Case& one) { return secondsText(taken(one)); }, ", ");
  finding.evidence["sync_seconds"] = ofAll(
      cases, [](const Case& one) { return secondsText(one.look->synced); }, ", ");
}

void sayDiffers(const Place& place, const std::vector<Case>& cases, Finding& finding) {
  const std::string errors = errorsOf(cases);
  finding.message = fmt::format(
      "what was written to {} {}", where(place, cases),
      errors.empty() ? "does not come back: other bytes are read" : "is gone: " + errors);
  finding.cause =
      fmt::format("the storage corrupts data or shows an old state: {}", mountsOf(cases));
}

void sayOther(const Place& place, const std::vector<Case>& cases, Finding& finding) {
  finding.message = fmt::format("writing to {} fails (step: {}): {}", where(place, cases),
                                stepsOf(cases), errorsOf(cases));
  finding.cause = mountsOf(cases);
  finding.remedy = kLookAtNode;
}

}  // namespace

Finding trouble(Code code, const Place& place, const std::vector<Case>& cases, const Limits& limits,
                bool all) {
  Finding finding = startFinding(code, place, cases);
  switch (code) {
    case kReadOnly:
      sayReadOnly(place, cases, finding);
      return finding;
    case kOwnMountReadOnly:
      sayOwnMountReadOnly(place, cases, finding);
      return finding;
    case kFull:
      sayFull(place, cases, finding);
      return finding;
    case kNoInodes:
      sayNoInodes(place, cases, finding);
      return finding;
    case kQuota:
      sayQuota(place, cases, finding);
      return finding;
    case kIoError:
      sayIoError(place, cases, finding);
      return finding;
    case kStale:
      sayStale(place, cases, finding);
      return finding;
    case kRefused:
      sayRefused(place, cases, limits, finding);
      return finding;
    case kDisconnected:
      sayDisconnected(place, cases, finding);
      return finding;
    case kMissing:
      sayMissing(place, cases, limits, all, finding);
      return finding;
    case kSlow:
      saySlow(place, cases, limits, finding);
      return finding;
    case kDiffers:
      sayDiffers(place, cases, finding);
      return finding;
    case kOwnUserRefused:
      sayOwnUserRefused(place, cases, limits, finding);
      return finding;
    case kHangs:
    case kRunningFull:
    case kRunningOutOfInodes:
    case kSkewed:
    case kForeignOwner:
    case kOtherError:
      sayOther(place, cases, finding);
      return finding;
  }
  return finding;
}

}  // namespace rollcall::checks::volume
