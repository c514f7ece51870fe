#include "checks/volume/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "checks/volume/errors.h"
#include "checks/volume/phrases.h"

namespace rollcall::checks::volume {
namespace {

// What a finding is made of; see trouble().
struct Telling {
  const Place& place;
  const std::vector<Case>& cases;
  const Limits& limits;
  bool all;
};

std::string remount(const Place& place) {
  return place.pod.empty() || !place.alike.empty()
             ? "restart the pods that mount it, Rollcall's too: kubectl rollout "
               "restart deployment NAME"
             : fmt::format("mount it anew: kubectl delete pod {}", place.pod);
}

void sayReadOnly(const Telling& what, Finding& finding) {
  const std::string errors = errorsOf(what.cases);
  finding.message = fmt::format("nothing can be written to {}: {}", where(what.place, what.cases),
                                errors.empty() ? "the file system is read-only" : errors);
  const Mount& mount = what.cases[0].mount->mount;
  const std::string text = mountsOf(what.cases);
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

void sayOwnMountReadOnly(const Telling& what, Finding& finding) {
  finding.message =
      fmt::format("{} {} mounted read-only for {}; {}", where(what.place, what.cases),
                  what.cases.size() == 1 ? "is" : "are", who(what.place),
                  what.place.pod.empty()
                      ? "whether Ghost can write there is not known"
                      : "where Ghost's container has the same mount, Ghost cannot write there");
  finding.cause =
      fmt::format("only this mount says so: {} ({})", mountsOf(what.cases),
                  ofAll(what.cases, [](const Case& one) { return one.mount->mount.options; }));
  finding.remedy = !what.place.pod.empty()
                       ? "take readOnly out of the volumeMounts of Ghost's container, and have "
                         "the agent's the same"
                       : "mount it read-write (no readOnly in volumeMounts), or have Rollcall "
                         "write nothing: checks.volume.write: false";
}

void sayFull(const Telling& what, Finding& finding) {
  const std::string errors = errorsOf(what.cases);
  finding.message =
      fmt::format("nothing more can be written to {}: {}", where(what.place, what.cases),
                  errors.empty() ? "what remains is kept back for root" : errors);
  finding.cause = fmt::format("{}: {}", mountsOf(what.cases), spacesOf(what.cases));
  finding.remedy = findSpace(what.place);
}

void sayNoInodes(const Telling& what, Finding& finding) {
  finding.message = fmt::format("no file can be created in {}: no inode is left ({})",
                                where(what.place, what.cases), finding.evidence["error"]);
  const VolumeSpace& space = *what.cases[0].look->space;
  finding.evidence["inodes"] = inodesText(space);
  finding.cause = fmt::format("{}: inodes: {}; space: {}", mountsOf(what.cases), inodesText(space),
                              spaceText(space));
  finding.remedy = findInodes(what.place);
}

void sayQuota(const Telling& what, Finding& finding) {
  finding.message = fmt::format("no more may be written to {}: {}", where(what.place, what.cases),
                                errorsOf(what.cases));
  finding.cause = fmt::format("{} (uid {}) used up what it may; {}: {}", who(what.place),
                              what.place.user, mountsOf(what.cases), spacesOf(what.cases));
}

void sayIoError(const Telling& what, Finding& finding) {
  finding.message = fmt::format("writing to {} fails (step: {}): {}", where(what.place, what.cases),
                                stepsOf(what.cases), errorsOf(what.cases));
  finding.cause = fmt::format("the storage or the file system is broken: {}", mountsOf(what.cases));
  finding.remedy = fmt::format("{}; then on the storage behind it", kLookAtNode);
}

void sayStale(const Telling& what, Finding& finding) {
  finding.message =
      fmt::format("{} cannot be used: {}", where(what.place, what.cases), errorsOf(what.cases));
  finding.cause =
      fmt::format("the file server no longer knows what is mounted: {}", mountsOf(what.cases));
  finding.remedy = "see that the server exports it, then " + remount(what.place);
}

void sayDisconnected(const Telling& what, Finding& finding) {
  finding.message =
      fmt::format("{} cannot be used: {}", where(what.place, what.cases), errorsOf(what.cases));
  finding.cause =
      fmt::format("what serves the mount is gone or cannot be reached: {}", mountsOf(what.cases));
  finding.remedy = "bring its server back; when it does not mend by itself, " + remount(what.place);
}

void sayRefused(const Telling& what, Finding& finding) {
  finding.message =
      fmt::format("{} (uid {}) may not write to {}: {}", who(what.place), what.place.user,
                  where(what.place, what.cases), errorsOf(what.cases));
  const std::string owners = ownersOf(what.cases);
  finding.evidence["uid"] = std::to_string(what.place.user);
  if (!owners.empty()) finding.evidence["owner"] = owners;
  const bool flagged =
      std::ranges::all_of(what.cases, [](const Case& one) { return one.look->error == EPERM; });
  if (flagged) {
    finding.cause = fmt::format(
        "not owner and mode ({}): an immutable flag (chattr +i), or the file server forbids it",
        owners);
    finding.remedy = fmt::format("when lsattr -d shows an i, take it off: sudo chattr -i {}",
                                 pathsOf(what.place, what.cases));
    return;
  }
  if (owners.empty())
    finding.cause = "the way to the folders is closed to this user";
  else if (what.place.user == what.limits.ghostUser)
    finding.cause = fmt::format("owner {}", owners);
  else
    finding.cause = fmt::format("owner {}: closed to Ghost's user (uid {}), too", owners,
                                what.limits.ghostUser);
  finding.remedy = fmt::format(
      "give them to Ghost's user: sudo chown -R {0}:{0} {1}; in a pod: "
      "fsGroup: {0}",
      what.limits.ghostUser, pathsOf(what.place, what.cases));
}

void sayOwnUserRefused(const Telling& what, Finding& finding) {
  finding.message = fmt::format(
      "{} (uid {}) may not write to {}: {}; whether Ghost can is not known", who(what.place),
      what.place.user, where(what.place, what.cases), errorsOf(what.cases));
  const std::string owners = ownersOf(what.cases);
  finding.evidence["uid"] = std::to_string(what.place.user);
  if (!owners.empty()) finding.evidence["owner"] = owners;
  finding.cause = owners.empty() ? "the way to the folders is closed to this user"
                                 : fmt::format("owner {}", owners);
  finding.remedy =
      what.place.pod.empty()
          ? fmt::format(
                "run Rollcall as Ghost's user (runAsUser: {}), or have it write "
                "nothing: checks.volume.write: false",
                what.limits.ghostUser)
          : fmt::format("run the agent as Ghost's user (runAsUser: {})", what.limits.ghostUser);
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

void sayMissing(const Telling& what, Finding& finding) {
  if (what.all) {
    finding.message = fmt::format("{} is empty or not there: it has none of {}",
                                  content(what.place), foldersOf(what.cases));
    finding.cause = emptiness(what.place, what.cases[0].mount->mount);
    finding.remedy =
        "mount Ghost's content volume there; a new one is filled by Ghost's image when "
        "its pods start";
    return;
  }
  const std::string verb = what.cases.size() == 1 ? "is" : "are";
  finding.message =
      what.cases[0].look->error == ENOTDIR
          ? fmt::format("{} in {} {} no folder", foldersOf(what.cases), content(what.place), verb)
          : fmt::format("{} {} missing in {}, where others of Ghost's folders are",
                        foldersOf(what.cases), verb, content(what.place));
  if (what.cases[0].look->error == ENOTDIR) {
    finding.cause = fmt::format("a file is in its place: {}", mountsOf(what.cases));
    finding.remedy = fmt::format("see what is there, and move it away: sudo ls -ld {}",
                                 pathsOf(what.place, what.cases));
    return;
  }
  finding.cause = fmt::format("removed, or not mounted here: {}", mountsOf(what.cases));
  finding.remedy = fmt::format(
      "make what was removed: sudo install -d -o {0} -g {0} {1}; leave out of "
      "checks.volume.folders what is mounted for Ghost only",
      what.limits.ghostUser, pathsOf(what.place, what.cases));
}

Duration taken(const Case& one) {
  return one.look->step == ProbeStep::kDone ? one.look->wrote : one.look->spent;
}

void saySlow(const Telling& what, Finding& finding) {
  const Case& slowest = *std::ranges::max_element(what.cases, {}, taken);
  finding.message = fmt::format(
      "writing and syncing one block took {}{}{} in {}, twice in a row ({} is allowed)",
      what.place.alike.empty() ? "" : "up to ",
      slowest.look->step == ProbeStep::kDone ? "" : "more than ", formatDuration(taken(slowest)),
      where(what.place, what.cases), formatDuration(what.limits.slow));
  finding.cause = fmt::format("the storage is overloaded or throttled: {}", mountsOf(what.cases));
  finding.evidence["seconds"] = ofAll(
      what.cases, [](const Case& one) { return secondsText(taken(one)); }, ", ");
  finding.evidence["sync_seconds"] = ofAll(
      what.cases, [](const Case& one) { return secondsText(one.look->synced); }, ", ");
}

void sayDiffers(const Telling& what, Finding& finding) {
  const std::string errors = errorsOf(what.cases);
  finding.message = fmt::format(
      "what was written to {} {}", where(what.place, what.cases),
      errors.empty() ? "does not come back: other bytes are read" : "is gone: " + errors);
  finding.cause =
      fmt::format("the storage corrupts data or shows an old state: {}", mountsOf(what.cases));
}

void sayOther(const Telling& what, Finding& finding) {
  finding.message = fmt::format("writing to {} fails (step: {}): {}", where(what.place, what.cases),
                                stepsOf(what.cases), errorsOf(what.cases));
  finding.cause = mountsOf(what.cases);
  finding.remedy = kLookAtNode;
}

using Say = void (*)(const Telling&, Finding&);

Say sayFor(Code code) {
  switch (code) {
    case kReadOnly:
      return sayReadOnly;
    case kOwnMountReadOnly:
      return sayOwnMountReadOnly;
    case kFull:
      return sayFull;
    case kNoInodes:
      return sayNoInodes;
    case kQuota:
      return sayQuota;
    case kIoError:
      return sayIoError;
    case kStale:
      return sayStale;
    case kRefused:
      return sayRefused;
    case kDisconnected:
      return sayDisconnected;
    case kMissing:
      return sayMissing;
    case kSlow:
      return saySlow;
    case kDiffers:
      return sayDiffers;
    case kOwnUserRefused:
      return sayOwnUserRefused;
    case kHangs:
    case kRunningFull:
    case kRunningOutOfInodes:
    case kSkewed:
    case kForeignOwner:
    case kOtherError:
      break;
  }
  return sayOther;
}

}  // namespace

Finding trouble(Code code, const Place& place, const std::vector<Case>& cases, const Limits& limits,
                bool all) {
  Finding finding = startFinding(code, place, cases);
  sayFor(code)({place, cases, limits, all}, finding);
  return finding;
}

}  // namespace rollcall::checks::volume
