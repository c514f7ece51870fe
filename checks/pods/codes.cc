#include "checks/pods/codes.h"

namespace rollcall::checks::pods {

const std::vector<FindingDef>& findings() {
  static const std::vector<FindingDef> table = {
      {"RC101", Severity::kCritical, "a pod cannot be reached",
       "The connection is refused, reset or has no route: the process is down, restarts, or the "
       "network does not let us through.",
       "kubectl describe pod NAME; kubectl logs NAME --previous"},
      {"RC102", Severity::kCritical, "a pod does not answer in time",
       "The pod accepts the connection and then hangs, twice in a row: it is overloaded or stuck.",
       "kubectl logs NAME; if it stays so, kubectl delete pod NAME"},
      {"RC103", Severity::kWarning, "a pod boots or migrates",
       "Ghost answers 503 until it has booted and the database is migrated: seconds as a rule, "
       "minutes in an upgrade. For ever when migrations_lock was left locked.",
       "wait; if it lasts, kubectl logs NAME (a stale lock: UPDATE migrations_lock SET locked=0)"},
      {"RC104", Severity::kCritical, "a pod has lost its database",
       "What needs the database fails or hangs on the pod, while it answers from memory. Ghost "
       "recovers by itself when the database is back.",
       "look after the database; if it is well, kubectl logs NAME, then kubectl delete pod NAME"},
      {"RC105", Severity::kCritical, "a pod has no theme",
       "The folder of the active theme is missing: every page is a 500. The shared volume is empty "
       "or not mounted on this pod, or the theme was deleted.",
       "check the mount of content/themes on the pod, then kubectl delete pod NAME"},
      {"RC106", Severity::kCritical, "a pod's theme is broken",
       "The front page answers 400: a template of the theme does not compile on this pod.",
       "upload a mended theme and activate it, then kubectl rollout restart deployment"},
      {"RC107", Severity::kCritical, "a pod answers with a server error",
       "The front page or the API answers 5xx, and it is neither the database nor a missing theme.",
       "kubectl logs NAME; then kubectl delete pod NAME"},
      {"RC108", Severity::kCritical, "a pod does not answer as Ghost does",
       "Another program listens there, the answer breaks the HTTP protocol, or Ghost's admin.url "
       "is "
       "another host than Rollcall was told.",
       "compare the pod's address and Ghost's url and admin.url with Rollcall's configuration"},
      {"RC110", Severity::kWarning, "pods run different versions of Ghost",
       "An update is rolling out, or stopped half-way. Old and new Ghost on one database is only "
       "meant to last for moments.",
       "kubectl rollout status deployment; finish it or kubectl rollout undo deployment"},
      {"RC111", Severity::kWarning, "a pod has another url",
       "Ghost's `url` comes from each pod's own file or environment. Links, feeds and sitemaps of "
       "a "
       "pod with another one lead elsewhere.",
       "give every pod the same `url` and Rollcall the same --url, then restart the pods"},
      {"RC112", Severity::kCritical, "a pod redirects readers to another scheme or host",
       "The pod's `url` is not the address it is asked by, so it sends everybody elsewhere.",
       "give the pod the site's `url`, or Rollcall the right --url"},
      {"RC115", Severity::kCritical, "no pod gets readers",
       "There are pods, and Kubernetes sends traffic to none of them: whoever opens the site gets "
       "an "
       "error. A pod that is not ready is not blamed for what it answers, so this is said instead.",
       "see why they are not ready: kubectl describe pod NAME, then kubectl logs NAME"},
  };
  return table;
}

}  // namespace rollcall::checks::pods
