// What the API's refusals mean, for a person and for what to do next. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/k8s/collection.h"

namespace rollcall::k8s {

struct ApiError {
  Error error;
  Duration rest{0};           // ask again no sooner than after this
  bool gone = false;          // 410: the version asked from is too old, list anew
  bool unauthorized = false;  // 401: the token is not, or no longer, good
  bool conflict = false;      // 409: the object is not as it was, or its name is taken
  bool absent = false;        // 404: there is no such object, or no such kind
};
template <class T>
using ApiResult = tl::expected<T, ApiError>;

inline tl::unexpected<ApiError> apiError(ErrorCode code, std::string message) {
  return tl::unexpected(ApiError{{code, std::move(message)}});
}

// Of an answer that is none of 2xx. `verb` is what was asked for, as an access rule names it:
// "list", "update". `body` is the beginning of the answer (a Status object as a rule). A 403 names
// the rule that is missing and is not worth another try within a minute.
ApiError refusal(int status, std::string_view verb, const Collection& collection,
                 std::string_view retryAfter, std::string_view body);

// Of a Status object that came in a watch.
ApiError refusal(const nlohmann::json& status, const Collection& collection);

}  // namespace rollcall::k8s
