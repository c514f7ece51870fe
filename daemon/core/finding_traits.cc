#include "daemon/core/finding_traits.h"

namespace rollcall {

std::string resourceKey(const Finding& finding) {
  if (!finding.resource) return "";
  const ResourceRef& resource = *finding.resource;
  return resource.type + ":" + (resource.id.empty() ? resource.url : resource.id);
}

bool isPublic(const Finding& finding) {
  const auto status = finding.evidence.find("db_status");
  return status == finding.evidence.end() || status->second == "published";
}

}  // namespace rollcall
