#include "checks/routes/wording.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace rollcall::checks::routes {
namespace {

constexpr std::size_t kListed = 5;

std::string shown(std::string_view path) {
  std::string clean;
  for (const char c : path.substr(0, 120))
    clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return path.size() > 120 ? clean + "..." : clean;
}

std::string pathsOf(const std::vector<Difference>& differences, Difference::What what) {
  std::vector<std::string> paths;
  for (const Difference& one : differences)
    if (one.what == what) paths.push_back(shown(one.path));
  const std::size_t count = paths.size();
  if (count > kListed) {
    paths.resize(kListed);
    paths.push_back(fmt::format("{} more", count - kListed));
  }
  return fmt::format("{}", fmt::join(paths, ", "));
}

std::string listOf(const std::vector<Difference>& differences, bool all) {
  std::string text;
  const auto add = [&text](std::string_view before, const std::string& what) {
    if (!what.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : "; ", before, what);
  };
  add(all ? "they do not know" : "it does not know",
      pathsOf(differences, Difference::What::kUnknownRoute));
  add(all ? "they still answer" : "it still answers",
      pathsOf(differences, Difference::What::kOldRoute));
  for (const Difference& one : differences)
    if (one.what == Difference::What::kOtherPermalink)
      add(all ? "they have" : "it has",
          fmt::format("a {} at {}, where the file's permalinks put none", name(one.kind),
                      shown(one.path)));
  return text;
}

}  // namespace

const std::vector<FindingDef>& findings() {
  static const std::vector<FindingDef> all = {
      {"RC561", Severity::kCritical, "a pod routes by another routes.yaml",
       "Addresses that the file gives answer 404 on this pod, or those it took away still answer. "
       "Ghost reads the file at boot and when it is uploaded through this very pod. What the "
       "checks posts and archives say of this pod has then the same cause.",
       "restart the named pod (kubectl delete pod NAME), or upload routes.yaml again through it"},
      {"RC562", Severity::kWarning, "no pod routes by routes.yaml as it is",
       "The file was changed by hand, or through a pod that is gone: Ghost reads it at boot and "
       "when it is uploaded, never by itself.",
       "restart the pods one after the other, or upload routes.yaml again through each"},
      {"RC563", Severity::kCritical, "the pods route differently",
       "An address answers on one pod and not on another, and is no page. Which of them is right "
       "is in routes.yaml, which Rollcall does not know.",
       "restart the pods one after the other, or upload routes.yaml again through each"},
      {"RC564", Severity::kWarning, "routes.yaml is broken",
       "Pods that run go on with the routes they have; every pod that boots dies of it.",
       "mend the file, and upload it through each pod; restart none before"},
      {"RC565", Severity::kWarning, "routes.yaml was changed by hand and no pod has loaded it",
       "Up to Ghost 6.54 the database holds a hash of the file that a pod loaded last, and it is "
       "another one. Nothing that the pods list differs; a template or a filter may.",
       "restart the pods one after the other, or upload routes.yaml again through each"},
  };
  return all;
}

Finding otherRoutes(const Scene& scene) {
  const bool all = scene.pod.empty();
  Finding finding;
  finding.def = &findings()[all ? kRc562 : kRc561];
  finding.pod = scene.pod;
  finding.message = fmt::format("{} by another routes.yaml than {}: {}",
                                all ? "all pods route" : scene.pod + " routes", scene.place,
                                listOf(scene.differences, all));
  const std::string since =
      scene.changed.empty() ? "" : fmt::format(" (it was changed {})", scene.changed);
  finding.cause = fmt::format(
      "Ghost reads routes.yaml at boot and when it is uploaded through this very pod{}: {}", since,
      all ? "it was changed by hand, or through a pod that is gone"
          : "it was uploaded through another pod, or changed by hand, and this pod has not been "
            "restarted since");
  finding.evidence["path"] = scene.differences.front().path;
  finding.evidence["differences"] = std::to_string(scene.differences.size());
  if (!scene.changed.empty()) finding.evidence["changed"] = scene.changed;
  finding.remedy =
      all ? "restart the pods one after the other, or upload routes.yaml again through each"
          : fmt::format(
                "restart {0}: kubectl delete pod {0}; or upload routes.yaml again "
                "through it",
                scene.pod);
  return finding;
}

Finding disagreement(const std::string& path, const std::vector<std::string>& has,
                     const std::vector<std::string>& lack) {
  Finding finding;
  finding.def = &findings()[kRc563];
  finding.message = fmt::format("the pods route differently: {} answers on {} and not on {}",
                                shown(path), fmt::join(has, ", "), fmt::join(lack, ", "));
  finding.cause =
      "routes.yaml was uploaded through one pod: Ghost reads it at boot and when it is uploaded "
      "through this very pod; which pods are right is not known without the file (--content, "
      "--routes or an Admin API key)";
  finding.evidence["path"] = path;
  finding.evidence["answers"] = fmt::format("{}", fmt::join(has, ", "));
  finding.evidence["lacks"] = fmt::format("{}", fmt::join(lack, ", "));
  finding.remedy = "restart the pods one after the other: all then route by the file";
  return finding;
}

Finding brokenFile(const std::string& place, const std::string& why) {
  Finding finding;
  finding.def = &findings()[kRc564];
  finding.message = fmt::format("{} is broken: every pod that boots dies of it ({})", place, why);
  finding.cause = "it was written by hand: Ghost refuses such a file when it is uploaded";
  finding.evidence["why"] = why;
  finding.remedy = "mend the file and upload it through each pod, before any of them boots";
  return finding;
}

Finding notLoaded(const std::string& place, const std::string& changed) {
  Finding finding;
  finding.def = &findings()[kRc565];
  finding.message = fmt::format(
      "no pod has loaded {} as it is: routes_hash in the database is "
      "another file's",
      place);
  finding.cause = "the file was changed by hand after the last pod booted";
  if (!changed.empty()) finding.evidence["changed"] = changed;
  finding.remedy = "restart the pods one after the other, or upload routes.yaml again through each";
  return finding;
}

}  // namespace rollcall::checks::routes
