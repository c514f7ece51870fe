#include "daemon/k8s/api_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/k8s/json.h"

namespace rollcall::k8s {
namespace {

using nlohmann::json;

constexpr int kPageSize = 500;
constexpr std::size_t kMaxPages = 20;
constexpr Duration kPageTimeout = std::chrono::seconds(10);
constexpr std::size_t kMaxPageBytes = 64u << 20;
constexpr std::size_t kMaxWatchBytes = 256u << 20;
constexpr std::size_t kMaxObjectBytes = 2u << 20;  // etcd takes 1.5 MiB
constexpr std::size_t kMaxRefusalBytes = 16u << 10;
// A server that lives ends the watch itself when its time is over.
constexpr Duration kWatchGrace = std::chrono::seconds(5);

constexpr std::string_view kNoAnswer = "the Kubernetes API does not answer";

bool isGood(int status) {
  return status >= 200 && status < 300;
}

tl::unexpected<ApiError> failure(Error error, std::string_view what) {
  if (error.code != ErrorCode::kCancelled)
    error.message = fmt::format("{}: {}", what, error.message);
  return tl::unexpected(ApiError{std::move(error)});
}

}  // namespace

ApiClient::ApiClient(const Clock& clock, HttpClient& http, Cluster cluster, Collection collection)
    : clock_(clock),
      cluster_(std::move(cluster)),
      collection_(std::move(collection)),
      token_(clock, cluster_.tokenFile),
      batch_(http.batch({.parallel = 1})) {}

ApiResult<HttpRequest> ApiClient::request(const std::string& path) {
  Result<std::string> token = token_.get();
  if (!token) return tl::unexpected(ApiError{token.error()});
  HttpRequest request;
  request.url = cluster_.url + path;
  request.caFile = cluster_.caFile;
  request.headers = {{"Authorization", "Bearer " + *token}, {"Accept", "application/json"}};
  return request;
}

Result<HttpResponse> ApiClient::ask(HttpRequest request, Duration timeout, std::stop_token stop) {
  request.timeout = timeout;
  Result<HttpResponse> answer = Error{ErrorCode::kInternal, "the HTTP client did not answer"};
  batch_->add(std::move(request), [&](Result<HttpResponse> one) { answer = std::move(one); });
  batch_->drive(Deadline::after(clock_, timeout), std::move(stop));
  return answer;
}

ApiResult<std::string> ApiClient::answerTo(const Question& question, std::stop_token stop) {
  const Deadline deadline = Deadline::after(clock_, question.timeout);
  for (bool again : {true, false}) {
    ApiResult<HttpRequest> prepared = request(question.path);
    if (!prepared) return tl::unexpected(prepared.error());
    prepared->method = question.method;
    prepared->body = question.body;
    if (!question.type.empty()) prepared->headers.emplace_back("Content-Type", question.type);
    prepared->maxBytes = question.maxBytes;
    Result<HttpResponse> answer = ask(std::move(*prepared), deadline.left(clock_), stop);
    if (!answer) return failure(answer.error(), kNoAnswer);
    if (isGood(answer->status)) return std::move(answer->body);
    ApiError error =
        refusal(answer->status, question.verb, collection_, answer->header("retry-after"),
                std::string_view(answer->body).substr(0, kMaxRefusalBytes));
    if (!error.unauthorized || !again) return tl::unexpected(std::move(error));
    token_.doubt();  // it may have been replaced a moment ago
  }
  std::abort();
}

ApiResult<std::string> ApiClient::page(const std::string& next, Duration timeout,
                                       std::stop_token stop) {
  std::string path = fmt::format("{}&limit={}", collection_.path(), kPageSize);
  if (!next.empty()) path += "&continue=" + queryValue(next);
  return answerTo(
      {.verb = "list", .path = std::move(path), .maxBytes = kMaxPageBytes, .timeout = timeout},
      std::move(stop));
}

ApiResult<std::string> ApiClient::get(const std::string& name, Deadline deadline,
                                      std::stop_token stop) {
  return answerTo({.verb = "get",
                   .path = collection_.folder() + "/" + name,
                   .maxBytes = kMaxObjectBytes,
                   .timeout = deadline.left(clock_)},
                  std::move(stop));
}

ApiResult<std::string> ApiClient::write(std::string_view verb, Method method,
                                        const std::string& path, const std::string& body,
                                        Deadline deadline, std::stop_token stop) {
  return answerTo(
      {.verb = verb,
       .path = path,
       .method = method,
       .type = method == Method::kPatch ? "application/merge-patch+json" : "application/json",
       .body = body,
       .maxBytes = kMaxObjectBytes,
       .timeout = deadline.left(clock_)},
      std::move(stop));
}

ApiResult<std::string> ApiClient::create(const std::string& object, Deadline deadline,
                                         std::stop_token stop) {
  return write("create", Method::kPost, collection_.folder(), object, deadline, std::move(stop));
}

ApiResult<std::string> ApiClient::replace(const std::string& name, const std::string& object,
                                          Deadline deadline, std::stop_token stop) {
  return write("update", Method::kPut, collection_.folder() + "/" + name, object, deadline,
               std::move(stop));
}

ApiResult<std::string> ApiClient::patch(const std::string& name, const std::string& change,
                                        Deadline deadline, std::stop_token stop) {
  return write("patch", Method::kPatch, collection_.folder() + "/" + name, change, deadline,
               std::move(stop));
}

ApiResult<std::string> ApiClient::list(const TakePage& take, std::stop_token stop,
                                       std::optional<Deadline> deadline) {
  std::string next;
  for (std::size_t pages = 0; pages < kMaxPages; ++pages) {
    const Duration timeout =
        deadline ? std::min(kPageTimeout, deadline->left(clock_)) : kPageTimeout;
    const ApiResult<std::string> text = page(next, timeout, stop);
    if (!text) return tl::unexpected(text.error());
    const Result<json> document = readJson(*text);
    if (!document) return tl::unexpected(ApiError{document.error()});
    const json* items = find(*document, {"items"});
    const std::string version = versionOf(*document);
    // A server written in Go says null for an empty list.
    if (!items || !(items->is_array() || items->is_null()) || version.empty())
      return apiError(ErrorCode::kProtocol, "the Kubernetes API's answer is no list of objects");
    if (auto problem = take(*items)) return tl::unexpected(ApiError{std::move(*problem)});
    next = textAt(*document, {"metadata", "continue"});
    if (next.empty()) return version;
  }
  return apiError(ErrorCode::kProtocol, fmt::format("the Kubernetes API's list of {} does not end",
                                                    collection_.resource));
}

WatchEnd ApiClient::watch(const std::string& version, std::chrono::seconds span,
                          const std::function<void()>& established, const TakeEvent& take,
                          std::stop_token stop) {
  const std::string path =
      fmt::format("{}&watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
                  collection_.path(), queryValue(version), span.count());
  WatchEnd end = watchOnce(path, span + kWatchGrace, established, take, stop);
  if (!end.why || !end.why->unauthorized) return end;
  token_.doubt();
  return watchOnce(path, span + kWatchGrace, established, take, std::move(stop));
}

WatchEnd ApiClient::watchOnce(const std::string& path, Duration timeout,
                              const std::function<void()>& established, const TakeEvent& take,
                              std::stop_token stop) {
  WatchEnd end;
  ApiResult<HttpRequest> prepared = request(path);
  if (!prepared) {
    end.why = prepared.error();
    return end;
  }
  LineCutter lines;
  std::string refused;  // the beginning of what comes with another status
  prepared->maxBytes = kMaxWatchBytes;
  prepared->onHead = [&](int status) {
    end.established = isGood(status);
    if (end.established) established();
  };
  const auto takeLine = [&](std::string_view line) {
    const ApiResult<WatchEvent> event = readWatchEvent(line, collection_);
    if (!event) {
      end.why = event.error();
      return false;
    }
    if (auto problem = take(*event)) end.why = ApiError{std::move(*problem)};
    end.events = true;
    return !end.why;
  };
  prepared->onBody = [&](std::string_view piece) {
    if (end.established) return lines.add(piece, takeLine);
    refused += piece.substr(0, kMaxRefusalBytes - std::min(kMaxRefusalBytes, refused.size()));
    return true;
  };
  const Result<HttpResponse> answer = ask(std::move(*prepared), timeout, std::move(stop));
  if (end.why) return end;
  end.cut = !answer && end.established;
  if (!answer)
    end.why = failure(answer.error(), kNoAnswer).value();
  else if (!isGood(answer->status))
    end.why = refusal(answer->status, "watch", collection_, answer->header("retry-after"), refused);
  return end;
}

}  // namespace rollcall::k8s
