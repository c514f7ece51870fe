// What makes a cache forget one address. Pure.
#pragma once

#include <string>
#include <string_view>

#include "checks/edge/cdn.h"
#include "daemon/core/topology.h"

namespace rollcall::checks::edge {

enum class PurgeMode { kOff, kDry, kNow };

struct PurgeSettings {
  PurgeMode mode = PurgeMode::kOff;
  std::string how = "auto";  // varnish, ban, nginx, fastly or cloudflare; auto: by its answers
  std::string url;           // who is asked: the cache itself or the CDN's API; empty = the usual
  std::string zone;          // of Cloudflare
};

// Which cache is to be purged: the configured one, else the one `seen` at the edge.
Cdn cacheOf(const PurgeSettings& settings, Cdn seen);

// The request that makes `cdn` forget `url`, an address on `edge`. An Error says why there is none:
// no token, a CDN that takes no simple request. The token goes only over TLS, or to this machine.
Result<HttpRequest> purgeRequest(Cdn cdn, const PurgeSettings& settings, std::string_view token,
                                 const Url& edge, const std::string& url);
// "PURGE http://10.0.0.9:6081/welcome/ for example.org": for reports and logs, without the token.
std::string describe(const HttpRequest& request);

// Nothing when the cache says it has done it; else what it says.
std::optional<std::string> purgeFailure(Cdn cdn, const Result<HttpResponse>& answer);

}  // namespace rollcall::checks::edge
