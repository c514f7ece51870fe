#include "checks/volume/agents.h"

#include <fmt/format.h>

#include "daemon/net/pod_client.h"

namespace rollcall::checks::volume {
namespace {

constexpr Duration kPatience = std::chrono::seconds(3);

Result<VolumeReport> reportIn(const Result<HttpResponse>& response, const Clock& clock) {
  if (!response) return response.error();
  if (response->status == 503)
    return Error{ErrorCode::kUnavailable, "it has not ended its first look yet"};
  if (response->status != 200)
    return Error{ErrorCode::kProtocol,
                 fmt::format("it answers {}: is this a volume agent?", response->status)};
  Result<VolumeReport> report = parseVolumeReport(response->body, clock.wall());
  if (report && isStale(*report))
    return Error{ErrorCode::kUnavailable,
                 fmt::format("its last look is {} old, it should look every {}",
                             formatDuration(report->ended), formatDuration(report->interval))};
  return report;
}

}  // namespace

std::vector<AgentAnswer> askAgents(const CheckContext& context, std::uint16_t port) {
  std::vector<AgentAnswer> answers;
  for (const Pod& pod : context.topology.pods)
    if (pod.mayBeBlamed())
      answers.push_back({&pod, Url{.scheme = "http", .host = pod.host, .port = port}.authority(),
                         Error{ErrorCode::kInternal, "it was not asked"}});
  const auto batch = context.pods.batch(context.budget);
  for (AgentAnswer& answer : answers)
    batch->get(*answer.pod,
               {.path = "/api/v1/volume",
                .door = Door::kSidecar,
                .port = port,
                .maxBytes = kMaxVolumeReportBytes,
                .timeout = kPatience},
               [&answer, &context](const Result<HttpResponse>& response) {
                 answer.report = reportIn(response, context.clock);
               });
  batch->drive(context.deadline, context.stop);
  return answers;
}

}  // namespace rollcall::checks::volume
