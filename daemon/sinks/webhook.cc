#include "daemon/sinks/webhook.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "daemon/core/hmac.h"
#include "daemon/net/backoff.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 10s;  // with one try
constexpr int kTries = 3;
constexpr Duration kLongestRest = 10s;  // of a report

HttpRequest requestOf(const Clock& clock, const WebhookConfig& config,
                      const WebhookMessage& message) {
  HttpRequest request;
  request.method = Method::kPost;
  request.url = config.url;
  request.body = message.body;
  request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", message.key}};
  request.timeout = kPatience;
  request.maxBytes = 64 << 10;
  if (config.secret.empty()) return request;
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch());
  const std::string timestamp = fmt::format("{}", now.count());
  request.headers.emplace_back("X-Rollcall-Timestamp", timestamp);
  request.headers.emplace_back("X-Rollcall-Signature",
                               webhookSignature(config.secret, timestamp, message.body));
  return request;
}

// "hooks.example.org" of "https://hooks.example.org:8443/T0/B0", "::1" of "http://[::1]/".
std::string_view hostIn(std::string_view url) {
  const auto start = std::min(url.find("://") + 3, url.size());
  if (url.substr(start).starts_with('['))
    return url.substr(start + 1, url.find(']', start) - start - 1);
  return url.substr(start, url.find_first_of(":/?", start) - start);
}

// What went wrong on the way there, without where that is.
std::string withoutAddress(const WebhookConfig& config, std::string text) {
  constexpr std::string_view kInstead = "its host";
  const std::string_view host = hostIn(config.url);
  if (host.empty()) return visible(text);
  // "host hooks.example.org" first, so that nothing reads "host its host".
  for (const std::string& named : {fmt::format("host {}", host), std::string(host)})
    for (auto at = text.find(named); at != std::string::npos;
         at = text.find(named, at + kInstead.size()))
      text.replace(at, named.size(), kInstead);
  return visible(text);
}

// Slack says in one word what is wrong ("no_service"); anything else may repeat what was sent.
std::string wordOf(const WebhookConfig& config, std::string_view body) {
  const bool isWord = !body.empty() && body.size() <= 40 &&
                      body.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos &&
                      config.url.find(body) == std::string::npos &&
                      config.secret.find(body) == std::string::npos;
  return isWord ? fmt::format(": {}", body) : "";
}

WebhookAnswer understood(const WebhookConfig& config, const Result<HttpResponse>& answer) {
  if (!answer)
    return {withoutAddress(config, answer.error().message),
            answer.error().code != ErrorCode::kInvalidArgument, Duration(0)};
  const int status = answer->status;
  if (status >= 200 && status < 300) return {};
  if (status >= 300 && status < 400)
    return {fmt::format("it answers {}, and redirects are not followed", status), false, {}};
  const bool mayPass = status >= 500 || status == 408 || status == 425 || status == 429;
  return {fmt::format("it answers {}{}", status, wordOf(config, answer->body)), mayPass,
          restAskedFor(answer->header("retry-after"))};
}

}  // namespace

WebhookAnswer tryWebhook(const Clock& clock, HttpClient& http, const WebhookConfig& config,
                         const WebhookMessage& message, const std::stop_token& stop) {
  Result<HttpResponse> got = Error{ErrorCode::kInternal, "it was not asked"};
  const std::unique_ptr<HttpBatch> batch = http.batch({});
  batch->add(requestOf(clock, config, message),
             [&got](Result<HttpResponse> answer) { got = std::move(answer); });
  batch->drive(Deadline::after(clock, kPatience), stop);
  return understood(config, got);
}

Result<void> tellWebhook(const Clock& clock, HttpClient& http, const WebhookConfig& config,
                         const WebhookMessage& message) {
  Backoff backoff(randomNumbers());
  WebhookAnswer answer;
  for (int i = 1; i <= kTries; ++i) {
    answer = tryWebhook(clock, http, config, message, {});
    if (answer.problem.empty()) return {};
    if (!answer.mayPass || i == kTries) break;
    clock.sleepUntil(clock.mono() + std::min(backoff.next(answer.rest, kLongestRest), kLongestRest),
                     {});
  }
  return Error{ErrorCode::kUnavailable,
               fmt::format("the webhook did not take the report: {}", answer.problem)};
}

std::string webhookSignature(std::string_view secret, std::string_view timestamp,
                             std::string_view body) {
  return "v1=" + hexOf(hmacSha256(secret, fmt::format("{}.{}", timestamp, body)));
}

std::string newWebhookKey() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace rollcall
