#include "daemon/roll/answer.h"

#include <fmt/format.h>

#include <charconv>

#include "daemon/core/url_path.h"
#include "daemon/ghost/api.h"

namespace rollcall::roll {
namespace {

constexpr long kLongCacheSeconds = 30L * 24 * 3600;

bool cachedLong(std::string_view cacheControl) {
  const auto at = cacheControl.find("max-age=");
  if (at == std::string_view::npos) return false;
  long seconds = 0;
  const std::string_view digits = cacheControl.substr(at + 8);
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return seconds >= kLongCacheSeconds;
}

// A page that is not public may only be called served when it says of itself that it is that page:
// a static route or another resource may own the path.
bool claimsToBe(const Site& site, std::string_view path, std::string_view body) {
  const auto rel = body.find("rel=\"canonical\"");
  if (rel == std::string_view::npos) return false;
  const auto tag = body.rfind('<', rel);
  const auto end = body.find('>', rel);
  if (tag == std::string_view::npos || end == std::string_view::npos) return false;
  return body.substr(tag, end - tag).find(site.pathOf(path) + "\"") != std::string_view::npos;
}

Answer unknown(int status, std::string why) {
  return {.state = State::kUnknown, .status = status, .why = std::move(why)};
}

// "https://e.org" of an address there. The rest may be the slug of a draft, and is not told.
std::string_view originOf(std::string_view location) {
  const auto host = location.find("://");
  if (host == std::string_view::npos) return "the same address";
  return location.substr(0, location.find('/', host + 3));
}

Answer ofRedirect(const Question& question, const Site& site, const HttpResponse& response) {
  const std::string_view location = response.header("location");
  const std::string_view path = pathOfLink(location);
  if (path == site.pathOf("/private/"))
    return unknown(response.status, "the pod is in private mode");
  if (path == site.pathOf(question.path))
    return unknown(response.status,
                   fmt::format("the pod redirects to {}: its url differs from the site's",
                               originOf(location)));
  Answer answer;
  answer.state = question.isPublic ? State::kMoved : State::kOk;
  answer.status = response.status;
  answer.location = location;
  answer.yearLong = cachedLong(response.header("cache-control"));
  return answer;
}

}  // namespace

std::string_view name(State state) {
  switch (state) {
    case State::kOk:
      return "ok";
    case State::kUnknown:
      return "unknown";
    case State::kTimeout:
      return "timeout";
    case State::kDeclared:
      return "declared";
    case State::kError:
      return "error";
    case State::kMoved:
      return "moved";
    case State::kMissing:
      return "missing";
    case State::kServed:
      return "served";
  }
  return "unknown";
}

bool isWrong(State state) {
  return state >= State::kDeclared;
}

Answer classify(const Question& question, const Site& site, const Result<HttpResponse>& response) {
  if (!response) {
    Answer answer = unknown(0, response.error().message);
    if (response.error().code == ErrorCode::kDeadlineExceeded) answer.state = State::kTimeout;
    return answer;
  }
  const int status = response->status;
  if (status == 503 || status == 429)
    return unknown(status,
                   fmt::format("the pod answers {}: booting, migrating or overloaded", status));
  if (status >= 300 && status < 400) return ofRedirect(question, site, *response);

  Answer answer;
  answer.status = status;
  if (status >= 200 && status < 300) {
    answer.state = State::kOk;
    if (!question.isPublic && claimsToBe(site, question.path, response->body))
      answer.state = State::kServed;
  } else if (status == 404 || status == 410) {
    answer.state = question.isPublic ? State::kMissing : State::kOk;
  } else {
    answer.why = ghost::errorMessage(response->header("content-type"), response->body);
    answer.state = question.isPublic ? State::kError : State::kUnknown;
    if (answer.why.empty()) answer.why = fmt::format("the pod answers {}", status);
  }
  return answer;
}

}  // namespace rollcall::roll
