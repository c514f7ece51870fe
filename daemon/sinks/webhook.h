// Delivers messages to a webhook.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/net/http_client.h"
#include "daemon/sinks/webhook_config.h"
#include "daemon/sinks/webhook_message.h"

namespace rollcall {

// How a delivery went. `problem` is one sentence that tells nothing of the address, the secret or
// the message; empty when it was taken.
struct WebhookAnswer {
  std::string problem;
  bool mayPass = false;  // another try may succeed
  Duration rest{};       // what the other side asked for before it
};

// One try, of ten seconds at most.
WebhookAnswer tryWebhook(const Clock& clock, HttpClient& http, const WebhookConfig& config,
                         const WebhookMessage& message, const std::stop_token& stop);

// Three tries within a minute.
Result<void> tellWebhook(const Clock& clock, HttpClient& http, const WebhookConfig& config,
                         const WebhookMessage& message);

// The header X-Rollcall-Signature: "v1=" and HMAC-SHA256 of "TIMESTAMP.BODY" in hexadecimal digits;
// the timestamp is that of X-Rollcall-Timestamp, in Unix seconds. Pure.
std::string webhookSignature(std::string_view secret, std::string_view timestamp,
                             std::string_view body);

// Begins the keys of this process' messages: no other process has it.
std::string newWebhookKey();

}  // namespace rollcall
