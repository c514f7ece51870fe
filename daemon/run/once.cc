#include "daemon/run/once.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "daemon/net/shared_answers.h"
#include "daemon/run/round_content.h"
#include "daemon/run/runner.h"
#include "daemon/run/watched_source.h"

namespace rollcall {
namespace {

constexpr Duration kPodsTimeout = std::chrono::seconds(10);  // the rest is for the checks

struct Job {
  const CheckSpec* spec;
  const CheckConfig* config;
};

Result<std::vector<Job>> chooseJobs(const CheckRegistry& registry, const Config& config,
                                    const std::vector<std::string>& only) {
  for (const std::string& name : only)
    if (!registry.find(name))
      return invalidArgument(fmt::format(
          "there is no check \"{}\"; `rollcall list` shows the checks that there are", name));
  std::vector<Job> jobs;
  for (const CheckSpec* spec : registry.specs()) {
    const auto found = config.checks.find(spec->name);
    if (found == config.checks.end()) continue;
    const bool wanted = only.empty()
                            ? found->second.enabled
                            : std::find(only.begin(), only.end(), spec->name) != only.end();
    if (wanted) jobs.push_back({spec, &found->second});
  }
  if (jobs.empty())
    return invalidArgument("every check is switched off; set `enabled: true` for one of them");
  return jobs;
}

// What all threads of a round share.
struct Round {
  const Config& config;
  Services& services;
  const OnceOptions& options;
  Topology topology;
  Deadline deadline;
  std::stop_token stop;
  PodClient& pods;
  Trigger trigger;
  DatabaseSight sight;
  RoundContent content;

  void tell(const std::string& text) const {
    if (options.progress) options.progress(text);
  }
};

AskBudget budgetOf(const Round& round) {
  AskBudget budget = round.config.budget;
  if (!round.options.everything) return budget;
  budget.pages = std::numeric_limits<std::size_t>::max();
  budget.perSecond = round.config.pagesPerSecond;
  budget.everything = true;
  return budget;
}

CheckRun runJob(Round& round, const Job& job, Check& check) {
  const CheckSpec& spec = *job.spec;
  round.tell(fmt::format("{}: asking {} pod{}", spec.name, round.topology.pods.size(),
                         round.topology.pods.size() == 1 ? "" : "s"));
  std::unique_ptr<ContentSource> content;
  if (round.services.contentSource)
    content = shareContent(
        watchSource(*round.services.clock, round.services.contentSource(), round.sight),
        round.content);
  std::unique_ptr<ContentSource> reader;
  if (round.services.readerSource) reader = round.services.readerSource();
  const CheckContext context{.topology = round.topology,
                             .site = round.services.site,
                             .clock = *round.services.clock,
                             .pods = round.pods,
                             .content = content.get(),
                             .dir = round.services.dir.get(),
                             .routesFile = round.config.routesFile,
                             .contentKey = round.config.contentKey,
                             .adminKey = round.config.adminKey,
                             .reader = reader.get(),
                             .workload = round.services.workload.get(),
                             .web = round.services.http.get(),
                             .purgeToken = round.config.purgeToken,
                             .smtp = round.services.smtp.get(),
                             .mail = round.config.mail ? &*round.config.mail : nullptr,
                             .commands = round.services.commands.get(),
                             .exec = &round.config.commands,
                             .trigger = round.trigger,
                             .settle = round.config.settle,
                             .budget = budgetOf(round),
                             .deadline = round.deadline,
                             .stop = round.stop};
  CheckRun run = runCheck(spec, check, context);
  round.tell(
      fmt::format("{}: {} after {}", spec.name, name(run.verdict), formatDuration(run.took)));
  return run;
}

}  // namespace

struct Rounds::Impl {
  const CheckRegistry& registry;
  const Config& config;
  Services& services;
  const OnceOptions options;
  std::vector<Job> jobs;
  std::vector<std::unique_ptr<Check>> checks;  // by job
  SinceMemory since;

  Result<void> makeChecks();
  Result<std::shared_ptr<const Report>> take(const std::stop_token& stop);
};

Result<void> Rounds::Impl::makeChecks() {
  auto chosen = chooseJobs(registry, config, options.only);
  if (!chosen) return chosen.error();
  jobs = std::move(*chosen);
  for (const Job& job : jobs) checks.push_back(job.spec->make(job.config->params));
  return {};
}

Result<std::shared_ptr<const Report>> Rounds::Impl::take(const std::stop_token& stop) {
  const bool first = checks.empty();
  if (first)
    if (auto made = makeChecks(); !made) return made.error();
  const Clock& clock = *services.clock;
  const WallTime started = clock.wall();
  const MonoTime begin = clock.mono();
  const Deadline deadline = Deadline::after(clock, options.timeout);
  Result<Topology> topology = services.podSource->pods(deadline.atMost(clock, kPodsTimeout));
  if (!topology) return topology.error();

  const std::unique_ptr<PodClient> pods = shareAnswers(*services.pods);
  Round round{config,   services, options, std::move(*topology),
              deadline, stop,     *pods,   first ? Trigger::kOnce : Trigger::kInterval,
              {},       {}};
  std::vector<CheckRun> runs(jobs.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < jobs.size(); ++i)
      threads.emplace_back([&, i] { runs[i] = runJob(round, jobs[i], *checks[i]); });
  }

  for (CheckRun& run : runs) since.apply(run, round.topology);
  Site site = services.site;
  if (const std::string title = round.sight.title(); !title.empty()) site.title = title;
  auto report = std::make_shared<Report>(makeReport(site, round.topology, std::move(runs)));
  report->started = started;
  report->took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.mono() - begin);
  report->databaseUp = round.sight.up();
  return std::shared_ptr<const Report>(std::move(report));
}

Rounds::Rounds(const CheckRegistry& registry, const Config& config, Services& services,
               OnceOptions options)
    : impl_(new Impl{registry, config, services, std::move(options), {}, {}, {}}) {}

Rounds::~Rounds() = default;

Result<std::shared_ptr<const Report>> Rounds::take(std::stop_token stop) {
  return impl_->take(stop);
}

Result<std::shared_ptr<const Report>> runOnce(const CheckRegistry& registry, const Config& config,
                                              Services& services, const OnceOptions& options,
                                              std::stop_token stop) {
  return Rounds(registry, config, services, options).take(std::move(stop));
}

}  // namespace rollcall
