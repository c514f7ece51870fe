#include "checks/private/rules.h"

#include <fmt/format.h>

#include "daemon/api/pod_api.h"
#include "daemon/core/url_path.h"
#include "daemon/db/date_time.h"
#include "daemon/ghost/api.h"
#include "daemon/net/redirect.h"

namespace rollcall::checks::privacy {
namespace {

Sight unclear(int status) {
  return {Shown::kUnclear,
          status,
          {ErrorCode::kProtocol, "a redirect of the site's own answers before private mode does"}};
}

// What every answer says alike: an error, or the way to /private/.
std::optional<Sight> decided(const Site& site, const Result<HttpResponse>& answer) {
  if (!answer) return Sight{Shown::kUnseen, 0, answer.error()};
  const int status = answer->status;
  if (isRedirect(status)) {
    if (pathOfLink(answer->header("location")) == site.pathOf("/private/"))
      return Sight{Shown::kPrivate, status};
    return std::nullopt;
  }
  if (status == 200 || status == 404 || status == 410) return Sight{Shown::kPublic, status};
  return Sight{Shown::kUnseen, status, *api::troubleOf(answer)};
}

// A theme that is missing is missed behind private mode, where the pod looks for it first.
bool missesTheme(const Result<HttpResponse>& answer) {
  return answer && answer->status == 500 &&
         ghost::errorMessage(answer->header("content-type"), answer->body)
                 .find("currently active theme") != std::string::npos;
}

}  // namespace

Sight ofProbe(const Site& site, const Result<HttpResponse>& answer) {
  if (missesTheme(answer)) return {Shown::kPublic, answer->status};
  if (auto sight = decided(site, answer)) return *sight;
  const bool slash = pathOfLink(answer->header("location")) == site.pathOf(kProbePath) + "/";
  return slash ? Sight{Shown::kPublic, answer->status} : unclear(answer->status);
}

Sight ofFront(const Site& site, const Result<HttpResponse>& answer) {
  if (auto sight = decided(site, answer)) return *sight;
  return unclear(answer->status);
}

Duration Mode::settling(Duration settle) const {
  // A row from the future says that somebody's clock is off, not that it settles for ever.
  if (!changed || elapsed(now, *changed) > settle) return Duration::zero();
  return settle - elapsed(*changed, now);
}

Mode modeOf(const std::vector<Row>& rows) {
  Mode mode;
  if (rows.empty() || rows[0].size() < 3) return mode;
  const std::string value = rows[0][0].value_or("");
  mode.isPrivate = value == "true" || value == "1";
  mode.changed = parseDateTime(rows[0][1].value_or(""));
  mode.now = parseDateTime(rows[0][2].value_or("")).value_or(WallTime{});
  return mode;
}

}  // namespace rollcall::checks::privacy
