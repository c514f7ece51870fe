// Asks one pod the way the ingress would: TCP to the pod, Host and TLS name of the site, the site's
// scheme in X-Forwarded-Proto. Ghost answers 301 to plain requests for an https site and 404 or 301
// to API requests with the wrong Host when admin.url is another host (measured on 5.130.6, 6.65.0).
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "daemon/core/check.h"
#include "daemon/core/topology.h"
#include "daemon/net/http_client.h"

namespace rollcall {

// Why a pod is asked: the label of rollcall_http_requests_total. A closed set.
enum class Reason { kHealth, kView, kNewest, kSuspect, kSweep };
std::string_view name(Reason reason);

// Which of the site's hosts the request is for. kSidecar: none of them, but what listens beside
// Ghost on the pod's own address, on PodRequest::port; it knows nothing of the site.
enum class Door { kFront, kAdmin, kSidecar };

struct PodRequest {
  std::string path;  // below the site's sub-directory, percent-encoded, with query if any
  Door door = Door::kFront;
  Method method = Method::kGet;
  std::uint16_t port = 0;  // of kSidecar
  // Of kPost.
  std::string body = {};
  std::string contentType = {};
  Reason reason = Reason::kHealth;
  bool paced = false;  // a rendered page: counts against AskBudget::perSecond
  std::size_t maxBytes = 2u << 20;
  std::size_t keepBytes = std::numeric_limits<std::size_t>::max();  // see HttpRequest
  bool keepFine = true;                                             // see HttpRequest
  // Of the Authorization header; empty = none. Never in reproduce(), logs or messages.
  std::string authorization = {};
  bool firstByte = false;  // no more of it is asked for; who ignores that sends all the same
  // Another check of the same one-shot round may have had this very question answered: take that.
  // Not for a second look, nor with Method::kPost. Means nothing with onBody or firstByte.
  bool shared = false;
  Duration timeout = std::chrono::seconds(5);
  std::function<bool(std::string_view)> onBody;  // see HttpRequest
};

// Not thread-safe; see HttpBatch. `pod` is copied where needed.
class PodBatch {
 public:
  virtual ~PodBatch() = default;
  virtual void get(const Pod& pod, PodRequest request, HttpDone done) = 0;
  virtual void drive(Deadline deadline, std::stop_token stop) = 0;
};

// Thread-safe.
class PodClient {
 public:
  virtual ~PodClient() = default;
  virtual std::unique_ptr<PodBatch> batch(const AskBudget& budget) = 0;
  // Requests sent so far, by (pod, reason).
  virtual std::map<std::pair<std::string, Reason>, std::uint64_t> counts() const = 0;
  // The curl command a person can paste to repeat the request.
  virtual std::string reproduce(const Pod& pod, std::string_view path, Door door) const = 0;
};

struct PodClientOptions {
  Site site;
  std::string podCaFile;  // private CA for pods that speak TLS; empty = the system's
};
std::unique_ptr<PodClient> makePodClient(HttpClient& http, PodClientOptions options);

}  // namespace rollcall
