// A check: one method. Timing, guarding, health and metrics live around it (daemon/run/runner.h).
#pragma once

#include <memory>
#include <stop_token>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/finding.h"
#include "daemon/core/params.h"
#include "daemon/core/topology.h"

namespace rollcall {

class PodClient;       // daemon/net/pod_client.h
class HttpClient;      // daemon/net/http_client.h
class SmtpClient;      // daemon/net/smtp_client.h
class CommandRunner;   // daemon/exec/command_runner.h
struct MailSettings;   // daemon/ghost/mail_settings.h
struct ExecCommand;    // daemon/exec/command_runner.h
class ContentSource;   // daemon/db/content_source.h
class ContentDir;      // daemon/content/content_dir.h
class WorkloadSource;  // daemon/k8s/workload.h

// Why a check runs now.
enum class Trigger {
  kOnce,      // a person or a CronJob waits: look at everything the budget allows
  kInterval,  // the daemon's rhythm
  kChange,    // the database changed, or the check asked to be run again: the newest only, at once
};

// How much a run may ask of each pod.
struct AskBudget {
  std::size_t pages = 200;   // real GETs of rendered pages per pod and run
  std::size_t parallel = 4;  // at a time per pod
  double perSecond = 0;      // rendered pages per second and pod; 0 = not limited
  bool everything = false;   // really ask for every resource, whatever else proves it
};

// The permalink configuration as far as it is known; see daemon/ghost/routes.h.
struct Routes;

// Borrowed for the length of one run. Pointers are null where the input is not configured.
struct CheckContext {
  const Topology& topology;
  const Site& site;
  const Clock& clock;
  PodClient& pods;
  ContentSource* content = nullptr;  // the database
  ContentDir* dir = nullptr;         // the shared content folder
  std::string_view routesFile;       // --routes: a routes.yaml to trust; empty = not given
  std::string_view contentKey;      // configured Content API key; empty = read it from the database
  std::string_view adminKey;        // configured Admin API key ("id:secret"); empty = none
  ContentSource* reader = nullptr;  // a replica of the database (database.reader)
  WorkloadSource* workload = nullptr;  // what the Kubernetes API shows of Ghost's workload
  HttpClient* web = nullptr;           // to where readers go, and to other people's services
  std::string_view purgeToken;         // of the CDN's API; empty = none
  SmtpClient* smtp = nullptr;
  const MailSettings* mail = nullptr;  // as Ghost's file and environment have it
  CommandRunner* commands = nullptr;
  const std::vector<ExecCommand>* exec = nullptr;  // the commands to run as checks
  // False while another replica of Rollcall holds the Lease: then what is expensive for the pods
  // (sweeps) is left to that one.
  bool leads = true;
  Trigger trigger = Trigger::kOnce;
  Duration settle = std::chrono::seconds(5);
  AskBudget budget;
  Deadline deadline;
  std::stop_token stop;
};

// Instances live as long as the daemon and may remember things between runs (a sweep's position).
// run() is never called twice at once. May throw: the runner turns that into an internal Error.
class Check {
 public:
  virtual ~Check() = default;
  virtual Result<Outcome> run(const CheckContext& context) = 0;
};

// What a check cannot work without; a check with an unmet need is "not applicable".
enum class Need { kPods, kDatabase, kWorkload, kLead };

// A check's entry in the table. One per folder under checks/, a constant of the program.
struct CheckSpec {
  std::string_view name;     // the folder's name
  std::string_view summary;  // one line for `rollcall list`
  std::vector<Need> needs;
  Duration interval;  // the daemon's default rhythm
  Duration timeout;   // a run's deadline in the daemon
  bool onChange;      // also run at once when the database changes
  std::vector<FindingDef> findings;
  std::vector<ParamDef> params;
  std::unique_ptr<Check> (*make)(const Params&);
};

}  // namespace rollcall
