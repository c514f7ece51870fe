// HTTP as a client, for everything that leaves this process. One batch = one thread; many requests
// at once, queued per `queue` so that one slow peer never delays another.
//
// Guarantees against hostile peers: redirects are never followed, no proxy is taken from the
// environment, only http and https, total deadline per request, limits on body bytes (after
// decompression), header bytes and header count.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/core/topology.h"

namespace rollcall {

// kPurge and kBan are what caches understand: forget this URL.
enum class Method { kGet, kPost, kPut, kPatch, kPurge, kBan };

struct HttpRequest {
  Method method = Method::kGet;
  std::string body;         // not of kGet; its Content-Type is among the headers
  std::string url;          // absolute; its host is what TLS verifies
  std::string connectHost;  // connect here instead of the URL's host; empty = the URL's host
  std::uint16_t connectPort = 0;
  std::string queue;  // requests of one queue share its limits (one queue a pod)
  std::vector<std::pair<std::string, std::string>> headers;  // "Host" replaces the URL's
  std::string caFile;                                        // PEM; empty = the system's
  std::size_t maxBytes = 2u << 20;
  Duration timeout = std::chrono::seconds(5);
  bool paced = false;  // counts against QueueLimits::perSecond
  std::size_t keepBytes = std::numeric_limits<std::size_t>::max();  // of the body; the rest is read
  bool keepFine = true;  // false: of a 2xx answer neither headers nor body are kept
  // When set the body is handed over piece by piece and not kept; false ends the transfer with
  // kProtocol. Called on the thread that drives the batch.
  std::function<bool(std::string_view)> onBody;
  // Called on the same thread when the answer's headers are complete, before its content.
  std::function<void(int status)> onHead;
  // Only the TLS handshake, for the certificate: nothing is sent, and nobody is verified, so that
  // one which is not in order can be looked at. The answer's status is 0.
  bool certificateOnly = false;
  // Called on the same thread when the request leaves its queue for the network.
  std::function<void()> onStart;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;                                          // decompressed
  std::string certificate;  // of certificateOnly: the peer's own, PEM; see certificate.h
  Duration took{};

  // The first header of that (lower-case) name; empty when absent.
  std::string_view header(std::string_view name) const;
};

struct QueueLimits {
  std::size_t parallel = 4;
  double perSecond = 0;  // of paced requests; 0 = not limited
  double atOnce = 1;     // paced requests that may begin before the pace counts
};

using HttpDone = std::function<void(Result<HttpResponse>)>;

// Not thread-safe: one thread adds and drives. A `done` may add further requests. Requests of one
// queue begin in the order they were added; one that waits for its pace lets unpaced ones pass.
// Must not outlive its client.
class HttpBatch {
 public:
  virtual ~HttpBatch() = default;
  virtual void add(HttpRequest request, HttpDone done) = 0;
  // Returns when every request has been answered through its `done`. Past `deadline` the rest is
  // answered kDeadlineExceeded, after a stop request kCancelled.
  virtual void drive(Deadline deadline, std::stop_token stop) = 0;
};

// Thread-safe. Errors of a request: kUnavailable (refused, reset, no route), kDeadlineExceeded,
// kProtocol (limits, nonsense, TLS that cannot be verified), kNotFound (name does not resolve).
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual std::unique_ptr<HttpBatch> batch(const QueueLimits& perQueue) = 0;
};

// The real one, on libcurl. `userAgent` e.g. "rollcall/0.1.0".
std::unique_ptr<HttpClient> makeCurlClient(const Clock& clock, std::string userAgent);

}  // namespace rollcall
