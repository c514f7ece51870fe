#include "daemon/agent/agent_pages.h"

#include "daemon/content/volume_facts.h"
#include "daemon/sinks/metrics.h"

namespace rollcall {
namespace {

constexpr const char* kNotYet = "the first look at the volume has not ended yet";

class AgentPages final : public WebPages {
 public:
  AgentPages(const VolumeAgent& agent, const Clock& clock) : agent_(agent), clock_(clock) {}

  WebPage at(const WebRequest& request) override {
    const std::string& path = request.path;
    if (path == "/api/v1/volume") return volume();
    if (path == "/metrics") return metrics();
    if (path == "/livez") return plainPage(200, "live\n");
    if (path == "/readyz")
      return agent_.report() ? plainPage(200, "ready\n")
                             : plainPage(503, std::string(kNotYet) + "\n");
    return plainPage(404, "nothing here; see /api/v1/volume /metrics /livez /readyz\n");
  }

 private:
  WebPage volume() {
    const auto report = agent_.report();
    if (!report)
      return {503, "application/json", std::string("{\"error\": \"") + kNotYet + "\"}\n"};
    return {200, "application/json", formatVolumeReport(*report, clock_.wall())};
  }

  // Without the numbers of a look that does not speak for the present.
  WebPage metrics() {
    const auto report = agent_.report();
    const bool speaks = report && !isStale(*report);
    return {200, kMetricsType, agentMetrics(speaks ? factsOf(report->looks) : VolumeFacts{})};
  }

  const VolumeAgent& agent_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<WebPages> makeAgentPages(const VolumeAgent& agent, const Clock& clock) {
  return std::make_unique<AgentPages>(agent, clock);
}

}  // namespace rollcall
