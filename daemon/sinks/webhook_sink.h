// Tells a webhook what begins and what ends.
#pragma once

#include <cstdint>
#include <memory>

#include "daemon/core/clock.h"
#include "daemon/core/comparison.h"
#include "daemon/core/news.h"
#include "daemon/core/report.h"
#include "daemon/net/backoff.h"
#include "daemon/net/http_client.h"
#include "daemon/sinks/webhook_config.h"

namespace rollcall {

// Messages by what became of them.
struct WebhookCounts {
  std::uint64_t delivered = 0;
  std::uint64_t refused = 0;   // the other side will not have it
  std::uint64_t expired = 0;   // could not be delivered for ten minutes
  std::uint64_t overflow = 0;  // too many were waiting
  std::uint64_t leftOut = 0;  // too many findings began at once; told later if they are there still
};

class WebhookSink : public Sink {
 public:
  // As FindingChanges::resume(); before the first report.
  virtual void resume(const std::vector<PastFinding>& findings) = 0;
  virtual WebhookCounts counts() const = 0;  // thread-safe
};

// Publishing never waits: messages are sent one by one, in order, by a thread of its own, which
// ends with the sink and drops what it has not sent. While the webhook does not answer two hundred
// wait, each for ten minutes. `clock` and `http` are borrowed.
std::unique_ptr<WebhookSink> makeWebhookSink(const Clock& clock, HttpClient& http,
                                             WebhookConfig config, Tell tell,
                                             Random random = randomNumbers());

}  // namespace rollcall
