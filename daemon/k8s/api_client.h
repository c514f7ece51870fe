// Lists and watches one kind of object, reads and writes single ones. Each call blocks; one thread
// uses a client.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>
#include <string>

#include "daemon/k8s/api_error.h"
#include "daemon/k8s/cluster.h"
#include "daemon/k8s/collection.h"
#include "daemon/k8s/watch_event.h"
#include "daemon/net/http_client.h"

namespace rollcall::k8s {

// How a watch went until it ended. The error says why, when it did not end by itself.
struct WatchEnd {
  bool established = false;  // the API took it
  bool events = false;       // at least one came
  bool cut = false;          // it was under way and the connection failed or fell silent
  std::optional<ApiError> why;
};

class ApiClient {
 public:
  // Reads a page's "items"; an Error ends the list.
  using TakePage = std::function<std::optional<Error>(const nlohmann::json& items)>;
  // Reads an event; an Error ends the watch.
  using TakeEvent = std::function<std::optional<Error>(const WatchEvent& event)>;

  ApiClient(const Clock& clock, HttpClient& http, Cluster cluster, Collection collection);

  // All of them, page by page; the version to watch from. Each page has a time limit of its own,
  // and `deadline` ends the whole.
  ApiResult<std::string> list(const TakePage& take, std::stop_token stop,
                              std::optional<Deadline> deadline = std::nullopt);
  // What happens after `version`, for `span`, whole seconds. `established` is called as soon as the
  // API takes it. A watch of which nothing is heard at all ends with kDeadlineExceeded soon after.
  WatchEnd watch(const std::string& version, std::chrono::seconds span,
                 const std::function<void()>& established, const TakeEvent& take,
                 std::stop_token stop);

  // One object, as JSON text; kNotFound when there is none of that name.
  ApiResult<std::string> get(const std::string& name, Deadline deadline, std::stop_token stop);
  // These take an object as JSON text and give it as it is now. `conflict` when the name is taken,
  // or the object's resourceVersion is no longer the one that was sent.
  ApiResult<std::string> create(const std::string& object, Deadline deadline, std::stop_token stop);
  ApiResult<std::string> replace(const std::string& name, const std::string& object,
                                 Deadline deadline, std::stop_token stop);
  // Only what `change` names (RFC 7396).
  ApiResult<std::string> patch(const std::string& name, const std::string& change,
                               Deadline deadline, std::stop_token stop);

 private:
  // What is asked for, in words of HTTP and of access rules.
  struct Question {
    std::string_view verb;
    std::string path;
    Method method = Method::kGet;
    std::string_view type;  // of `body`
    std::string_view body;
    std::size_t maxBytes = 0;
    Duration timeout{0};
  };
  ApiResult<HttpRequest> request(const std::string& path);
  // The content of a good answer. A token that is refused is read anew, once.
  ApiResult<std::string> answerTo(const Question& question, std::stop_token stop);
  ApiResult<std::string> page(const std::string& next, Duration timeout, std::stop_token stop);
  ApiResult<std::string> write(std::string_view verb, Method method, const std::string& path,
                               const std::string& body, Deadline deadline, std::stop_token stop);
  Result<HttpResponse> ask(HttpRequest request, Duration timeout, std::stop_token stop);
  WatchEnd watchOnce(const std::string& path, Duration timeout,
                     const std::function<void()>& established, const TakeEvent& take,
                     std::stop_token stop);

  const Clock& clock_;
  const Cluster cluster_;
  const Collection collection_;
  Token token_;
  std::unique_ptr<HttpBatch> batch_;
};

}  // namespace rollcall::k8s
