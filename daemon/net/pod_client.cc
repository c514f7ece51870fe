#include "daemon/net/pod_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/core/shell_word.h"

namespace rollcall {

std::string_view name(Reason reason) {
  switch (reason) {
    case Reason::kHealth:
      return "health";
    case Reason::kView:
      return "view";
    case Reason::kNewest:
      return "newest";
    case Reason::kSuspect:
      return "suspect";
    case Reason::kSweep:
      return "sweep";
  }
  return "health";
}

namespace {

// A batch may be ahead of its pace by so much: what is asked for a change, and an ordinary round of
// a daemon, do not wait for it.
constexpr double kAheadSeconds = 2;

const Url& hostFor(const Site& site, Door door) {
  switch (door) {
    case Door::kFront:
      return site.url;
    case Door::kAdmin:
      return site.admin;
    case Door::kSidecar:
      break;
  }
  return site.url;
}

Url sidecarOf(const Pod& pod, std::uint16_t port) {
  return {.scheme = "http", .host = pod.host, .port = port, .path = "/"};
}

std::string pathBelow(const Url& url, std::string_view path) {
  return (url.path == "/" ? std::string() : url.path) + std::string(path);
}

// The site's address in the pod's own scheme; where to connect is said apart from it.
std::string urlFor(const Pod& pod, const Url& site, std::string_view path) {
  return pod.scheme + "://" + site.authority() + pathBelow(site, path);
}

// Whether a client leaves the port out of Host because it is the default of the pod's scheme while
// the site's own scheme has another.
bool clientWouldDropPort(const Pod& pod, const Url& site) {
  const auto asked = parseUrl(fmt::format("{}://{}", pod.scheme, site.authority()));
  return asked && asked->authority() != site.authority();
}

// Control characters cannot be pasted.
std::string printable(std::string_view path) {
  std::string clean;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f)
      clean += fmt::format("%{:02X}", byte);
    else
      clean += c;
  }
  return clean;
}

// The URL as a shell word in which the value of `key` is a variable.
std::string urlWord(std::string_view url) {
  constexpr std::string_view kKey = "key=";
  std::string word;
  std::size_t written = 0;
  for (auto at = url.find('?'); at != std::string_view::npos; at = url.find('&', at + 1)) {
    if (!url.substr(at + 1).starts_with(kKey)) continue;
    const std::size_t value = at + 1 + kKey.size();
    word += shellWord(url.substr(written, value - written)) + "\"$GHOST_CONTENT_KEY\"";
    written = std::min(url.find('&', value), url.size());
  }
  if (word.empty() || written < url.size()) word += shellWord(url.substr(written));
  return word;
}

class CurlPodClient final : public PodClient {
 public:
  CurlPodClient(HttpClient& http, PodClientOptions options)
      : http_(http), options_(std::move(options)) {}

  std::unique_ptr<PodBatch> batch(const AskBudget& budget) override;

  std::map<std::pair<std::string, Reason>, std::uint64_t> counts() const override {
    std::lock_guard lock(mutex_);
    return counts_;
  }

  std::string reproduce(const Pod& pod, std::string_view path, Door door) const override;

  HttpRequest requestFor(const Pod& pod, PodRequest request);

 private:
  void address(const Pod& pod, const PodRequest& request, HttpRequest& http) const;
  void count(const std::string& pod, Reason reason) {
    std::lock_guard lock(mutex_);
    ++counts_[{pod, reason}];
  }

  HttpClient& http_;
  const PodClientOptions options_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, Reason>, std::uint64_t> counts_;
};

class CurlPodBatch final : public PodBatch {
 public:
  CurlPodBatch(CurlPodClient& client, std::unique_ptr<HttpBatch> batch)
      : client_(client), batch_(std::move(batch)) {}
  void get(const Pod& pod, PodRequest request, HttpDone done) override {
    batch_->add(client_.requestFor(pod, std::move(request)), std::move(done));
  }
  void drive(Deadline deadline, std::stop_token stop) override {
    batch_->drive(deadline, std::move(stop));
  }

 private:
  CurlPodClient& client_;
  std::unique_ptr<HttpBatch> batch_;
};

std::unique_ptr<PodBatch> CurlPodClient::batch(const AskBudget& budget) {
  const QueueLimits limits{.parallel = std::max<std::size_t>(budget.parallel, 1),
                           .perSecond = budget.perSecond,
                           .atOnce = budget.perSecond * kAheadSeconds};
  return std::make_unique<CurlPodBatch>(*this, http_.batch(limits));
}

void CurlPodClient::address(const Pod& pod, const PodRequest& request, HttpRequest& http) const {
  if (request.door == Door::kSidecar) {
    http.url = fmt::format("http://{}{}", sidecarOf(pod, request.port).authority(), request.path);
    return;
  }
  const Url& site = hostFor(options_.site, request.door);
  http.url = urlFor(pod, site, request.path);
  http.connectHost = pod.host;
  http.connectPort = pod.port;
  http.headers = {{"Host", site.authority()}, {"X-Forwarded-Proto", site.scheme}};
  http.caFile = options_.podCaFile;
}

HttpRequest CurlPodClient::requestFor(const Pod& pod, PodRequest request) {
  HttpRequest http;
  address(pod, request, http);
  http.queue = pod.name;
  http.method = request.method;
  http.body = std::move(request.body);
  if (!request.contentType.empty())
    http.headers.emplace_back("Content-Type", std::move(request.contentType));
  if (!request.authorization.empty())
    http.headers.emplace_back("Authorization", std::move(request.authorization));
  if (request.firstByte) http.headers.emplace_back("Range", "bytes=0-0");
  http.maxBytes = request.maxBytes;
  http.keepBytes = request.keepBytes;
  http.keepFine = request.keepFine;
  http.timeout = request.timeout;
  http.paced = request.paced;
  http.onBody = std::move(request.onBody);
  http.onStart = [this, name = pod.name, reason = request.reason] { count(name, reason); };
  return http;
}

std::string CurlPodClient::reproduce(const Pod& pod, std::string_view path, Door door) const {
  const Url& site = hostFor(options_.site, door);
  const std::string url = urlFor(pod, site, printable(path));
  std::string command = "curl -sS -o /dev/null -D - --noproxy '*'";
  if (url.find_first_of("[]{}") != std::string::npos) command += " --globoff";
  if (url.find("/.") != std::string::npos) command += " --path-as-is";
  command += " --connect-to " + shellWord("::" + pod.address());
  if (pod.scheme == "https" && !options_.podCaFile.empty())
    command += " --cacert " + shellWord(options_.podCaFile);
  if (clientWouldDropPort(pod, site)) command += " -H " + shellWord("Host: " + site.authority());
  command += " -H " + shellWord("X-Forwarded-Proto: " + site.scheme);
  return command + " " + urlWord(url);
}

}  // namespace

std::unique_ptr<PodClient> makePodClient(HttpClient& http, PodClientOptions options) {
  return std::make_unique<CurlPodClient>(http, std::move(options));
}

}  // namespace rollcall
