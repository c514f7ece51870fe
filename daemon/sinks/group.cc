#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"

namespace rollcall {

std::vector<FindingGroup> groupFindings(const Report& report) {
  std::vector<FindingGroup> groups;
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, std::size_t> places;
  for (const CheckRun& run : report.checks) {
    for (const Finding& finding : run.outcome.findings) {
      const auto [place, isNew] =
          places.try_emplace({run.check, finding.def->code, finding.pod}, groups.size());
      if (isNew) groups.push_back({finding.def, finding.pod, run.check, {}});
      groups[place->second].findings.push_back(&finding);
    }
  }
  // By publication where the check tells it; else by id: Ghost's start with their time of creation.
  const auto ageOf = [](const Finding* finding) {
    const auto published = finding->evidence.find("published_at");
    return std::pair(published == finding->evidence.end() ? std::string_view() : published->second,
                     finding->resource ? std::string_view(finding->resource->id) : "");
  };
  const auto newer = [&](const Finding* a, const Finding* b) { return ageOf(a) > ageOf(b); };
  for (FindingGroup& group : groups)
    std::stable_sort(group.findings.begin(), group.findings.end(), newer);
  std::stable_sort(groups.begin(), groups.end(), [](const FindingGroup& a, const FindingGroup& b) {
    return std::tuple(b.def->severity, a.def->code, std::string_view(a.pod)) <
           std::tuple(a.def->severity, b.def->code, std::string_view(b.pod));
  });
  return groups;
}

std::string countOf(const FindingGroup& group) {
  if (group.findings.size() < 2) return "";
  const auto& first = group.findings.front()->resource;
  const bool sameType =
      first && std::all_of(group.findings.begin(), group.findings.end(), [&](const Finding* one) {
        return one->resource && one->resource->type == first->type;
      });
  return sameType ? fmt::format(" ({})", counted(group.findings.size(), first->type))
                  : fmt::format(" ({} findings)", grouped(group.findings.size()));
}

}  // namespace rollcall
