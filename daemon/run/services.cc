#include "daemon/run/services.h"

#include <fmt/format.h>

#include "daemon/core/version.h"
#include "daemon/net/pod_sources.h"

namespace rollcall {
namespace {

// DNS says nothing of schemes: pods found there are taken to speak TLS when a CA for pods is given.
Result<std::unique_ptr<PodSource>> makePodSource(const Clock& clock, const Config& config) {
  if (!config.pods.empty() && !config.podsDns.empty())
    return invalidArgument("both a list of pods and --pods-dns are given; use one of them");
  if (!config.pods.empty()) return makeStaticPods(config.pods);
  if (!config.podsDns.empty()) return makeDnsPods(clock, config.podsDns, !config.podCaFile.empty());
  return invalidArgument(
      "no pods to ask: give --pod NAME=URL for each pod, or --pods-dns HOST:PORT of a headless "
      "Service");
}

}  // namespace

Site siteOf(const Url& url, const std::optional<Url>& admin) {
  Site site{url, admin.value_or(url), ""};
  if (!site.admin.path.ends_with(url.path))
    site.admin.path = site.admin.path == "/" ? url.path : site.admin.path + url.path;
  return site;
}

Result<Services> makeServices(const Clock& clock, const Config& config) {
  if (!config.url)
    return invalidArgument(
        "the site's address is not known: give --url, or --ghost-config with Ghost's own "
        "config.production.json");
  Result<std::unique_ptr<PodSource>> podSource = makePodSource(clock, config);
  if (!podSource) return podSource.error();

  Services services;
  services.clock = &clock;
  services.site = siteOf(*config.url, config.adminUrl);
  services.podSource = std::move(*podSource);
  services.http = makeCurlClient(clock, fmt::format("rollcall/{}", kVersion));
  services.pods = makePodClient(*services.http, {services.site, config.podCaFile});
  if (config.database) services.contentSource = makeMysqlSources(clock, *config.database);
  if (config.databaseReader)
    services.readerSource = makeMysqlSources(clock, *config.databaseReader);
  if (!config.contentDir.empty()) services.dir = makeContentDir(clock, config.contentDir);
  return services;
}

}  // namespace rollcall
