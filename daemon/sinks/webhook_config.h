// Where people, or their programs, want to be told, and how.
#pragma once

#include <string>

namespace rollcall {

enum class WebhookFormat {
  kGeneric,  // JSON as schema/webhook.schema.json describes it
  kSlack     // what Slack, Mattermost and others take
};

struct WebhookConfig {
  std::string url;     // a secret as a whole: whoever has it can post there; empty = no webhook
  std::string secret;  // signs what is sent; empty = it is not signed
  WebhookFormat format = WebhookFormat::kGeneric;
  bool findings = true;    // the daemon tells when a finding begins and when it is over
  std::string statusPage;  // where people reach it; empty = it is not linked
  std::string runbookUrl;  // "{code}" in it is a finding's; empty = no runbook is linked
};

}  // namespace rollcall
