#include "checks/canary/look.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/canary/codes.h"

namespace rollcall::checks::canary {
namespace {

Code codeOf(Seen seen) {
  switch (seen) {
    case Seen::kMissing:
      return kRc851;
    case Seen::kOld:
    case Seen::kWrong:
      return kRc853;
    case Seen::kFailing:
    case Seen::kRefused:
    case Seen::kSilent:
    case Seen::kRight:
    case Seen::kElsewhere:
    case Seen::kUnseen:
      break;
  }
  return kRc854;
}

std::string messageOf(const Look& look, const std::vector<std::string>& others) {
  const std::string& pod = look.pod->name;
  const Sight& sight = look.sight;
  switch (codeOf(sight.seen)) {
    case kRc851:
      return fmt::format(
          "{} answers {} for a file that was just put into content/images, {} serve{} it", pod,
          sight.status, fmt::join(others, ", "), others.size() == 1 ? "s" : "");
    case kRc853:
      return fmt::format("{} {}", pod, shortly(look));
    default:
      return fmt::format("{} cannot read a file in content/images that is there: it {}", pod,
                         shortly(look));
  }
}

std::string causeOf(const Look& look) {
  switch (codeOf(look.sight.seen)) {
    case kRc851:
      return "another volume or sub path is mounted there, none is, or it is a copy that lags";
    case kRc853:
      return "the mount on the pod's node caches for longer than NFS does by default (3 s for a "
             "file that was just changed), or the pod works on a copy that lags";
    default:
      return look.sight.seen == Seen::kSilent
                 ? "the mount hangs on the pod's node: the pod answers what needs no volume"
                 : "an I/O error, a stale handle or missing permissions below Ghost; the pod's log "
                   "says which";
  }
}

std::string remedyOf(const Look& look) {
  const std::string& pod = look.pod->name;
  switch (codeOf(look.sight.seen)) {
    case kRc851:
      return fmt::format(
          "compare what is mounted on it with the other pods, mend it, then restart it: kubectl "
          "exec {} -- df /var/lib/ghost/content; kubectl delete pod {}",
          pod, pod);
    case kRc853:
      return fmt::format(
          "look for actimeo, acregmax or lookupcache among the mount's options: kubectl exec {} -- "
          "grep content /proc/mounts",
          pod);
    default:
      return fmt::format(
          "kubectl exec {} -- ls -l /var/lib/ghost/content/images; mend the mount, then kubectl "
          "delete pod {}",
          pod, pod);
  }
}

std::string commandOf(const std::string& reproduce) {
  return fmt::format("date > images/{0}; {1}; rm images/{0}  # in the content folder", kByHand,
                     reproduce);
}

}  // namespace

std::string shortly(const Look& look) {
  const Sight& sight = look.sight;
  const std::string lasting =
      look.looks > 1 ? fmt::format(", for {}", formatDuration(look.lasting)) : "";
  switch (sight.seen) {
    case Seen::kOld:
      return fmt::format(
          "serves a file in content/images {}{}",
          look.stage == Stage::kRemoved ? "that was removed" : "as it was before it was changed",
          lasting);
    case Seen::kWrong:
      return fmt::format("serves {} bytes that were never in the file in content/images{}",
                         sight.bytes, lasting);
    case Seen::kSilent:
      return "does not answer for it in time, although it answers otherwise";
    case Seen::kElsewhere:
      return fmt::format("answers {} to {}", sight.status, sight.said);
    case Seen::kMissing:
    case Seen::kFailing:
    case Seen::kRefused:
    case Seen::kRight:
    case Seen::kUnseen:
      break;
  }
  return fmt::format("answers {}{}", sight.status,
                     sight.said.empty() ? "" : fmt::format(" \"{}\"", sight.said));
}

Finding findingOf(const Look& look, const std::vector<std::string>& others,
                  const std::string& reproduce) {
  Finding finding;
  finding.def = &findings()[codeOf(look.sight.seen)];
  finding.pod = look.pod->name;
  finding.message = messageOf(look, others);
  finding.cause = causeOf(look);
  finding.evidence["looks"] = std::to_string(look.looks);
  if (look.sight.status != 0) finding.evidence["status"] = std::to_string(look.sight.status);
  if (!look.sight.said.empty()) finding.evidence["message"] = look.sight.said;
  finding.reproduce = commandOf(reproduce);
  finding.remedy = remedyOf(look);
  return finding;
}

Finding nowhereFinding(const std::vector<const Look*>& looks, const std::string& reproduce) {
  Finding finding;
  finding.def = &findings()[kRc852];
  for (const Look* look : looks)
    finding.evidence[look->pod->name] = std::to_string(look->sight.status);
  finding.message = fmt::format(
      "none of the {} pods that answer serves a file that was just put into Rollcall's "
      "content/images",
      finding.evidence.size());
  if (finding.evidence.size() == 1)
    finding.message =
        fmt::format("{} does not serve a file that was just put into Rollcall's content/images",
                    finding.evidence.begin()->first);
  finding.cause =
      "content.path is not the pods' content folder (another volume, another sub path), or they do "
      "not serve images from it (a storage adapter such as S3, a proxy in front of Ghost)";
  finding.reproduce = commandOf(reproduce);
  finding.remedy = finding.def->remedy;
  return finding;
}

}  // namespace rollcall::checks::canary
