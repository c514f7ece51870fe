#include "daemon/api/pod_api.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "daemon/db/content_source.h"

namespace rollcall::api {
namespace {

constexpr int kDeepest = 64;

PodRequest siteRequest(std::optional<ghost::Version> version, bool shared) {
  PodRequest request;
  request.path = ghost::adminApiPath(version) + "site/";
  request.door = Door::kAdmin;
  request.reason = Reason::kHealth;
  request.shared = shared;
  return request;
}

Result<PodSite> understood(const Result<HttpResponse>& answer) {
  if (auto trouble = troubleOf(answer)) return *trouble;
  auto info = ghost::parseSiteInfo(answer->body);
  if (!info) return info.error();
  const auto version = ghost::parseVersion(info->version);
  return PodSite{std::move(*info), version, answer->body};
}

}  // namespace

void askSite(PodBatch& batch, const Pod& pod, bool shared, SiteDone done) {
  batch.get(pod, siteRequest(std::nullopt, shared),
            [&batch, &pod, shared, done = std::move(done)](const Result<HttpResponse>& answer) {
              if (!answer || answer->status != 404) return done(understood(answer));
              batch.get(pod, siteRequest(ghost::Version{4, 0}, shared),
                        [done](const Result<HttpResponse>& older) { done(understood(older)); });
            });
}

Result<std::string> contentKey(const CheckContext& context) {
  if (!context.contentKey.empty()) return std::string(context.contentKey);
  if (!context.content)
    return Error{ErrorCode::kNotFound,
                 "no Content API key is known: give one as ROLLCALL_CONTENT_API_KEY"};
  auto key = context.content->contentApiKey(context.deadline, context.stop);
  if (!key) return key.error();
  if (!*key)
    return Error{ErrorCode::kNotFound,
                 "the site has no Content API key that the database account may read: make a "
                 "custom integration in Ghost's admin, or give ROLLCALL_CONTENT_API_KEY"};
  return std::move(**key);
}

std::optional<Error> troubleOf(const Result<HttpResponse>& answer) {
  if (!answer) return answer.error();
  const int status = answer->status;
  if (status == 200) return std::nullopt;
  std::string text = fmt::format("it answers {}", status);
  const std::string said = ghost::errorMessage(answer->header("content-type"), answer->body);
  if (!said.empty()) text += fmt::format(" \"{}\"", said);
  if (status == 503) return Error{ErrorCode::kUnavailable, "it boots or migrates: " + text};
  if (status >= 500) return Error{ErrorCode::kUnavailable, text};
  if (status == 401 || status == 403) return Error{ErrorCode::kPermissionDenied, text};
  return Error{status == 404 ? ErrorCode::kNotFound : ErrorCode::kProtocol, text};
}

Result<nlohmann::json> document(const Result<HttpResponse>& answer) {
  if (auto trouble = troubleOf(answer)) return *trouble;
  return parseJson(answer->body);
}

Result<nlohmann::json> parseJson(std::string_view text) {
  bool deep = false;
  const auto shallow = [&deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    deep = deep || depth > kDeepest;
    return !deep;
  };
  nlohmann::json parsed = nlohmann::json::parse(text, shallow, false);
  if (deep) return Error{ErrorCode::kProtocol, "its JSON is nested more than 64 deep"};
  if (parsed.is_discarded()) return Error{ErrorCode::kProtocol, "it is not valid JSON"};
  return parsed;
}

}  // namespace rollcall::api
