// Mailgun's API: what Ghost's newsletters need of it. Pure.
//
// GET /v3/domains/DOMAIN with the user "api" and the key as password; the answer's domain.state is
// "active", "unverified" or "disabled".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/mail/rules.h"
#include "daemon/net/http_client.h"

namespace rollcall::checks::mail {

// kInvalidArgument where the key would go over the network in clear.
Result<HttpRequest> mailgunRequest(const MailgunAccount& account, Duration timeout);
Judgement judgeMailgun(const MailgunAccount& account, const Result<HttpResponse>& answer);

}  // namespace rollcall::checks::mail
