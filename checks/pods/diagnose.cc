#include "checks/pods/diagnose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "daemon/core/url_path.h"
#include "daemon/net/redirect.h"

namespace rollcall::checks::pods {
namespace {

constexpr std::string_view kSiteName = "/ghost/api/admin/site/";
constexpr std::string_view kFrontName = "the front page";
// A pod that takes longer for what it has in memory is too busy for its silence to say anything of
// its database. Ghost answers within a few milliseconds.
constexpr Duration kPromptly = std::chrono::seconds(1);

std::string_view nameOf(Place place) {
  switch (place) {
    case Place::kSite:
      return kSiteName;
    case Place::kFront:
      return kFrontName;
  }
  std::abort();
}

Diagnosis found(Diagnosis soFar, Condition condition, Place place, std::string seen) {
  soFar.condition = condition;
  soFar.place = place;
  soFar.seen = std::move(seen);
  return soFar;
}

Diagnosis failed(const Diagnosis& soFar, const Error& error, Place place) {
  const std::string seen = fmt::format("{}: {}", nameOf(place), error.message);
  switch (error.code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kNotFound: {
      Diagnosis unreachable = found(soFar, Condition::kUnreachable, place, seen);
      unreachable.unresolved = error.code == ErrorCode::kNotFound;
      return unreachable;
    }
    case ErrorCode::kDeadlineExceeded:
      return found(soFar, Condition::kHangs, place, seen);
    case ErrorCode::kProtocol:
      return found(soFar, Condition::kNotGhost, place, seen);
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kCancelled:
    case ErrorCode::kInternal:
      break;
  }
  Diagnosis unseen = found(soFar, Condition::kUnseen, place, seen);
  unseen.why = error;
  return unseen;
}

// Everything that is not the answer hoped for; `condition` is what the status stands for.
Diagnosis answered(Diagnosis soFar, Condition condition, Place place,
                   const HttpResponse& response) {
  soFar.status = response.status;
  soFar.ghostSays = ghost::errorMessage(response.header("content-type"), response.body);
  std::string seen = fmt::format("{} answers {}", nameOf(place), response.status);
  if (isRedirect(response.status)) {
    soFar.target = quotable(response.header("location"));
    seen += " to " + (soFar.target.empty() ? "nowhere" : soFar.target);
  }
  return found(std::move(soFar), condition, place, std::move(seen));
}

// The diagnosis when the pod's own description of the site is not to be had.
std::optional<Diagnosis> problemOfSite(Diagnosis& soFar, const Answers& answers, const Site& site) {
  if (!answers.site) return failed(soFar, answers.site.error(), Place::kSite);
  const HttpResponse& response = *answers.site;
  soFar.answered = true;
  if (response.status == 200) {
    Result<ghost::SiteInfo> info = ghost::parseSiteInfo(response.body);
    if (!info)
      return found(soFar, Condition::kNotGhost, Place::kSite,
                   fmt::format("{} answers 200, but not with Ghost's document ({})", kSiteName,
                               info.error().message));
    soFar.info = std::move(*info);
    return std::nullopt;
  }
  if (response.status == 503) return answered(soFar, Condition::kBoots, Place::kSite, response);
  if (response.status >= 500)
    return answered(soFar, Condition::kServerError, Place::kSite, response);
  if (isRedirect(response.status) && leadsElsewhere(response.header("location"), site.admin))
    return answered(soFar, Condition::kRedirects, Place::kSite, response);
  return answered(soFar, Condition::kNotGhost, Place::kSite, response);
}

// Whether the pod itself says it belongs to another address. Otherwise a redirect of its front page
// is what the site's owner wished.
bool saysItIsElsewhere(const ghost::SiteInfo& info, const Site& site) {
  const Result<Url> own = parseUrl(info.url);
  return !own || own->scheme != site.url.scheme || own->authority() != site.url.authority();
}

bool databaseFails(const Answers& answers) {
  if (!answers.setup) return false;
  if (*answers.setup) return (**answers.setup).status >= 500;
  return answers.setup->error().code == ErrorCode::kDeadlineExceeded &&
         answers.site->took < kPromptly;
}

Diagnosis diagnoseFrontError(const Diagnosis& soFar, const Answers& answers,
                             const HttpResponse& response) {
  Diagnosis diagnosis = answered(soFar, Condition::kServerError, Place::kFront, response);
  if (diagnosis.ghostSays.find("currently active theme") != std::string::npos)
    diagnosis.condition = Condition::kThemeMissing;
  else if (response.status == 503)
    diagnosis.condition = Condition::kBoots;
  else if (databaseFails(answers))
    diagnosis.condition = Condition::kDatabaseLost;
  return diagnosis;
}

Diagnosis diagnoseFront(const Diagnosis& soFar, const Answers& answers, const Site& site) {
  const Result<HttpResponse>& front = *answers.front;
  if (!front) {
    Diagnosis diagnosis = failed(soFar, front.error(), Place::kFront);
    if (diagnosis.condition == Condition::kHangs && databaseFails(answers))
      diagnosis.condition = Condition::kDatabaseLost;
    return diagnosis;
  }
  const HttpResponse& response = *front;
  if (response.status >= 500) return diagnoseFrontError(soFar, answers, response);
  if (response.status == 400)
    return answered(soFar, Condition::kThemeBroken, Place::kFront, response);
  if (isRedirect(response.status)) {
    const std::string_view location = response.header("location");
    if (pathOfLink(location) == site.pathOf("/private/"))
      return answered(soFar, Condition::kPrivate, Place::kFront, response);
    if (leadsElsewhere(location, site.url) && saysItIsElsewhere(*soFar.info, site))
      return answered(soFar, Condition::kRedirects, Place::kFront, response);
  }
  if (response.status > 400 && response.status != 404 && response.status != 410)
    return answered(soFar, Condition::kNotGhost, Place::kFront, response);
  // Also 404 (routes.yaml without "/") and a redirect of the owner's making.
  return answered(soFar, Condition::kWell, Place::kFront, response);
}

}  // namespace

Diagnosis diagnose(const Answers& answers, const Site& site) {
  Diagnosis diagnosis;
  if (std::optional<Diagnosis> problem = problemOfSite(diagnosis, answers, site)) return *problem;
  if (answers.front) return diagnoseFront(diagnosis, answers, site);
  return found(diagnosis, Condition::kWell, Place::kSite, fmt::format("{} answers", kSiteName));
}

bool nobodyServes(const Topology& topology) {
  return !topology.old && std::ranges::none_of(topology.pods, &Pod::mayBeBlamed) &&
         std::ranges::any_of(topology.pods, [](const Pod& pod) { return !pod.terminating; });
}

std::string quotable(std::string_view value) {
  std::string text(value.substr(0, 300));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
  return text;
}

bool wantsSecondLook(Condition condition) {
  switch (condition) {
    case Condition::kHangs:
    case Condition::kDatabaseLost:
    case Condition::kThemeMissing:
    case Condition::kThemeBroken:
    case Condition::kServerError:
      return true;
    case Condition::kWell:
    case Condition::kPrivate:
    case Condition::kUnreachable:
    case Condition::kBoots:
    case Condition::kNotGhost:
    case Condition::kRedirects:
    case Condition::kUnseen:
      return false;
  }
  std::abort();
}

bool leadsElsewhere(std::string_view location, const Url& site) {
  location = location.substr(0, location.find_first_of("?#"));
  if (location.starts_with("//"))
    return leadsElsewhere(site.scheme + ":" + std::string(location), site);
  if (!location.starts_with("http://") && !location.starts_with("https://")) return false;
  const Result<Url> target = parseUrl(location);
  return !target || target->scheme != site.scheme || target->authority() != site.authority();
}

}  // namespace rollcall::checks::pods
