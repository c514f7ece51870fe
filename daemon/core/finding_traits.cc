#include "daemon/core/finding_traits.h"

#include <algorithm>

namespace rollcall {

std::string resourceKey(const Finding& finding) {
  if (!finding.resource) return "";
  const ResourceRef& resource = *finding.resource;
  return resource.type + ":" + (resource.id.empty() ? resource.url : resource.id);
}

std::string commandOf(const Finding& finding) {
  return finding.resource && finding.resource->type == "command" ? finding.resource->id : "";
}

bool isPublic(const Finding& finding) {
  const auto status = finding.evidence.find("db_status");
  return status == finding.evidence.end() || status->second == "published";
}

bool wasLookedAt(const CheckRun& run, std::string_view pod) {
  if (run.error || run.outcome.notApplicable) return false;
  return std::ranges::none_of(run.outcome.gaps, [&](const Gap& gap) {
    return gap.pod.empty() || pod.empty() || gap.pod == pod;
  });
}

bool isOver(const Report& report, std::string_view check, std::string_view pod) {
  const auto named =
      std::ranges::find_if(report.pods, [&](const PodReport& one) { return one.pod.name == pod; });
  const bool isKnown = named != report.pods.end();
  const bool isListed = !report.pods.empty() || report.podsStale.empty();
  if (!pod.empty() && !isKnown) return isListed;
  if (isKnown && !named->pod.mayBeBlamed()) return false;
  const auto run = std::ranges::find(report.checks, check, &CheckRun::check);
  return run != report.checks.end() && wasLookedAt(*run, pod);
}

}  // namespace rollcall
