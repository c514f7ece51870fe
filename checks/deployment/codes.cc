#include "checks/deployment/codes.h"

namespace rollcall::checks::deployment {

const std::vector<FindingDef>& findings() {
  static const std::vector<FindingDef> table = {
      {"RC901", Severity::kWarning, "several pods of a Ghost that routes from memory",
       "Up to 6.56 each pod of Ghost keeps the addresses of all posts in its memory and learns of "
       "new ones only from what is published through itself. With more than one replica, or an "
       "autoscaler that may make more, a new post is missing on every pod but one until the others "
       "are restarted.",
       "kubectl scale deployment NAME --replicas=1, or update to Ghost 6.57 or later"},
      {"RC902", Severity::kInfo, "several pods of Ghost keep state in memory",
       "From 6.57 on posts are routed from the database. Settings, private mode, theme, redirects, "
       "routes, offers, tiers and the sitemaps still live in each pod's memory: a change reaches "
       "the pod through which it was made, and the others when they are restarted.",
       "kubectl rollout restart deployment NAME after changes of the site's settings or theme"},
      {"RC903", Severity::kWarning,
       "the content volume is for one node, and there are several pods",
       "The claim's volume does not allow ReadWriteMany. A pod that is put on another node than "
       "the first waits for the volume for ever (Multi-Attach error), so the site cannot move, "
       "scale or update as its replicas promise.",
       "kubectl scale deployment NAME --replicas=1, or move the content to a claim with the access "
       "mode ReadWriteMany"},
      {"RC904", Severity::kWarning, "pods have content volumes of their own",
       "Not all pods mount the same claim for Ghost's content: what is uploaded through one of "
       "them is missing on the others. The checks images and canary tell whether readers meet it.",
       "mount one claim with the access mode ReadWriteMany in all pods"},
      {"RC905", Severity::kWarning, "Ghost's content is not on a persistent volume",
       "Images, themes, routes and redirects are kept in the container or in a volume that goes "
       "with the pod: they are lost when it is replaced, and no other pod has them.",
       "make a PersistentVolumeClaim and mount it where Ghost keeps its content"},
      {"RC906", Severity::kInfo, "an update runs two versions of Ghost at once",
       "The update strategy starts pods of the new version while those of the old one still serve. "
       "A new version migrates the database when it boots; from then on the old ones run against a "
       "schema they do not know, until the rollout has replaced them.",
       "kubectl patch deployment NAME -p "
       "'{\"spec\":{\"strategy\":{\"type\":\"Recreate\",\"rollingUpdate\":null}}}'"},
      {"RC907", Severity::kWarning, "pods get readers before they have booted",
       "Without a readiness probe a pod gets readers as soon as its container runs. A probe of the "
       "port alone succeeds little later: Ghost opens its port before it touches the database, and "
       "answers 503 while it boots and migrates.",
       "give the pods a readinessProbe that gets the front page"},
      {"RC908", Severity::kInfo, "the readiness probe does not see a lost database",
       "The probe asks for something that Ghost answers from its memory, or is redirected before "
       "Ghost looks anything up: the pod stays in the Service when it has lost its database and "
       "every page is an error.",
       "let the readinessProbe get the front page, with X-Forwarded-Proto: https"},
      {"RC909", Severity::kWarning, "the liveness probe depends on the database",
       "When the database is away for a while Kubernetes restarts every pod of Ghost, which does "
       "not help: a Ghost without its database does not boot. Left alone, Ghost recovers by itself "
       "as soon as the database is back.",
       "let the livenessProbe get /ghost/api/admin/site/, which Ghost answers from memory"},
      {"RC910", Severity::kWarning, "the liveness or startup probe may end a migration",
       "Ghost answers 503 while it migrates the database. A probe that gives up before that ends "
       "has the container killed in the middle; the migration's lock stays behind, and then no pod "
       "boots until somebody removes it.",
       "give the pods a startupProbe with patience for a migration"},
      {"RC911", Severity::kWarning, "a pod is restarted again and again",
       "Ghost's container has ended and been started anew several times, the last time not long "
       "ago. Each time its readers meet errors for as long as it boots.",
       "kubectl logs NAME --previous"},
      {"RC912", Severity::kWarning, "a pod ran out of memory",
       "The kernel killed Ghost because the container's memory limit, or the node's memory, was "
       "used up. Whatever it was doing, such as an upload or the sending of a newsletter, was cut "
       "off.",
       "kubectl set resources deployment NAME --limits=memory=1Gi"},
      {"RC913", Severity::kInfo, "all pods are on one node",
       "The cluster has other nodes, as pods of this namespace show, but when this one goes all of "
       "Ghost goes with it.",
       "give the pods topologySpreadConstraints over kubernetes.io/hostname"},
      {"RC914", Severity::kInfo, "all pods are in one zone",
       "The cluster has nodes in other zones, as pods of this namespace show, but when this zone "
       "goes all of Ghost goes with it.",
       "give the pods topologySpreadConstraints over topology.kubernetes.io/zone"},
      {"RC915", Severity::kCritical, "pods run with another url or database",
       "Pods that get readers at the same time have another `url` or another database in their "
       "environment, as when a rollout that changes it stopped half-way. Readers and authors get "
       "one or the other at random; what is written through one is not there on the other.",
       "kubectl rollout status deployment NAME; finish the rollout or undo it"},
      {"RC916", Severity::kInfo, "no mail is configured",
       "The environment of Ghost's official image sets no mail__ variable and no configuration "
       "file is mounted. Ghost 5 then delivers mail by itself, straight from the pod, which most "
       "servers refuse; Ghost 6.56 and later sends it to localhost:587, where nobody listens. "
       "Sign-in links, invitations and password resets do not arrive.",
       "set mail__transport, mail__options__* and mail__from"},
  };
  return table;
}

}  // namespace rollcall::checks::deployment
