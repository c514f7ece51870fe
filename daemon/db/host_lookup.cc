#include "daemon/db/host_lookup.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace rollcall {
namespace {

constexpr std::chrono::milliseconds kLookAround{20};

bool numeric(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

int askSystem(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code == 0) freeaddrinfo(found);
  return code;
}

std::optional<Error> explain(const std::string& host, int code) {
  if (code == 0) return std::nullopt;
  if (code == EAI_NONAME || code == EAI_NODATA)
    return Error{ErrorCode::kNotFound, fmt::format("the database host \"{}\" is unknown", host)};
  return Error{
      ErrorCode::kUnavailable,
      fmt::format("the database host \"{}\" could not be looked up: {}", host, gai_strerror(code))};
}

}  // namespace

struct HostLookup::Lookup {
  std::string host;
  std::mutex mutex;
  std::condition_variable done;
  std::optional<int> code;
};

HostLookup::HostLookup() : HostLookup(askSystem) {}
HostLookup::HostLookup(Resolve resolve) : resolve_(std::move(resolve)) {}

std::optional<Error> HostLookup::check(const Clock& clock, const std::string& host,
                                       Deadline deadline, std::stop_token stop) {
  if (numeric(host)) return std::nullopt;
  if (!pending_ || pending_->host != host) {
    pending_ = std::make_shared<Lookup>();
    pending_->host = host;
    std::thread([lookup = pending_, resolve = resolve_] {
      const int code = resolve(lookup->host);
      const std::lock_guard lock(lookup->mutex);
      lookup->code = code;
      lookup->done.notify_all();
    }).detach();
  }
  std::unique_lock lock(pending_->mutex);
  while (!pending_->code) {
    if (stop.stop_requested())
      return Error{ErrorCode::kCancelled, "stopped while looking up the database host"};
    if (deadline.passed(clock))
      return Error{ErrorCode::kDeadlineExceeded,
                   fmt::format("looking up the database host \"{}\" took too long", host)};
    pending_->done.wait_for(lock, kLookAround);
  }
  const int code = *pending_->code;
  lock.unlock();
  pending_.reset();
  return explain(host, code);
}

}  // namespace rollcall
