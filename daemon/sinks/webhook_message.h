// What a webhook is told, as text. Pure.
#pragma once

#include <string>

#include "daemon/core/comparison.h"
#include "daemon/core/finding_changes.h"
#include "daemon/core/report.h"
#include "daemon/sinks/webhook_config.h"

namespace rollcall {

struct WebhookMessage {
  std::string key;   // the same in every try to deliver it, and in no other message
  std::string body;  // JSON
};

// A finding that begins or is over, at `at`.
WebhookMessage changeMessage(const WebhookConfig& config, const Site& site,
                             const FindingChange& change, std::string key, WallTime at);
// A report in its public form (publication.h). With a `chronicle` it says what changed since the
// last one.
WebhookMessage reportMessage(const WebhookConfig& config, const Report& report,
                             const Chronicle* chronicle, std::string key);

}  // namespace rollcall
