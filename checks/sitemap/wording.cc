#include "checks/sitemap/wording.h"

#include <fmt/format.h>

#include "daemon/core/url_path.h"
#include "daemon/ghost/routes.h"

namespace rollcall::checks::sitemap {
namespace {

std::string textOf(std::int64_t seconds) {
  return formatTime(WallTime(std::chrono::seconds(seconds)));
}

std::string whose(const Scene& scene) {
  return scene.pod.empty() ? "every pod's" : scene.pod + "'s";
}

std::string hiddenBecause(const Scene& scene) {
  if (!scene.entry) return "which belongs to nothing that is public (deleted, or renamed)";
  if (scene.entry->status.empty()) return "which has no published post";
  return fmt::format("which is not public ({})", scene.entry->status);
}

}  // namespace

ResourceRef resourceOf(const Scene& scene, const Site& site) {
  ResourceRef resource;
  resource.type = name(scene.type);
  resource.id = scene.entry ? std::string(scene.entry->id) : "";
  resource.slug = scene.entry ? std::string(scene.entry->slug) : lastSegment(scene.path);
  resource.url = site.urlOf(scene.path);
  return resource;
}

std::string messageOf(const Scene& scene) {
  switch (scene.fault) {
    case Fault::kMissing:
      return fmt::format("{} sitemap does not list the {} \"{}\" at {}", whose(scene),
                         name(scene.type), scene.entry->slug, scene.path);
    case Fault::kLeftOver:
      return fmt::format("{} {} still lists the {} at {}, {}", whose(scene), scene.sitemap,
                         name(scene.type), scene.path, hiddenBecause(scene));
    case Fault::kOld:
      return fmt::format("{} {} dates the {} \"{}\" {}, the database {}", whose(scene),
                         scene.sitemap, name(scene.type), scene.entry->slug, textOf(scene.lastmod),
                         formatTime(scene.entry->updatedAt));
  }
  return {};
}

std::string causeOf(const Scene& scene) {
  if (scene.pod.empty())
    return fmt::format(
        "wrong on all {} pods, so not one stale pod: the change was made directly in the database "
        "or through a pod that is gone, or the routes are others than Rollcall assumes",
        scene.pods);
  const std::string of = scene.version ? fmt::format(" (Ghost {})", scene.version->text()) : "";
  return fmt::format(
      "{}{} built its sitemap before this change and rebuilds it only after an answer of its own "
      "with X-Cache-Invalidate: any real edit or publish through this pod",
      scene.pod, of);
}

std::string remedyOf(const Scene& scene) {
  if (scene.pod.empty())
    return "restart the pods one after the other, or make one real edit through each; if it stays, "
           "compare routes.yaml with the address";
  return fmt::format("restart {} (kubectl delete pod {}), or make a real edit through it",
                     scene.pod, scene.pod);
}

std::map<std::string, std::string> evidenceOf(const Scene& scene) {
  std::map<std::string, std::string> evidence;
  evidence["sitemap"] = scene.sitemap;
  if (scene.fault == Fault::kOld) evidence["lastmod"] = textOf(scene.lastmod);
  if (scene.version) evidence["version"] = scene.version->text();
  if (!scene.entry) return evidence;
  evidence["updated_at"] = formatTime(scene.entry->updatedAt);
  if (scene.entry->publishedAt) evidence["published_at"] = formatTime(*scene.entry->publishedAt);
  if (!scene.entry->status.empty()) evidence["db_status"] = scene.entry->status;
  return evidence;
}

}  // namespace rollcall::checks::sitemap
