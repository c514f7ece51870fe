// Who stands between readers and pods, by the headers of an answer. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/net/http_client.h"

namespace rollcall::checks::edge {

enum class Cdn { kNone, kVarnish, kNginx, kFastly, kCloudflare, kCloudFront, kOther };

std::string_view name(Cdn cdn);  // "no cache that can be seen", "Varnish", ...
Cdn cdnOf(const HttpResponse& answer);

// The headers that tell how the answer came about, short and printable.
std::map<std::string, std::string> marksOf(const HttpResponse& answer);
// Whether a cache gave the answer, as far as it says.
bool isHit(const HttpResponse& answer);

// Why an answer is the CDN's own and says nothing of the page: it limits or blocks us, shows a
// challenge or does not reach its origin. Empty when it is the page's.
std::optional<std::string> refusalOf(const HttpResponse& answer);

// A value of Cache-Control in seconds ("max-age"); empty when absent or no number.
std::optional<std::chrono::seconds> cacheSeconds(std::string_view cacheControl,
                                                 std::string_view directive);
bool hasDirective(std::string_view cacheControl, std::string_view directive);
// Whether a shared cache may keep an answer with this Cache-Control without asking again.
bool mayBeKept(std::string_view cacheControl);

// What a person pastes to make the CDN forget `url`.
std::string purgeCommand(Cdn cdn, std::string_view url);

}  // namespace rollcall::checks::edge
