#include <malloc.h>

#include <algorithm>
#include <functional>
#include <set>

#include "daemon/cli/commands.h"
#include "daemon/cli/exit_code.h"
#include "daemon/cli/long_run.h"
#include "daemon/core/version.h"
#include "daemon/db/mysql_binlog.h"
#include "daemon/k8s/elector.h"
#include "daemon/k8s/event_sink.h"
#include "daemon/run/engine.h"
#include "daemon/run/log_sink.h"
#include "daemon/run/services.h"
#include "daemon/sinks/metrics.h"
#include "daemon/sinks/status_board.h"
#include "daemon/sinks/webhook_sink.h"
#include "daemon/state/watch_keeper.h"
#include "daemon/web/report_pages.h"

namespace rollcall {
namespace {

constexpr Duration kOldestTurn = std::chrono::seconds(30);  // for /livez
// The C library's pools of free memory. By itself it makes one for each of some thirty threads, of
// which few work at a time, and each pool grows to the most that any of its threads ever needed.
constexpr int kMostArenas = 2;

void tellStart(Journal& journal, const Services& services, const Config& config,
               std::uint16_t port) {
  journal.write(LogLevel::kInfo, "started",
                {{"version", std::string(kVersion)},
                 {"site", services.site.url.text()},
                 {"listen", config.listen},
                 {"port", std::to_string(port)},
                 {"database", config.database ? config.database->describe() : "not configured"}});
}

CheckIntervals intervalsOf(const Config& config) {
  CheckIntervals intervals;
  for (const auto& [check, settings] : config.checks)
    if (settings.enabled) intervals.emplace(check, settings.interval);
  return intervals;
}

CheckPlan planOf(const Config& config) {
  CheckPlan plan;
  for (const auto& [check, settings] : config.checks)
    plan.emplace(check, PlannedCheck{settings.enabled, settings.interval, settings.timeout});
  return plan;
}

Tell tellJournal(Journal& journal) {
  return [&journal](const News& news) {
    journal.write(news.warning ? LogLevel::kWarning : LogLevel::kInfo, news.message,
                  {{"detail", news.detail}});
  };
}

// Null when changes are only asked for.
std::unique_ptr<ChangeFeed> makeChanges(const Clock& clock, const Config& config,
                                        Journal& journal) {
  if (!config.database || config.database->follow == Follow::kPoll) return nullptr;
  return makeBinlogFeed(clock, *config.database, tellJournal(journal));
}

// Null when no Lease is configured.
Result<std::unique_ptr<Leadership>> makeLeadership(const Clock& clock, HttpClient& http,
                                                   const Config& config,
                                                   const std::string& identity, Journal& journal) {
  if (config.lease.empty()) return std::unique_ptr<Leadership>();
  return joinElection(clock, http, config.lease, config.surroundings, identity,
                      tellJournal(journal));
}

// Null when no Events are wanted.
Result<std::unique_ptr<Sink>> makeEvents(const Clock& clock, HttpClient& http, const Config& config,
                                         const std::string& identity, Journal& journal) {
  if (!config.events) return std::unique_ptr<Sink>();
  return makeEventSink(clock, http, config.kubernetes->nameSpace, config.surroundings, identity,
                       tellJournal(journal));
}

std::set<std::string, std::less<>> enabledChecks(const Config& config) {
  std::set<std::string, std::less<>> enabled;
  for (const auto& [check, settings] : config.checks)
    if (settings.enabled) enabled.insert(check);
  return enabled;
}

// Null when no state file is configured.
std::unique_ptr<WatchKeeper> makeKeeper(const Clock& clock, const Config& config, const Site& site,
                                        const StatusBoard& board, Journal& journal) {
  if (config.stateFile.empty()) return nullptr;
  return std::make_unique<WatchKeeper>(
      clock, makeFileStore(config.stateFile, site.url.text()),
      [&board] { return board.board()->timeline; }, journal);
}

// Null when none is to be told of findings.
std::unique_ptr<WebhookSink> makeWebhook(const Clock& clock, HttpClient& http, const Config& config,
                                         Journal& journal) {
  if (config.webhook.url.empty() || !config.webhook.findings) return nullptr;
  return makeWebhookSink(clock, http, config.webhook, tellJournal(journal));
}

}  // namespace

int serveCommand(const CheckRegistry& registry, const Config& config) {
  ::mallopt(M_ARENA_MAX, kMostArenas);
  blockSignals();
  const std::unique_ptr<Journal> journal = makeStderrJournal();
  const SystemClock clock;
  Result<Services> services = makeServices(clock, config);
  if (!services) return refuseToStart(*journal, services.error());
  if (std::none_of(config.checks.begin(), config.checks.end(),
                   [](const auto& one) { return one.second.enabled; }))
    return refuseToStart(*journal, invalidArgument("every check is switched off; switch one on"));

  Metrics metrics(services->pods.get(), &registry, intervalsOf(config));
  LogSink log(*journal);
  StatusBoard board;
  const std::string identity = makeIdentity();
  const Result<std::unique_ptr<Sink>> events =
      makeEvents(clock, *services->http, config, identity, *journal);
  if (!events) return refuseToStart(*journal, events.error());
  std::vector<Sink*> sinks{&metrics, &log, &board};
  if (*events) sinks.push_back(events->get());
  const std::unique_ptr<WatchKeeper> keeper =
      makeKeeper(clock, config, services->site, board, *journal);
  if (keeper) sinks.push_back(keeper.get());
  const std::unique_ptr<WebhookSink> webhook =
      makeWebhook(clock, *services->http, config, *journal);
  if (webhook) sinks.push_back(webhook.get());
  services->changes = makeChanges(clock, config, *journal);
  Engine engine(registry, config, *services, sinks);
  WebContent content{
      .board = [&] { return board.board(); },
      .metrics =
          [&] {
            return metrics.text() + (webhook ? webhookMetrics(webhook->counts()) : "") +
                   (services->changes ? followMetrics(services->changes->up()) : "") +
                   processMetrics(readProcess());
          },
      .live = [&] { return clock.mono() - engine.lastTurn() < kOldestTurn; },
      .ready = [&] { return engine.ready(); },
      .maxFindings = config.maxFindings,
      .plan = planOf(config)};
  if (config.probe)
    content.probe =
        ProbeContent{[&engine](const std::string& check, MonoTime since, RunReply reply) {
                       return engine.runNow(check, since, std::move(reply));
                     },
                     &registry, config.probeMinInterval};
  Result<std::unique_ptr<WebServer>> server =
      startWebServer(config.listen, makeReportPages(std::move(content)));
  if (!server) return refuseToStart(*journal, server.error());
  Result<std::unique_ptr<Leadership>> leadership =
      makeLeadership(clock, *services->http, config, identity, *journal);
  if (!leadership) return refuseToStart(*journal, leadership.error());
  services->leadership = std::move(*leadership);
  tellStart(*journal, *services, config, (*server)->port());
  const auto work = [&](const std::stop_token& stop) {
    if (keeper)
      if (const std::optional<PastWatch> past = keeper->start(stop)) {
        board.resume(*past, registry, enabledChecks(config));
        engine.resume(past->findings);
        if (webhook) webhook->resume(past->findings);
      }
    engine.run(stop);
    services->leadership.reset();  // another replica may lead now
    if (keeper) keeper->stop();
  };
  runUntilSignal(work, *journal);
  (*server)->stop();
  journal->write(LogLevel::kInfo, "stopped");
  return kExitPass;
}

}  // namespace rollcall
