#include "daemon/sinks/push.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/core/base64_url.h"
#include "daemon/core/cut_text.h"
#include "daemon/sinks/metrics.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr int kTries = 3;
constexpr Duration kPatience = std::chrono::seconds(15);  // with one try
constexpr Duration kRest = std::chrono::seconds(2);

Result<HttpResponse> post(const Clock& clock, HttpClient& http, const std::string& url,
                          const std::string& body) {
  HttpRequest request;
  request.method = Method::kPost;
  request.url = url;
  request.body = body;
  request.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
  request.timeout = kPatience;
  request.maxBytes = 64 << 10;
  Result<HttpResponse> got = Error{ErrorCode::kInternal, "it was not asked"};
  const std::unique_ptr<HttpBatch> batch = http.batch({});
  batch->add(std::move(request), [&got](Result<HttpResponse> answer) { got = std::move(answer); });
  batch->drive(Deadline::after(clock, kPatience), {});
  return got;
}

// Empty when the gateway took it.
std::string refusal(const Result<HttpResponse>& answer) {
  if (!answer) return answer.error().message;
  if (answer->status >= 200 && answer->status < 300) return "";
  return fmt::format("it answered {}: {}", answer->status, cutText(visible(answer->body), 200));
}

bool mayPass(const Result<HttpResponse>& answer) {
  return !answer || answer->status >= 500 || answer->status == 429;
}

}  // namespace

std::string pushAddress(const std::string& url, const Site& site) {
  return fmt::format("{}/metrics/job/rollcall_report/site@base64/{}", url,
                     base64Url(site.url.text()));
}

Result<void> pushReport(const Clock& clock, HttpClient& http, const std::string& url,
                        const Report& report) {
  const std::string address = pushAddress(url, report.site);
  const std::string body = pushMetrics(report);
  std::string problem;
  for (int i = 0; i < kTries; ++i) {
    const Result<HttpResponse> answer = post(clock, http, address, body);
    problem = refusal(answer);
    if (problem.empty()) return {};
    if (!mayPass(answer) || i + 1 == kTries) break;
    clock.sleepUntil(clock.mono() + kRest * (i + 1), {});
  }
  return Error{ErrorCode::kUnavailable,
               fmt::format("the Pushgateway at {} did not take the report: {}", url, problem)};
}

}  // namespace rollcall
