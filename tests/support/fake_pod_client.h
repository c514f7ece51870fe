// A PodClient that answers from a table, for unit tests. Unlisted (pod, path) pairs answer 404.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/net/pod_client.h"

namespace rollcall::testing_support {

// What a pod was asked, in order.
struct Asked {
  std::string pod;
  std::string path;
  Door door;
  Reason reason;
  Method method = Method::kGet;
};

class FakePodClient final : public PodClient {
 public:
  using Responder = std::function<Result<HttpResponse>(const PodRequest&)>;

  // For `pod` ("*" = any pod without a row of its own) and exactly this path (with query).
  void answer(const std::string& pod, const std::string& path, Responder responder) {
    table_[{pod, path}] = std::move(responder);
  }
  void answer(const std::string& pod, const std::string& path, int status, std::string body = "",
              std::vector<std::pair<std::string, std::string>> headers = {}) {
    answer(pod, path, [=](const PodRequest&) -> Result<HttpResponse> {
      HttpResponse response;
      response.status = status;
      response.headers = headers;
      response.body = body;
      return response;
    });
  }
  void fail(const std::string& pod, const std::string& path, ErrorCode code) {
    answer(pod, path, [code](const PodRequest&) -> Result<HttpResponse> {
      return Error{code, "as the test asked"};
    });
  }
  // Every path of this pod that has no row of its own.
  void answerAll(const std::string& pod, Responder responder) {
    answering_[pod] = std::move(responder);
  }
  void failAll(const std::string& pod, ErrorCode code) {
    answerAll(pod, [code](const PodRequest&) -> Result<HttpResponse> {
      return Error{code, "as the test asked"};
    });
  }

  std::unique_ptr<PodBatch> batch(const AskBudget&) override {
    return std::make_unique<Batch>(*this);
  }
  std::map<std::pair<std::string, Reason>, std::uint64_t> counts() const override {
    std::map<std::pair<std::string, Reason>, std::uint64_t> counts;
    for (const Asked& one : asked) ++counts[{one.pod, one.reason}];
    return counts;
  }
  std::string reproduce(const Pod& pod, std::string_view path, Door) const override {
    return "curl " + pod.address() + std::string(path);
  }

  std::vector<Asked> asked;

 private:
  class Batch final : public PodBatch {
   public:
    explicit Batch(FakePodClient& owner) : owner_(owner) {}
    void get(const Pod& pod, PodRequest request, HttpDone done) override {
      queue_.push_back({pod.name, std::move(request), std::move(done)});
    }
    void drive(Deadline, std::stop_token) override {
      while (!queue_.empty()) {
        auto [pod, request, done] = std::move(queue_.front());
        queue_.pop_front();
        done(owner_.respond(pod, request));
      }
    }

   private:
    struct Item {
      std::string pod;
      PodRequest request;
      HttpDone done;
    };
    FakePodClient& owner_;
    std::deque<Item> queue_;
  };

  Result<HttpResponse> respond(const std::string& pod, const PodRequest& request) {
    asked.push_back({pod, request.path, request.door, request.reason, request.method});
    auto row = table_.find({pod, request.path});
    const auto all = answering_.find(pod);
    if (row == table_.end() && all == answering_.end()) row = table_.find({"*", request.path});
    if (row == table_.end() && all == answering_.end()) {
      HttpResponse missing;
      missing.status = 404;
      return missing;
    }
    const Responder& responder = row == table_.end() ? all->second : row->second;
    Result<HttpResponse> response = responder(request);
    if (response && !request.keepFine && response->status / 100 == 2) {
      response->headers.clear();
      if (!request.onBody) response->body.clear();
    }
    if (response && response->body.size() > request.keepBytes)
      response->body.resize(request.keepBytes);
    if (!response || !request.onBody) return response;
    const std::string body = std::exchange(response->body, "");
    if (!request.onBody(body)) return Error{ErrorCode::kProtocol, "the reader ended the transfer"};
    return response;
  }

  std::map<std::pair<std::string, std::string>, Responder> table_;
  std::map<std::string, Responder> answering_;
};

}  // namespace rollcall::testing_support
