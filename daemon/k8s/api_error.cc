#include "daemon/k8s/api_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/ghost/error_message.h"
#include "daemon/k8s/json.h"
#include "daemon/net/backoff.h"

namespace rollcall::k8s {
namespace {

constexpr Duration kForbiddenRest = std::chrono::minutes(1);

std::string messageOf(std::string_view body) {
  const Result<nlohmann::json> status = readJson(body);
  return ghost::oneLine(status ? textAt(*status, {"message"}) : std::string(body));
}

std::string withWords(std::string text, const std::string& words) {
  return words.empty() ? text : fmt::format("{}; the API says: {}", text, words);
}

std::string missingRule(std::string_view verb, const Collection& collection) {
  const std::string verbs = collection.verbs.empty()
                                ? fmt::format("\"{}\"", verb)
                                : fmt::format("\"{}\"", fmt::join(collection.verbs, "\", \""));
  return fmt::format(
      "Rollcall may not {0} {1} in the namespace {2}: its service account lacks a Role there with "
      "the rule {{apiGroups: [\"{3}\"], resources: [\"{1}\"], verbs: [{4}]}}",
      verb, collection.resource, collection.nameSpace, collection.group, verbs);
}

bool isOfOne(std::string_view verb) {
  return verb == "get" || verb == "update" || verb == "patch";
}

}  // namespace

ApiError refusal(int status, std::string_view verb, const Collection& collection,
                 std::string_view retryAfter, std::string_view body) {
  const std::string words = messageOf(body);
  const Duration rest = restAskedFor(retryAfter);
  const auto answers = [&](std::string_view what) {
    return withWords(fmt::format("the Kubernetes API answers {} ({}) to {} {}", status, what, verb,
                                 collection.resource),
                     words);
  };
  switch (status) {
    case 400:
      return {{ErrorCode::kInvalidArgument, answers("bad request: is the selector right?")}, rest};
    case 401:
      return {
          {ErrorCode::kPermissionDenied, answers("the service account's token is not accepted")},
          rest,
          false,
          true};
    case 403:
      return {{ErrorCode::kPermissionDenied, withWords(missingRule(verb, collection), words)},
              std::max(rest, kForbiddenRest)};
    case 404: {
      ApiError error{{ErrorCode::kNotFound,
                      answers(isOfOne(verb) ? "there is none of that name"
                                            : "it has no such kind of object: is this the API?")},
                     rest};
      error.absent = true;
      return error;
    }
    case 409: {
      ApiError error{{ErrorCode::kUnavailable, answers("another was faster")}, rest};
      error.conflict = true;
      return error;
    }
    case 410:
      return {{ErrorCode::kUnavailable, answers("the list has moved on")}, rest, true};
    case 429:
      return {{ErrorCode::kUnavailable, answers("too many requests")}, rest};
    default:
      return {{status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kProtocol,
               answers(status >= 500 ? "it fails" : "unexpected")},
              rest};
  }
}

ApiError refusal(const nlohmann::json& status, const Collection& collection) {
  const long code = numberAt(status, {"code"}, 100, 599).value_or(500);
  const auto seconds =
      numberAt(status, {"details", "retryAfterSeconds"}, 0, kLongestRestAskedFor.count());
  return refusal(static_cast<int>(code), "watch", collection,
                 seconds ? std::to_string(*seconds) : "",
                 status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace rollcall::k8s
