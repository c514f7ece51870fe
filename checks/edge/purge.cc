#include "checks/edge/purge.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "daemon/ghost/mail_settings.h"

namespace rollcall::checks::edge {
namespace {

// Of `url`, without scheme and host: "/welcome/".
std::string pathOf(const std::string& url) {
  const auto slash = url.find('/', url.find("//") + 2);
  return slash == std::string::npos ? "/" : url.substr(slash);
}

bool staysHere(const Url& url) {
  in_addr address{};
  const bool isAddress = ::inet_pton(AF_INET, url.host.c_str(), &address) == 1;
  return (isAddress && ntohl(address.s_addr) >> 24 == 127) || isLocalHost(url.host);
}

Result<Url> apiOf(const PurgeSettings& settings, const char* usual, std::string_view token) {
  if (token.empty())
    return invalidArgument(
        "there is no token for the CDN's API: set purge_token_file or ROLLCALL_PURGE_TOKEN");
  auto url = parseUrl(settings.url.empty() ? usual : settings.url);
  if (url && !url->https() && !staysHere(*url))
    return invalidArgument("the CDN's API is not https: the token is not sent there");
  return url;
}

Result<HttpRequest> toCache(Method method, const PurgeSettings& settings, const Url& edge,
                            const std::string& url) {
  HttpRequest request;
  request.method = method;
  request.url = url;
  if (settings.url.empty()) return request;
  const auto cache = parseUrl(settings.url);
  if (!cache) return cache.error();
  request.url = fmt::format("{}://{}{}", cache->scheme, cache->authority(), pathOf(url));
  request.headers.emplace_back("Host", edge.authority());
  return request;
}

Result<HttpRequest> toFastly(const PurgeSettings& settings, std::string_view token, const Url& edge,
                             const std::string& url) {
  if (settings.how == "auto" && !settings.zone.empty())
    return invalidArgument(
        "checks.edge.purge_zone is set, so the token is Cloudflare's, and the edge looks like "
        "Fastly: set checks.edge.purge_how");
  const auto api = apiOf(settings, "https://api.fastly.com", token);
  if (!api) return api.error();
  HttpRequest request;
  request.method = Method::kPost;
  request.url = fmt::format("{}/purge/{}{}", api->text(), edge.authority(), pathOf(url));
  request.headers = {{"Fastly-Key", std::string(token)}, {"Accept", "application/json"}};
  return request;
}

Result<HttpRequest> toCloudflare(const PurgeSettings& settings, std::string_view token,
                                 const std::string& url) {
  const auto api = apiOf(settings, "https://api.cloudflare.com/client/v4", token);
  if (!api) return api.error();
  if (settings.zone.empty())
    return invalidArgument("checks.edge.purge_zone is not set: the id of the zone at Cloudflare");
  HttpRequest request;
  request.method = Method::kPost;
  request.url = fmt::format("{}/zones/{}/purge_cache", api->text(), settings.zone);
  request.body = nlohmann::json({{"files", {url}}}).dump();
  request.headers = {{"Authorization", fmt::format("Bearer {}", token)},
                     {"Content-Type", "application/json"}};
  return request;
}

std::string_view methodName(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kPurge:
      return "PURGE";
    case Method::kBan:
      return "BAN";
  }
  return "GET";
}

}  // namespace

Cdn cacheOf(const PurgeSettings& settings, Cdn seen) {
  const std::string& how = settings.how;
  if (how == "varnish" || how == "ban") return Cdn::kVarnish;
  if (how == "nginx") return Cdn::kNginx;
  if (how == "fastly") return Cdn::kFastly;
  if (how == "cloudflare") return Cdn::kCloudflare;
  return seen;
}

Result<HttpRequest> purgeRequest(Cdn cdn, const PurgeSettings& settings, std::string_view token,
                                 const Url& edge, const std::string& url) {
  switch (cdn) {
    case Cdn::kVarnish:
    case Cdn::kNginx:
      return toCache(settings.how == "ban" ? Method::kBan : Method::kPurge, settings, edge, url);
    case Cdn::kFastly:
      return toFastly(settings, token, edge, url);
    case Cdn::kCloudflare:
      return toCloudflare(settings, token, url);
    case Cdn::kCloudFront:
      return invalidArgument(
          "CloudFront takes signed requests only: use the command of the finding");
    case Cdn::kNone:
    case Cdn::kOther:
      break;
  }
  return invalidArgument(
      "the edge does not tell which cache it is: set checks.edge.purge_how to varnish, ban, nginx, "
      "fastly or cloudflare");
}

std::string describe(const HttpRequest& request) {
  std::string text = fmt::format("{} {}", methodName(request.method), request.url);
  for (const auto& [key, value] : request.headers)
    if (key == "Host") text += " for " + value;
  if (!request.body.empty()) text += " " + request.body;
  return text;
}

std::optional<std::string> purgeFailure(Cdn cdn, const Result<HttpResponse>& answer) {
  if (!answer) return answer.error().message;
  if (answer->status / 100 != 2) return fmt::format("it answered {}", answer->status);
  if (cdn != Cdn::kCloudflare) return std::nullopt;
  const auto said = nlohmann::json::parse(answer->body, nullptr, false);
  const bool done = said.is_object() && said.contains("success") && said["success"] == true;
  return done ? std::nullopt : std::optional<std::string>("it did not say that it succeeded");
}

}  // namespace rollcall::checks::edge
