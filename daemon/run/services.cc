#include "daemon/run/services.h"

#include <fmt/format.h>

#include "daemon/core/version.h"
#include "daemon/net/pod_sources.h"

namespace rollcall {
namespace {

// Neither DNS nor Kubernetes says how a pod's port speaks: over TLS when a CA for pods is given.
Result<std::unique_ptr<PodSource>> makePodSource(const Clock& clock, HttpClient& http,
                                                 const Config& config) {
  const bool tls = !config.podCaFile.empty();
  const int sources =
      !config.pods.empty() + !config.podsDns.empty() + config.kubernetes.has_value();
  if (sources > 1)
    return invalidArgument(
        "the pods are given in more than one way: use one of --pod, --pods-dns and "
        "--kube-selector");
  if (!config.pods.empty()) return makeStaticPods(config.pods);
  if (!config.podsDns.empty()) return makeDnsPods(clock, config.podsDns, tls);
  if (config.kubernetes)
    return makeKubePods(clock, http, *config.kubernetes, config.surroundings, tls);
  return invalidArgument(
      "no pods to ask: give --pod NAME=URL for each pod, --pods-dns HOST:PORT of a headless "
      "Service, or --kube-selector LABELS");
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
  Services services;
  services.http = makeCurlClient(clock, fmt::format("rollcall/{}", kVersion));
  Result<std::unique_ptr<PodSource>> podSource = makePodSource(clock, *services.http, config);
  if (!podSource) return podSource.error();
  if (config.kubernetes) {
    auto workload =
        makeWorkloadSource(clock, *services.http, *config.kubernetes, config.surroundings);
    if (!workload) return workload.error();
    services.workload = std::move(*workload);
  }

  services.clock = &clock;
  services.site = siteOf(*config.url, config.adminUrl);
  services.podSource = std::move(*podSource);
  services.smtp = makeCurlSmtpClient(clock);
  services.pods = makePodClient(*services.http, {services.site, config.podCaFile});
  if (config.database) services.contentSource = makeMysqlSources(clock, *config.database);
  if (config.databaseReader)
    services.readerSource = makeMysqlSources(clock, *config.databaseReader);
  if (!config.contentDir.empty()) services.dir = makeContentDir(clock, config.contentDir);
  services.commands = makeCommandRunner(clock);
  return services;
}

}  // namespace rollcall
