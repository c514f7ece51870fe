// Keeps one kind of object known: list, then watch from there, for ever.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>
#include <string>

#include "daemon/k8s/api_client.h"
#include "daemon/net/backoff.h"

namespace rollcall::k8s {

// Hears of it, on the watching thread. An Error says that what came cannot be understood.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void listBegins() = 0;
  virtual std::optional<Error> page(const nlohmann::json& items) = 0;
  virtual void listEnds() = 0;
  virtual std::optional<Error> put(const nlohmann::json& object) = 0;
  virtual std::optional<Error> dropped(const nlohmann::json& object) = 0;
  // The API answers: what is known is of this moment.
  virtual void heard() = 0;
  // It does not, or not usefully: what is known grows old.
  virtual void failed(const Error& error) = 0;
};

class Watcher {
 public:
  Watcher(const Clock& clock, ApiClient client, Random random, Listener& listener);
  // Until `stop`.
  void run(const std::stop_token& stop);

 private:
  // How long to rest before the next step.
  Duration list(const std::stop_token& stop);
  Duration watch(const std::stop_token& stop);
  Duration restAfter(const ApiError& error);
  std::optional<Error> take(const WatchEvent& event);

  const Clock& clock_;
  ApiClient client_;
  const Random random_;
  Backoff backoff_;
  Listener& listener_;
  std::string version_;  // to watch from; empty = list first
};

}  // namespace rollcall::k8s
