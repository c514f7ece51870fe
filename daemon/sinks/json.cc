// The report for programs: schema/report.schema.json describes it, version kSchemaVersion.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/core/restart_safety.h"
#include "daemon/core/version.h"
#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;

Json orNull(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json orNull(const std::optional<WallTime>& time) {
  return time ? Json(formatTime(*time)) : Json(nullptr);
}

Json toJson(const Error& error) {
  return {{"code", name(error.code)}, {"message", error.message}};
}

Json toJson(const PodReport& pod) {
  return {{"name", pod.pod.name},
          {"address", pod.pod.address()},
          {"version", orNull(pod.facts.version)},
          {"reachable", pod.facts.reachable},
          {"private", pod.facts.privateMode ? Json(*pod.facts.privateMode) : Json(nullptr)},
          {"booted_at", orNull(pod.facts.bootedAt)},
          {"ready", pod.pod.ready},
          {"terminating", pod.pod.terminating},
          {"node", orNull(pod.pod.node)},
          {"zone", orNull(pod.pod.zone)},
          {"restarts", pod.pod.restarts ? Json(*pod.pod.restarts) : Json(nullptr)},
          {"verdict", name(pod.verdict)}};
}

Json toJson(const CheckRun& run) {
  Json gaps = Json::array();
  for (const Gap& gap : run.outcome.gaps)
    gaps.push_back({{"pod", orNull(gap.pod)}, {"what", gap.what}, {"why", toJson(gap.why)}});
  return {{"check", run.check},
          {"verdict", name(run.verdict)},
          {"started", formatTime(run.started)},
          {"took_ms", run.took.count()},
          {"error", run.error ? toJson(*run.error) : Json(nullptr)},
          {"reason", orNull(run.outcome.notApplicable.value_or(""))},
          {"gaps", std::move(gaps)},
          {"notes", run.outcome.notes}};
}

Json toJson(const RestartSafety& safety) {
  return {{"safe", safety.safe}, {"reasons", safety.reasons}};
}

Json toJson(const Report& report, const Finding& finding, const std::string& check) {
  Json resource = nullptr;
  if (finding.resource)
    resource = {{"type", finding.resource->type},
                {"id", finding.resource->id},
                {"slug", orNull(finding.resource->slug)},
                {"url", orNull(finding.resource->url)}};
  return {{"code", finding.def->code},
          {"severity", name(finding.def->severity)},
          {"check", check},
          {"pod", orNull(finding.pod)},
          {"resource", std::move(resource)},
          {"message", finding.message},
          {"cause", orNull(finding.cause)},
          {"evidence", finding.evidence.empty() ? Json::object() : Json(finding.evidence)},
          {"reproduce", orNull(finding.reproduce)},
          {"remedy", orNull(remedyOf(finding))},
          {"restart_safety", asksForRestart(remedyOf(finding))
                                 ? toJson(restartSafety(report, finding.pod))
                                 : Json(nullptr)},
          {"since", orNull(finding.since)}};
}

// The worst first, so that a limit leaves out what matters least.
std::vector<std::pair<const Finding*, const CheckRun*>> worstFirst(const Report& report) {
  std::vector<std::pair<const Finding*, const CheckRun*>> all;
  for (const CheckRun& run : report.checks)
    for (const Finding& finding : run.outcome.findings) all.emplace_back(&finding, &run);
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.first->def->severity > b.first->def->severity;
  });
  return all;
}

}  // namespace

std::string formatJson(const Report& report, std::size_t maxFindings) {
  const auto all = worstFirst(report);
  const std::size_t listed = std::min(maxFindings, all.size());
  Json pods = Json::array();
  for (const PodReport& pod : report.pods) pods.push_back(toJson(pod));
  Json checks = Json::array();
  for (const CheckRun& run : report.checks) checks.push_back(toJson(run));
  Json findings = Json::array();
  for (std::size_t i = 0; i < listed; ++i)
    findings.push_back(toJson(report, *all[i].first, all[i].second->check));
  const Json document = {
      {"schema_version", kSchemaVersion},
      {"rollcall", kVersion},
      {"site", {{"url", report.site.url.text()}, {"title", orNull(report.site.title)}}},
      {"started", formatTime(report.started)},
      {"took_ms", report.took.count()},
      {"verdict", name(report.verdict)},
      {"pods_stale", orNull(report.podsStale)},
      {"leads", report.leads ? Json(*report.leads) : Json(nullptr)},
      {"restart_safety", toJson(restartSafety(report, ""))},
      {"pods", std::move(pods)},
      {"checks", std::move(checks)},
      {"checks_pending", report.pending},
      {"findings", std::move(findings)},
      {"findings_omitted", all.size() - listed}};
  return escapedInJson(document.dump(2, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace rollcall
