// `rollcall check`: every enabled check once, in parallel, one report.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/core/report.h"
#include "daemon/run/services.h"

namespace rollcall {

struct OnceOptions {
  std::vector<std::string> only;  // empty = all enabled
  Duration timeout = std::chrono::seconds(30);
  // Really ask every pod for every resource, at Config::pagesPerSecond.
  bool everything = false;
  // Called from other threads as checks start and end: "posts: asking 3 pods". May be null.
  std::function<void(std::string_view)> progress;
};

// Round after round with the same instances of the checks, so that what they and the findings'
// times remember holds. Borrows all but the options.
class Rounds {
 public:
  Rounds(const CheckRegistry& registry, const Config& config, Services& services,
         OnceOptions options);
  ~Rounds();
  // As runOnce().
  Result<std::shared_ptr<const Report>> take(std::stop_token stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// kInvalidArgument for an unknown name in `only`; an Error when the pods cannot be listed at all.
Result<std::shared_ptr<const Report>> runOnce(const CheckRegistry& registry, const Config& config,
                                              Services& services, const OnceOptions& options,
                                              std::stop_token stop);

}  // namespace rollcall
