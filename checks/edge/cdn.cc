#include "checks/edge/cdn.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "daemon/core/letter_case.h"
#include "daemon/core/shell_word.h"
#include "daemon/core/topology.h"

namespace rollcall::checks::edge {
namespace {

constexpr std::size_t kMaxMark = 120;
constexpr std::string_view kMarks[] = {"age",
                                       "x-cache",
                                       "x-cache-hits",
                                       "x-cache-status",
                                       "cf-cache-status",
                                       "cf-ray",
                                       "x-served-by",
                                       "via",
                                       "server",
                                       "cache-control",
                                       "x-varnish",
                                       "x-amz-cf-pop",
                                       "surrogate-key",
                                       "surrogate-control",
                                       "x-proxy-cache"};

std::string printable(std::string_view text) {
  std::string safe(text.substr(0, kMaxMark));
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return safe;
}

bool holds(std::string_view text, std::string_view part) {
  return lowerCase(text).find(part) != std::string::npos;
}

// From one comma to the next, trimmed and in lower case.
template <class Visit>
void eachDirective(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    visit(lowerCase(part));
  }
}

// A page that asks whether the reader is human, whatever its status.
bool isChallenge(const HttpResponse& answer) {
  return holds(answer.header("cf-mitigated"), "challenge") ||
         !answer.header("x-amzn-waf-action").empty() ||
         answer.body.find("/cdn-cgi/challenge-platform/") != std::string::npos;
}

}  // namespace

std::string_view name(Cdn cdn) {
  switch (cdn) {
    case Cdn::kNone:
      return "no cache that can be seen";
    case Cdn::kVarnish:
      return "Varnish";
    case Cdn::kNginx:
      return "nginx";
    case Cdn::kFastly:
      return "Fastly";
    case Cdn::kCloudflare:
      return "Cloudflare";
    case Cdn::kCloudFront:
      return "CloudFront";
    case Cdn::kOther:
      return "a cache";
  }
  return "a cache";
}

Cdn cdnOf(const HttpResponse& answer) {
  const auto has = [&](std::string_view header) { return !answer.header(header).empty(); };
  if (has("cf-ray") || has("cf-cache-status") || holds(answer.header("server"), "cloudflare"))
    return Cdn::kCloudflare;
  if (has("x-amz-cf-id") || holds(answer.header("via"), "cloudfront")) return Cdn::kCloudFront;
  if (answer.header("x-served-by").starts_with("cache-") || has("x-fastly-request-id"))
    return Cdn::kFastly;
  if (has("x-varnish") || holds(answer.header("via"), "varnish")) return Cdn::kVarnish;
  const bool cached = has("x-cache-status") || has("x-proxy-cache");
  if (holds(answer.header("server"), "nginx") && cached) return Cdn::kNginx;
  return cached || has("x-cache") || has("age") ? Cdn::kOther : Cdn::kNone;
}

std::map<std::string, std::string> marksOf(const HttpResponse& answer) {
  std::map<std::string, std::string> marks;
  for (const std::string_view header : kMarks)
    if (const auto value = answer.header(header); !value.empty())
      marks.emplace(header, printable(value));
  return marks;
}

bool isHit(const HttpResponse& answer) {
  for (const char* header : {"cf-cache-status", "x-cache", "x-cache-status", "x-proxy-cache"})
    if (const auto value = answer.header(header); !value.empty()) return holds(value, "hit");
  // Varnish names the request that filled the cache, too; the copy may be of this very second.
  if (answer.header("x-varnish").find(' ') != std::string_view::npos) return true;
  const std::string_view age = answer.header("age");
  return !age.empty() && age != "0";
}

std::optional<std::string> refusalOf(const HttpResponse& answer) {
  if (isChallenge(answer)) return "the edge asks whether we are human (a challenge page)";
  switch (answer.status) {
    case 401:
    case 403:
    case 451:
      return fmt::format("the edge refuses us with {}", answer.status);
    case 429:
      return "the edge limits us with 429";
    case 502:
    case 503:
    case 504:
      return fmt::format("the edge answers {}: it does not reach a pod, or is itself in trouble",
                         answer.status);
    default:
      break;
  }
  if (answer.status >= 520 && answer.status <= 530)
    return fmt::format("the edge answers {}: it does not reach a pod", answer.status);
  return std::nullopt;
}

std::optional<std::chrono::seconds> cacheSeconds(std::string_view cacheControl,
                                                 std::string_view directive) {
  std::optional<std::chrono::seconds> found;
  eachDirective(cacheControl, [&](const std::string& part) {
    if (found || !part.starts_with(directive) || part.size() <= directive.size() + 1 ||
        part[directive.size()] != '=')
      return;
    long seconds = 0;
    const char* const end = part.data() + part.size();
    const auto read = std::from_chars(part.data() + directive.size() + 1, end, seconds);
    if (read.ec == std::errc() && read.ptr == end && seconds >= 0)
      found = std::chrono::seconds(std::min(seconds, 10L * 365 * 24 * 3600));
  });
  return found;
}

bool hasDirective(std::string_view cacheControl, std::string_view directive) {
  bool found = false;
  eachDirective(cacheControl, [&](const std::string& part) { found |= part == directive; });
  return found;
}

bool mayBeKept(std::string_view cacheControl) {
  for (const char* forbids : {"no-store", "private", "no-cache"})
    if (hasDirective(cacheControl, forbids)) return false;
  const auto shared = cacheSeconds(cacheControl, "s-maxage");
  const auto any = shared ? shared : cacheSeconds(cacheControl, "max-age");
  return !any || any->count() > 0;
}

std::string purgeCommand(Cdn cdn, std::string_view url) {
  const std::string word = shellWord(url);
  const auto parsed = parseUrl(url);
  const std::string path =
      parsed ? parsed->path + (url.ends_with('/') && parsed->path != "/" ? "/" : "") : "/";
  switch (cdn) {
    case Cdn::kVarnish:
    case Cdn::kNginx:
    case Cdn::kNone:
    case Cdn::kOther:
      return fmt::format("curl -sS -X PURGE {}", word);
    case Cdn::kFastly:
      return fmt::format("curl -sS -X PURGE -H \"Fastly-Key: $FASTLY_KEY\" {}", word);
    case Cdn::kCloudflare:
      return fmt::format(
          "curl -sS -X POST -H \"Authorization: Bearer $CLOUDFLARE_TOKEN\" -H 'Content-Type: "
          "application/json' -d {} "
          "\"https://api.cloudflare.com/client/v4/zones/$ZONE/purge_cache\"",
          shellWord(fmt::format("{{\"files\":[\"{}\"]}}", url)));
    case Cdn::kCloudFront:
      return fmt::format(
          "aws cloudfront create-invalidation --distribution-id \"$DISTRIBUTION\" --paths {}",
          shellWord(path));
  }
  return {};
}

}  // namespace rollcall::checks::edge
