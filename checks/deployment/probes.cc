#include "checks/deployment/probes.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace rollcall::checks::deployment {
namespace {

using k8s::Probe;
using k8s::ProbeKind;

// The path below the site's sub-directory, without its query; empty when it is not below it.
std::string below(const Url& site, const std::string& path) {
  std::string own = path.substr(0, path.find('?'));
  if (site.path == "/") return own;
  if (own == site.path) return "/";
  return own.starts_with(site.path + "/") ? own.substr(site.path.size()) : "";
}

bool isSitemap(std::string_view path) {
  return path.starts_with("/sitemap") && path.ends_with(".xml");
}

// "/ghost/api/admin/site/" or "/ghost/api/v4/admin/site/", with or without the last slash.
bool isApi(std::string_view path, std::string_view what) {
  constexpr std::string_view kApi = "/ghost/api/";
  if (!path.starts_with(kApi)) return false;
  path.remove_prefix(kApi.size());
  for (const std::string_view version : {"v3/", "v4/", "canary/"})
    if (path.starts_with(version)) path.remove_prefix(version.size());
  return path.starts_with(what);
}

Answer answerAt(std::string_view path) {
  if (path.empty()) return Answer::kUnknown;
  if (isApi(path, "admin/site")) return Answer::kMemory;
  if (isApi(path, "admin/authentication/setup")) return Answer::kDatabase;
  if (path.starts_with("/ghost/api")) return Answer::kUnknown;
  if (path == "/ghost" || path.starts_with("/ghost/") || path == "/robots.txt" || isSitemap(path) ||
      path.starts_with("/content/images/"))
    return Answer::kMemory;
  // Assets and the like; everything else is a page, or the page that says there is none.
  return path.find('.') == std::string_view::npos ? Answer::kDatabase : Answer::kUnknown;
}

Readiness afterBoot(const Probe& readiness, const Url& site) {
  switch (answerTo(readiness, site)) {
    case Answer::kMemory:
    case Answer::kRedirected:
      return Readiness::kBooted;
    case Answer::kDatabase:
      return Readiness::kDatabase;
    case Answer::kUnknown:
      return Readiness::kUnknown;
  }
  std::abort();
}

}  // namespace

Answer answerTo(const Probe& probe, const Url& site) {
  if (probe.kind != ProbeKind::kHttp) return Answer::kUnknown;
  if (site.https() && !probe.saysHttps) return Answer::kRedirected;
  return answerAt(below(site, probe.path));
}

Readiness readinessOf(const k8s::GhostContainer& ghost, const Url& site) {
  const bool portOnly = ghost.readiness && ghost.readiness->kind == ProbeKind::kTcp;
  if (ghost.readiness && !portOnly) return afterBoot(*ghost.readiness, site);
  if (ghost.startup && ghost.startup->kind == ProbeKind::kHttp) return Readiness::kBooted;
  if (ghost.startup && ghost.startup->kind == ProbeKind::kOther) return Readiness::kUnknown;
  return portOnly ? Readiness::kPort : Readiness::kNone;
}

bool diesWithDatabase(const k8s::GhostContainer& ghost, const Url& site) {
  return ghost.liveness && answerTo(*ghost.liveness, site) == Answer::kDatabase;
}

// The port is open while Ghost boots, so a probe of the port ends no boot; commands are not known.
std::optional<Duration> bootPatience(const k8s::GhostContainer& ghost) {
  if (ghost.startup && ghost.startup->kind == ProbeKind::kHttp) return ghost.startup->patience();
  if (ghost.startup && ghost.startup->kind == ProbeKind::kOther) return std::nullopt;
  if (ghost.liveness && ghost.liveness->kind == ProbeKind::kHttp) return ghost.liveness->patience();
  return std::nullopt;
}

}  // namespace rollcall::checks::deployment
