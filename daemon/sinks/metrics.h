// Every metric of Rollcall: names, types, help and labels live here and nowhere else.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "daemon/core/report.h"
#include "daemon/net/pod_client.h"

namespace rollcall {

// Fed by the engine's thread, read by web threads; thread-safe. Series of gone pods and resolved
// findings vanish with the report that no longer has them.
class Metrics final : public Sink {
 public:
  // `requests` may be null; borrowed.
  explicit Metrics(const PodClient* requests);
  ~Metrics() override;
  void publish(const std::shared_ptr<const Report>& report,
               const CheckRun* latest) noexcept override;
  // Prometheus text exposition format 0.0.4.
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall
