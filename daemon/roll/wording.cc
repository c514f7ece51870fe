#include "daemon/roll/wording.h"

#include <fmt/format.h>

namespace rollcall::roll {
namespace {

std::string subject(const Scene& scene) {
  return fmt::format("{} \"{}\"", name(scene.entry.type), scene.entry.slug);
}

bool fromMemory(const Scene& scene) {
  return scene.version && routesFromMemory(*scene.version);
}

bool toNotFound(const Answer& answer) {
  return answer.location.ends_with("/404/");
}

std::string what(const Claim& claim, const Scene& scene) {
  const Answer& answer = claim.answer;
  switch (answer.state) {
    case State::kMissing:
      return claim.confirmed
                 ? fmt::format("answers {} for the {} at {}", answer.status, subject(scene),
                               scene.path)
                 : fmt::format("does not list the {} at {} (not asked: beyond the budget)",
                               subject(scene), scene.path);
    case State::kMoved:
      return fmt::format("redirects the {} at {} to {} ({}{})", subject(scene), scene.path,
                         answer.location, answer.status,
                         answer.yearLong ? ", which browsers and CDNs may keep for a year" : "");
    case State::kServed:
      return fmt::format("serves the {} at {}, which is not public ({})", subject(scene),
                         scene.path,
                         scene.entry.status.empty() ? "no published post" : scene.entry.status);
    case State::kDeclared:
      return fmt::format("declares the {} at {} instead of {}", subject(scene), scene.declared,
                         scene.path);
    case State::kError:
      return fmt::format("answers {} for the {} at {}: {}", answer.status, subject(scene),
                         scene.path, answer.why);
    case State::kOk:
    case State::kUnknown:
    case State::kTimeout:
      break;
  }
  return {};
}

// Why what the pod keeps in memory lacks the last change.
std::string missedChange(const Scene& scene) {
  const std::string changed = formatTime(scene.entry.updatedAt);
  if (!scene.startedAt)
    return fmt::format(
        "the change of {} went through another pod and this one has not been restarted since",
        changed);
  const std::string started = formatTime(*scene.startedAt);
  if (*scene.startedAt <= scene.entry.updatedAt)
    return fmt::format("this pod was started at {}, and the change of {} went through another one",
                       started, changed);
  return fmt::format(
      "yet this pod was started at {}, after the change of {}: it read the database before that "
      "was there, or another database, or the last change is not the one it missed",
      started, changed);
}

}  // namespace

std::string messageOf(const Claim& claim, const Scene& scene) {
  return fmt::format("{} {}", claim.pod.empty() ? "every pod" : claim.pod, what(claim, scene));
}

std::string causeOf(const Claim& claim, const Scene& scene) {
  const std::string changed = formatTime(scene.entry.updatedAt);
  if (claim.pod.empty())
    return fmt::format("wrong on all pods: routing or configuration, not one stale pod ({})",
                       claim.others);
  if (claim.answer.state == State::kServed)
    return fmt::format(
        "the database says \"{}\" since {}; the pod, or a cache in front of it, did "
        "not take notice",
        scene.entry.status, changed);
  if (claim.answer.state == State::kError) return "the pod fails to render the page";
  if (fromMemory(scene)) {
    std::string text = fmt::format("Ghost {} keeps its routes in memory; {}", scene.version->text(),
                                   missedChange(scene));
    if (toNotFound(claim.answer) && claim.answer.yearLong)
      text += "; 6.5x redirects what its memory does not know to /404/ with a one-year cache";
    return text;
  }
  if (scene.version)
    return fmt::format(
        "unexpected on Ghost {}, which routes from the database: look for other "
        "routes.yaml, redirects or another database on this pod",
        scene.version->text());
  return "the pod's version is unknown; up to 6.56 a pod that missed the change answers so until "
         "it "
         "is restarted";
}

std::string remedyOf(const Claim& claim, const Scene& scene) {
  if (claim.pod.empty())
    return "compare routes.yaml, redirects and permalinks with what you expect; then restart all "
           "pods";
  if (claim.answer.state == State::kError)
    return fmt::format("read the pod's log: kubectl logs {}", claim.pod);
  std::string text = fmt::format("restart {}: kubectl delete pod {}", claim.pod, claim.pod);
  if (claim.answer.yearLong)
    text += fmt::format("; then purge {} at the CDN: the redirect may be cached for a year",
                        scene.path);
  return text;
}

std::map<std::string, std::string> evidenceOf(const Claim& claim, const Scene& scene) {
  std::map<std::string, std::string> evidence;
  evidence["confirmed"] = claim.confirmed ? "true" : "false";
  evidence["pods"] = claim.others;
  evidence["updated_at"] = formatTime(scene.entry.updatedAt);
  if (claim.answer.status) evidence["status"] = std::to_string(claim.answer.status);
  if (!claim.answer.location.empty()) evidence["location"] = claim.answer.location;
  if (scene.entry.publishedAt) evidence["published_at"] = formatTime(*scene.entry.publishedAt);
  if (!scene.entry.status.empty()) evidence["db_status"] = scene.entry.status;
  if (!scene.declared.empty()) evidence["declared"] = scene.declared;
  if (scene.listed) evidence["in_sitemap"] = *scene.listed ? "true" : "false";
  if (scene.version) evidence["version"] = scene.version->text();
  if (scene.startedAt) evidence["pod_started_at"] = formatTime(*scene.startedAt);
  return evidence;
}

}  // namespace rollcall::roll
