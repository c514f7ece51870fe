// The outside world as the checks see it, behind interfaces: built once from the Config.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "daemon/config/config.h"
#include "daemon/content/content_dir.h"
#include "daemon/core/clock.h"
#include "daemon/core/leadership.h"
#include "daemon/core/topology.h"
#include "daemon/db/change_feed.h"
#include "daemon/db/content_source.h"
#include "daemon/exec/command_runner.h"
#include "daemon/k8s/workload.h"
#include "daemon/net/pod_client.h"
#include "daemon/net/smtp_client.h"

namespace rollcall {

// Owns everything. `contentSource` makes a new source (each thread that queries has its own); null
// when no database is configured. `dir` is null when no content folder is configured.
struct Services {
  const Clock* clock = nullptr;
  Site site;
  std::unique_ptr<HttpClient> http;  // first: others borrow it
  std::unique_ptr<PodSource> podSource;
  std::unique_ptr<WorkloadSource> workload;  // null unless the pods come from Kubernetes
  std::unique_ptr<PodClient> pods;
  std::function<std::unique_ptr<ContentSource>()> contentSource;
  std::unique_ptr<ChangeFeed> changes;  // null = the database is only asked
  std::function<std::unique_ptr<ContentSource>()> readerSource;  // of database.reader
  std::unique_ptr<ContentDir> dir;
  std::unique_ptr<SmtpClient> smtp;
  std::unique_ptr<CommandRunner> commands;
  std::unique_ptr<Leadership> leadership;  // null = there is no election: this one leads
};

// Ghost serves the admin below the site's sub-directory on another host too: its url-utils add the
// sub-directory of `url` to `admin.url`.
Site siteOf(const Url& url, const std::optional<Url>& admin);

// Opens nothing yet but to Kubernetes, when the pods come from there: other connections are made on
// first use. `clock` is borrowed. kInvalidArgument when the site or its pods are not configured or
// cannot be understood.
Result<Services> makeServices(const Clock& clock, const Config& config);

}  // namespace rollcall
