#include "checks/mail/mailgun.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/api/pod_api.h"
#include "daemon/core/base64_url.h"
#include "daemon/core/topology.h"

namespace rollcall::checks::mail {
namespace {

constexpr std::size_t kMaxBytes = 256u << 10;
constexpr std::size_t kMaxState = 40;

std::string base64(std::string_view text) {
  std::string out = base64Url(text);
  std::ranges::replace(out, '-', '+');
  std::ranges::replace(out, '_', '/');
  return out.append((4 - out.size() % 4) % 4, '=');
}

bool isLoopback(const Url& url) {
  return url.host == "localhost" || url.host == "::1" || url.host.starts_with("127.");
}

Judgement gap(const MailgunAccount& account, ErrorCode code, std::string_view why) {
  return {{}, Error{code, fmt::format("{}: {}", account.origin, why)}};
}

Judgement only(const MailgunAccount& account, Code code, std::string message) {
  Finding finding = found(code, std::move(message));
  finding.evidence = {{"api", account.origin}, {"domain", account.domain}};
  return {{std::move(finding)}, std::nullopt};
}

// Mailgun says why in JSON; what stands before it may say 404 as well.
bool hasMessage(const std::string& body) {
  const Result<nlohmann::json> document = api::parseJson(body);
  return document && document->is_object() && document->contains("message");
}

// Of a proxy or a firewall on the way: Mailgun's API never answers with a page.
bool isWebPage(const std::string& body) {
  const std::size_t begin = body.find_first_not_of(" \t\r\n");
  return begin != std::string::npos && body[begin] == '<';
}

// The text of domain.state; nothing when the document is not Mailgun's.
std::optional<std::string> stateIn(const std::string& body) {
  const Result<nlohmann::json> document = api::parseJson(body);
  if (!document || !document->is_object()) return std::nullopt;
  const auto domain = document->find("domain");
  if (domain == document->end() || !domain->is_object()) return std::nullopt;
  const auto state = domain->find("state");
  if (state == domain->end() || !state->is_string()) return std::nullopt;
  const std::string text = state->get<std::string>();
  return text.empty() || text.size() > kMaxState ? std::nullopt : std::optional(text);
}

}  // namespace

Result<HttpRequest> mailgunRequest(const MailgunAccount& account, Duration timeout) {
  const Result<Url> url = parseUrl(account.origin);
  if (!url) return url.error();
  if (!url->https() && !isLoopback(*url))
    return invalidArgument("the API key is not sent without encryption");
  HttpRequest request;
  request.url = fmt::format("{}/v3/domains/{}", account.origin, account.domain);
  request.queue = "mailgun";
  request.headers = {{"Authorization", "Basic " + base64("api:" + account.key)}};
  request.maxBytes = kMaxBytes;
  request.timeout = timeout;
  return request;
}

Judgement judgeMailgun(const MailgunAccount& account, const Result<HttpResponse>& answer) {
  if (!answer) return gap(account, answer.error().code, answer.error().message);
  const std::string& domain = account.domain;
  if ((answer->status == 401 || answer->status == 403) && !isWebPage(answer->body))
    return only(account, kRc661,
                fmt::format("Mailgun ({}) refuses Ghost's API key when it is asked for {}: {}.",
                            account.origin, domain, answer->status));
  if (answer->status == 404 && hasMessage(answer->body))
    return only(account, kRc662,
                fmt::format("Mailgun ({}) does not know the domain {}.", account.origin, domain));
  if (answer->status != 200)
    return gap(account, ErrorCode::kUnavailable, fmt::format("it answers {}", answer->status));
  const auto state = stateIn(answer->body);
  if (!state) return gap(account, ErrorCode::kProtocol, "the answer is not Mailgun's");
  if (*state == "active") return {};
  return only(
      account, kRc662,
      fmt::format("Mailgun ({}) has the domain {} as \"{}\".", account.origin, domain, *state));
}

}  // namespace rollcall::checks::mail
