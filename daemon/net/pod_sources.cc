#include "daemon/net/pod_sources.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <optional>
#include <thread>

namespace rollcall {
namespace {

constexpr std::size_t kMaxNameLength = 253;
// More addresses than any site has pods.
constexpr std::size_t kMaxPods = 1000;

bool isPodName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == ':' ||
                  c == '-';
         });
}

class StaticPods final : public PodSource {
 public:
  explicit StaticPods(std::vector<Pod> pods) : topology_{std::move(pods), ""} {}
  Result<Topology> pods(Deadline) override { return topology_; }

 private:
  const Topology topology_;
};

// Shared with the thread that looks up, which may outlive the source.
struct Lookup {
  std::stop_source ended;  // requested when `answer` is there
  std::mutex mutex;
  std::optional<Result<std::vector<std::string>>> answer;
};

class DnsPods final : public PodSource {
 public:
  DnsPods(const Clock& clock, std::string host, std::uint16_t port, bool tls, Resolver resolver)
      : clock_(clock),
        host_(std::move(host)),
        port_(port),
        scheme_(tls ? "https" : "http"),
        resolver_(std::move(resolver)) {}

  Result<Topology> pods(Deadline deadline) override {
    // A lookup that came in late is better than none, but not what is asked for now.
    if (auto late = takeAnswer(); late && *late) remember(**late);
    if (!lookup_) begin();
    clock_.sleepUntil(deadline.when(), lookup_->ended.get_token());
    auto answer = takeAnswer();
    if (!answer)
      return lastList(
          {ErrorCode::kDeadlineExceeded, fmt::format("looking up {} took too long", host_)});
    if (!*answer) return lastList(answer->error());
    if ((*answer)->empty())
      return lastList({ErrorCode::kNotFound, fmt::format("the name {} has no address", host_)});
    remember(**answer);
    return Topology{*last_, ""};
  }

 private:
  void begin() {
    lookup_ = std::make_shared<Lookup>();
    std::thread([lookup = lookup_, resolver = resolver_, host = host_] {
      auto answer = resolver(host);
      {
        std::lock_guard lock(lookup->mutex);
        lookup->answer = std::move(answer);
      }
      lookup->ended.request_stop();
    }).detach();
  }

  // Of the lookup under way, if it has ended.
  std::optional<Result<std::vector<std::string>>> takeAnswer() {
    if (!lookup_) return std::nullopt;
    std::optional<Result<std::vector<std::string>>> answer;
    {
      std::lock_guard lock(lookup_->mutex);
      answer = std::move(lookup_->answer);
    }
    if (answer) lookup_.reset();
    return answer;
  }

  void remember(std::vector<std::string> addresses) {
    if (addresses.empty()) return;
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    if (addresses.size() > kMaxPods) addresses.resize(kMaxPods);
    last_.emplace();
    for (const std::string& address : addresses) {
      Pod pod;
      pod.name = address;
      pod.scheme = scheme_;
      pod.host = address;
      pod.port = port_;
      last_->push_back(std::move(pod));
    }
    lastAt_ = clock_.wall();
  }

  Result<Topology> lastList(Error why) const {
    if (!last_) return why;
    return Topology{*last_, fmt::format("{}; the list is of {}", why.message, formatTime(lastAt_)),
                    true};
  }

  const Clock& clock_;
  const std::string host_;
  const std::uint16_t port_;
  const std::string scheme_;
  const Resolver resolver_;
  std::shared_ptr<Lookup> lookup_;
  std::optional<std::vector<Pod>> last_;
  WallTime lastAt_{};
};

Error resolveError(int code, const std::string& host) {
  if (code == EAI_NONAME || code == EAI_NODATA)
    return {ErrorCode::kNotFound, fmt::format("the name {} does not resolve", host)};
  return {ErrorCode::kUnavailable,
          fmt::format("{} cannot be looked up: {}", host, ::gai_strerror(code))};
}

std::string addressText(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* raw = nullptr;
  if (address.sa_family == AF_INET)
    raw = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  else
    raw = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  ::inet_ntop(address.sa_family, raw, text, sizeof text);
  return text;
}

Result<std::vector<std::string>> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0)
    return resolveError(code, host);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  std::vector<std::string> v4;
  std::vector<std::string> v6;
  for (const addrinfo* one = found; one; one = one->ai_next) {
    if (one->ai_family == AF_INET) v4.push_back(addressText(*one->ai_addr));
    if (one->ai_family == AF_INET6) v6.push_back(addressText(*one->ai_addr));
  }
  return v4.empty() ? v6 : v4;
}

}  // namespace

Result<Pod> parsePodFlag(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos)
    return invalidArgument(
        fmt::format("\"{}\" is not a pod: write NAME=http://ADDRESS:PORT", text.substr(0, 200)));
  const std::string_view name = text.substr(0, equals);
  if (!isPodName(name))
    return invalidArgument(fmt::format(
        "\"{}\" is not a pod's name: use letters, digits and . _ : -", name.substr(0, 200)));
  auto url = parseUrl(text.substr(equals + 1));
  if (!url) return invalidArgument(fmt::format("pod {}: {}", name, url.error().message));
  if (url->path != "/")
    return invalidArgument(fmt::format(
        "pod {}: leave out the path \"{}\": it comes from the site's URL", name, url->path));
  Pod pod;
  pod.name = name;
  pod.scheme = url->scheme;
  pod.host = url->host;
  pod.port = url->port;
  return pod;
}

std::unique_ptr<PodSource> makeStaticPods(std::vector<Pod> pods) {
  return std::make_unique<StaticPods>(std::move(pods));
}

Resolver systemResolver() {
  return &resolve;
}

Result<std::unique_ptr<PodSource>> makeDnsPods(const Clock& clock, std::string_view hostPort,
                                               bool tls) {
  return makeDnsPods(clock, hostPort, tls, systemResolver());
}

Result<std::unique_ptr<PodSource>> makeDnsPods(const Clock& clock, std::string_view hostPort,
                                               bool tls, Resolver resolver) {
  const auto wrong = [&](std::string_view why) {
    return invalidArgument(
        fmt::format("\"{}\" is not a Service's HOST:PORT: {}", hostPort.substr(0, 200), why));
  };
  const auto colon = hostPort.rfind(':');
  if (colon == std::string_view::npos || hostPort.ends_with(']'))
    return wrong("the port is missing");
  if (hostPort.find('/') != std::string_view::npos)
    return wrong("leave out the scheme and the path");
  // The URL parser knows hosts, IPv6 and ports.
  auto url = parseUrl(fmt::format("http://{}", hostPort));
  if (!url) return wrong("write a host name or address and a port from 1 to 65535");
  return Result<std::unique_ptr<PodSource>>(
      std::make_unique<DnsPods>(clock, url->host, url->port, tls, std::move(resolver)));
}

}  // namespace rollcall
