#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

// What several checks could not look at for the same reason.
struct BlindSpot {
  const Error* why;
  std::string pod;
  std::vector<std::string> whats;  // empty: the checks could not run at all
  std::vector<std::string> checks;

  bool isLike(const Error& error, const std::string& onPod, bool ran) const {
    return pod == onPod && whats.empty() != ran && why->code == error.code &&
           why->message == error.message;
  }
  std::string line() const {
    const std::string who = fmt::format("{}", fmt::join(checks, ", "));
    if (whats.empty())
      return fmt::format("{} could not run: {} ({})", who, why->message, name(why->code));
    return fmt::format("{}{}{}: {} ({}; {})", pod, pod.empty() ? "" : ": ", fmt::join(whats, ", "),
                       why->message, name(why->code), who);
  }
};

void addOnce(std::vector<std::string>& list, const std::string& text) {
  if (std::ranges::find(list, text) == list.end()) list.push_back(text);
}

}  // namespace

std::vector<std::string> blindSpots(const Report& report) {
  std::vector<BlindSpot> spots;
  const auto spotFor = [&](const Error& why, const std::string& pod, bool ran) -> BlindSpot& {
    for (BlindSpot& spot : spots)
      if (spot.isLike(why, pod, ran)) return spot;
    return spots.emplace_back(BlindSpot{&why, pod, {}, {}});
  };
  for (const CheckRun& run : report.checks) {
    if (run.error) addOnce(spotFor(*run.error, "", false).checks, run.check);
    for (const Gap& gap : run.outcome.gaps) {
      BlindSpot& spot = spotFor(gap.why, gap.pod, true);
      addOnce(spot.whats, gap.what);
      addOnce(spot.checks, run.check);
    }
  }
  std::vector<std::string> lines;
  for (const BlindSpot& spot : spots) lines.push_back(spot.line());
  return lines;
}

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
