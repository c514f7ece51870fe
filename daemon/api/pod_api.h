// Ghost's APIs of one pod, as the checks of the site's state ask them.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/check.h"
#include "daemon/ghost/api.h"
#include "daemon/ghost/version.h"
#include "daemon/net/pod_client.h"

namespace rollcall::api {

// What a pod says of itself at /ghost/api/admin/site/, which needs no credentials and is answered
// from the pod's memory. On Ghost 4 it lives below /ghost/api/v4/.
struct PodSite {
  ghost::SiteInfo info;
  std::optional<ghost::Version> version;
  std::string body;  // the whole JSON document
};
using SiteDone = std::function<void(Result<PodSite>)>;

// Queues the question; `pod` must outlive the batch's drive(). Errors are the request's, or
// kProtocol when the answer is not what Ghost answers there; kUnavailable while the pod boots.
// `shared`: see PodRequest.
void askSite(PodBatch& batch, const Pod& pod, bool shared, SiteDone done);

// The Content API key to use: the configured one, else one from the database. The Error says how to
// give one.
Result<std::string> contentKey(const CheckContext& context);

// Why an answer of a pod cannot be used; nullopt for status 200. A pod that boots (503) or fails is
// kUnavailable, refused credentials are kPermissionDenied, 404 is kNotFound, all else is kProtocol.
std::optional<Error> troubleOf(const Result<HttpResponse>& answer);

// The JSON document of an answer with status 200; otherwise troubleOf() it. Nested at most 64 deep.
Result<nlohmann::json> document(const Result<HttpResponse>& answer);
// A JSON text from outside: kProtocol when it is none, or is nested more than 64 deep.
Result<nlohmann::json> parseJson(std::string_view text);

}  // namespace rollcall::api
