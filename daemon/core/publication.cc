#include "daemon/core/publication.h"

#include <array>

#include "daemon/core/finding_traits.h"

namespace rollcall {
namespace {

// Evidence in which no address can stand.
constexpr std::array<std::string_view, 5> kHarmless{"confirmed", "db_status", "published_at",
                                                    "status", "updated_at"};

}  // namespace

Finding publicForm(const Finding& finding) {
  if (isPublic(finding)) return finding;
  Finding shown;
  shown.def = finding.def;
  shown.pod = finding.pod;
  shown.since = finding.since;
  for (const std::string_view key : kHarmless)
    if (const auto found = finding.evidence.find(std::string(key)); found != finding.evidence.end())
      shown.evidence.insert(*found);
  const std::string& status = finding.evidence.at("db_status");
  shown.message = "something that is not published (" + status + "): its address is not shown";
  if (!finding.resource) return shown;
  const ResourceRef& resource = *finding.resource;
  shown.resource = ResourceRef{resource.type, resource.id, "", ""};
  shown.message = "the " + resource.type + " " + resource.id + " is not published (" + status +
                  "): its address is not shown";
  return shown;
}

Report publicForm(Report report) {
  for (CheckRun& run : report.checks)
    for (Finding& finding : run.outcome.findings)
      if (!isPublic(finding)) finding = publicForm(finding);
  return report;
}

}  // namespace rollcall
