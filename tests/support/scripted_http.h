// An HTTP client that answers as a test says, for tests.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/net/http_client.h"

namespace rollcall::testing_support {

struct Scripted {
  int status = 200;
  std::string body;
  std::optional<Error> fails;  // after the head, when `status` is not 0
  Duration takes{0};
  std::string retryAfter;
};

// Thread-safe as HttpClient demands. `answer` may block until `stop`.
class ScriptedHttp final : public HttpClient {
 public:
  using Answer = std::function<Scripted(const HttpRequest& request, std::stop_token stop)>;
  explicit ScriptedHttp(Answer answer) : answer_(std::move(answer)) {}
  std::unique_ptr<HttpBatch> batch(const QueueLimits&) override {
    return std::make_unique<Batch>(answer_);
  }

 private:
  class Batch final : public HttpBatch {
   public:
    explicit Batch(const Answer& answer) : answer_(answer) {}
    void add(HttpRequest request, HttpDone done) override {
      waiting_.emplace_back(std::move(request), std::move(done));
    }
    void drive(Deadline, std::stop_token stop) override {
      while (!waiting_.empty()) {
        auto [request, done] = std::move(waiting_.front());
        waiting_.pop_front();
        done(answered(request, answer_(request, stop)));
      }
    }

   private:
    static Result<HttpResponse> answered(const HttpRequest& request, Scripted scripted) {
      if (scripted.status != 0 && request.onHead) request.onHead(scripted.status);
      if (request.onBody && !scripted.body.empty() && !request.onBody(scripted.body))
        return Error{ErrorCode::kProtocol, "the reader refused the answer's content"};
      if (scripted.fails) return *scripted.fails;
      HttpResponse response;
      response.status = scripted.status;
      if (!request.onBody) response.body = std::move(scripted.body);
      if (!scripted.retryAfter.empty()) response.headers = {{"retry-after", scripted.retryAfter}};
      return response;
    }

    const Answer& answer_;
    std::deque<std::pair<HttpRequest, HttpDone>> waiting_;
  };

  const Answer answer_;
};

}  // namespace rollcall::testing_support
