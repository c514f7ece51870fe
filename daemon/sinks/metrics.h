// Every metric of Rollcall: names, types, help and labels live in metrics.cc and nowhere else;
// daemon/sinks/README.md is their documentation.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "daemon/core/registry.h"
#include "daemon/core/report.h"
#include "daemon/net/pod_client.h"
#include "daemon/sinks/process_facts.h"
#include "daemon/sinks/webhook_sink.h"

namespace rollcall {

using CheckIntervals = std::map<std::string, Duration>;  // of the enabled checks

// Fed by the engine's thread, read by web threads; thread-safe. Series of gone pods and resolved
// findings vanish with the report that no longer has them.
class Metrics final : public Sink {
 public:
  // Both borrowed, both may be null. `registry` tells which codes are reported as zero.
  explicit Metrics(const PodClient* requests, const CheckRegistry* registry = nullptr,
                   CheckIntervals intervals = {});
  ~Metrics() override;
  void publish(const std::shared_ptr<const Report>& report,
               const CheckRun* latest) noexcept override;
  // Prometheus text exposition format 0.0.4.
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What a report leaves at a Pushgateway. Without a pod label: pods are gone by the next report, and
// what was pushed stays.
std::string pushMetrics(const Report& report);

// What /probe shows of one run; `spec` is its check. Findings of codes that the check knows and did
// not find are 0, unless it could not look everywhere.
std::string probeMetrics(const CheckRun& run, const CheckSpec& spec);

// What a volume agent shows: of its own mount, so without a pod label.
std::string agentMetrics(const VolumeFacts& facts);

// Whether the daemon hears of the database's changes at once.
std::string followMetrics(bool up);

// What became of the daemon's messages to a webhook.
std::string webhookMetrics(const WebhookCounts& counts);

// The process_* metrics that exporters have in common.
std::string processMetrics(const ProcessFacts& facts);

}  // namespace rollcall
