#include "checks/canary/codes.h"

namespace rollcall::checks::canary {

const std::vector<FindingDef>& findings() {
  static const std::vector<FindingDef> table = {
      {"RC851", Severity::kCritical, "a pod does not have the same volume",
       "A file that was just put into the content folder is 404 on this pod while others serve it. "
       "It has another volume or sub path, an empty folder where the mount should be, or a copy. "
       "What is uploaded through it, readers of the other pods do not get, and the other way "
       "round.",
       "compare its mount with the other pods' (kubectl describe pod NAME), mend it, then kubectl "
       "delete pod NAME"},
      {"RC852", Severity::kWarning, "no pod serves what is in Rollcall's content folder",
       "A file that was just put into the content folder is on no pod. Either content.path is not "
       "the folder the pods use (another volume, another sub path), or the pods do not serve "
       "images from it: a storage adapter such as S3 keeps them elsewhere.",
       "compare the mount behind content.path with the pods'; with a storage adapter set "
       "checks.canary.enabled: false"},
      {"RC853", Severity::kWarning, "a pod sees an old state of the volume",
       "The pod serves a file as it was before it was overwritten or removed, or bytes that were "
       "never in it, for longer than the usual caches of a network file system last.",
       "look at the mount's options on the pod's node (actimeo, acregmax, lookupcache): kubectl "
       "exec NAME -- grep content /proc/mounts"},
      {"RC854", Severity::kCritical, "a pod cannot read the volume",
       "The file is there, and the pod answers with an error for it or not at all, although it "
       "answers otherwise: below Ghost the read fails (I/O error, stale handle, permissions) or "
       "hangs.",
       "kubectl exec NAME -- ls -l /var/lib/ghost/content/images; mend the mount, then kubectl "
       "delete pod NAME"},
      {"RC855", Severity::kCritical, "a pod cannot store uploads",
       "An image was uploaded through this pod, and Ghost could not store it, twice. Authors who "
       "meet this pod lose their uploads.",
       "mend what Ghost's message names (read-only, full, permissions), then kubectl delete pod "
       "NAME if it does not recover"},
      {"RC856", Severity::kCritical, "an upload through one pod is missing on another",
       "An image that was uploaded through one pod is 404 on another: they do not share a volume.",
       "compare the mounts of the named pods (kubectl describe pod NAME), mend them, then restart "
       "the pods"},
  };
  return table;
}

}  // namespace rollcall::checks::canary
