#include "daemon/run/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <variant>

#include "daemon/run/look_times.h"
#include "daemon/run/mailbox.h"
#include "daemon/run/runner.h"
#include "daemon/run/timetable.h"
#include "daemon/run/watched_source.h"

namespace rollcall {
namespace {

constexpr Duration kLongestWait = std::chrono::seconds(1);           // between two turns
constexpr Duration kPodsTimeout = std::chrono::milliseconds(2'500);  // also bounds stopping
constexpr Duration kPollTimeout = std::chrono::seconds(3);

struct RunEnded {
  std::size_t row;
  CheckRun run;
  std::shared_ptr<const Topology> asked;  // the pods it knew
};
struct PodsListed {
  Result<Topology> topology;
};
struct DatabaseAsked {
  Result<ChangeMark> mark;
};
struct RunAsked {
  std::size_t row;
  MonoTime since;
  RunReply reply;
};
using Message = std::variant<RunEnded, PodsListed, DatabaseAsked, RunAsked>;
using Inbox = Mailbox<Message>;

struct Job {
  Trigger trigger;
  std::shared_ptr<const Topology> topology;
  bool leads = true;
};

// What the change feed's thread tells the poller's: once, however often it is told before that
// looks.
class Touches {
 public:
  void tell() {
    if (!told_.exchange(true)) bell_.wake();
  }
  bool take() { return told_.exchange(false); }
  // Returns at `until`, or earlier when there is something to take or it was woken.
  void wait(const Clock& clock, MonoTime until) { bell_.wait(clock, until); }
  void wake() { bell_.wake(); }

 private:
  std::atomic<bool> told_ = false;
  Mailbox<std::monostate> bell_;
};

// What the threads beside the engine's share. Nothing in it changes while they run.
struct Shared {
  const Config& config;
  Services& services;
  Inbox& inbox;
  DatabaseSight& sight;

  const Clock& clock() const { return *services.clock; }
};

// A check and the thread it runs on.
class Worker {
 public:
  Worker(std::size_t row, const CheckSpec& spec, const CheckConfig& config, Shared& shared)
      : row_(row), spec_(spec), config_(config), shared_(shared) {}

  void start() {
    thread_ = std::jthread([this](std::stop_token stop) { work(stop); });
  }
  void requestStop() { thread_.request_stop(); }
  // Only while no job is under way.
  void give(Job job) {
    {
      std::lock_guard lock(mutex_);
      job_ = std::move(job);
    }
    given_.notify_one();
  }

 private:
  std::optional<Job> take(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    if (!given_.wait(lock, stop, [this] { return job_.has_value(); })) return std::nullopt;
    return std::exchange(job_, std::nullopt);
  }

  void work(std::stop_token stop) {
    const std::unique_ptr<Check> check = spec_.make(config_.params);
    std::unique_ptr<ContentSource> content;
    if (shared_.services.contentSource)
      content = watchSource(shared_.clock(), shared_.services.contentSource(), shared_.sight);
    std::unique_ptr<ContentSource> reader;
    if (shared_.services.readerSource) reader = shared_.services.readerSource();
    while (std::optional<Job> job = take(stop)) {
      CheckContext context = contextFor(*job, content.get(), stop);
      context.reader = reader.get();
      CheckRun run = runCheck(spec_, *check, context);
      shared_.inbox.push(RunEnded{row_, std::move(run), std::move(job->topology)});
    }
  }

  CheckContext contextFor(const Job& job, ContentSource* content, std::stop_token stop) const {
    const Config& config = shared_.config;
    CheckContext context{.topology = *job.topology,
                         .site = shared_.services.site,
                         .clock = shared_.clock(),
                         .pods = *shared_.services.pods,
                         .content = content,
                         .dir = shared_.services.dir.get(),
                         .routesFile = config.routesFile,
                         .contentKey = config.contentKey,
                         .adminKey = config.adminKey,
                         .workload = shared_.services.workload.get(),
                         .web = shared_.services.http.get(),
                         .purgeToken = config.purgeToken,
                         .smtp = shared_.services.smtp.get(),
                         .mail = config.mail ? &*config.mail : nullptr,
                         .commands = shared_.services.commands.get(),
                         .exec = &config.commands,
                         .leads = job.leads,
                         .trigger = job.trigger,
                         .settle = config.settle,
                         .budget = config.budget,
                         .deadline = Deadline::after(shared_.clock(), config_.timeout),
                         .stop = std::move(stop)};
    context.budget.perSecond = config.pagesPerSecond;
    return context;
  }

  const std::size_t row_;
  const CheckSpec& spec_;
  const CheckConfig& config_;
  Shared& shared_;
  std::mutex mutex_;
  std::condition_variable_any given_;
  std::optional<Job> job_;
  std::jthread thread_;  // last: joined before what it uses goes away
};

// Lists the pods again and again. A name server that hangs holds nobody else up.
void listPods(Shared& shared, std::stop_token stop) {
  const Clock& clock = shared.clock();
  const Duration rhythm = shared.services.podSource->rhythm();
  MonoTime next = clock.mono();
  do {
    shared.inbox.push(
        PodsListed{shared.services.podSource->pods(Deadline::after(clock, kPodsTimeout))});
    next = std::max(next, clock.mono() - rhythm) + rhythm;
  } while (clock.sleepUntil(next, stop));
}

// Asks the database whether something changed.
void pollDatabase(Shared& shared, Touches& touches, std::stop_token stop) {
  const Clock& clock = shared.clock();
  const std::stop_callback onStop(stop, [&touches] { touches.wake(); });
  const std::unique_ptr<ContentSource> source = shared.services.contentSource();
  LookTimes times(clock.mono());
  while (!stop.stop_requested()) {
    const MonoTime began = clock.mono();
    if (touches.take()) times.touched(began);
    if (began < times.next()) {
      touches.wait(clock, times.next());
      continue;
    }
    Result<ChangeMark> mark = source->mark(Deadline::after(clock, kPollTimeout), stop);
    if (stop.stop_requested()) return;
    times.looked(began, clock.mono(), mark.has_value());
    shared.inbox.push(DatabaseAsked{std::move(mark)});
  }
}

}  // namespace

struct Engine::Impl {
  Impl(const CheckRegistry& registry, const Config& config, Services& services,
       std::vector<Sink*> sinks);

  void run(const std::stop_token& stop);
  void turn();
  void publish(std::optional<std::size_t> latest);
  std::shared_ptr<Report> makeCurrentReport() const;

  void handle(RunEnded& message);
  void handle(PodsListed& message);
  void handle(DatabaseAsked& message);
  void handle(RunAsked& message);
  void answerAskers(std::size_t row);
  void takeTopology(Topology topology);
  void noteLeadership();
  bool isNew(const Pod& pod) const;
  void forgetGonePods();
  void hurrySite();

  Services& services_;
  const std::vector<Sink*> sinks_;
  Inbox inbox_;
  DatabaseSight sight_;
  Touches touches_;
  Shared shared_;

  // Owned by the engine's thread.
  const std::vector<const CheckSpec*> specs_;  // of the enabled checks; a row is an index into it
  Timetable timetable_;
  struct UnderWay {
    Trigger trigger;
    MonoTime began;
    bool wholeSince(MonoTime since) const {
      return trigger == Trigger::kInterval && began >= since;
    }
  };
  std::vector<std::optional<UnderWay>> underWay_;
  std::vector<std::vector<RunAsked>> askers_;
  std::vector<std::optional<CheckRun>> latest_;
  std::vector<std::shared_ptr<const Topology>> latestAsked_;  // the pods that each of them knew
  SinceMemory since_;
  std::shared_ptr<const Topology> topology_;  // null until the pods were listed once
  std::set<std::string> asked_;               // pods that a completed run knew
  std::optional<ChangeMark> mark_;
  std::optional<bool> databaseUp_;
  std::optional<bool> leads_;  // empty: there is no election

  // Read by other threads.
  mutable std::mutex mutex_;
  std::shared_ptr<const Report> report_;
  std::atomic<Duration::rep> lastTurn_;
  std::atomic<bool> ready_ = false;

  std::vector<std::unique_ptr<Worker>> workers_;
};

namespace {

std::vector<const CheckSpec*> enabledSpecs(const CheckRegistry& registry, const Config& config) {
  std::vector<const CheckSpec*> specs;
  for (const CheckSpec* spec : registry.specs()) {
    const auto found = config.checks.find(spec->name);
    if (found != config.checks.end() && found->second.enabled) specs.push_back(spec);
  }
  return specs;
}

std::vector<Timetable::Row> rowsFor(const std::vector<const CheckSpec*>& specs,
                                    const Config& config) {
  std::vector<Timetable::Row> rows;
  for (const CheckSpec* spec : specs)
    rows.push_back({std::string(spec->name), config.checks.find(spec->name)->second.interval});
  return rows;
}

// The pods of `now` without those that took another's name since `before`: what was seen of the
// other is not said of them.
Topology withoutSuccessors(Topology now, const Topology& before) {
  std::erase_if(now.pods, [&](const Pod& pod) {
    return std::any_of(before.pods.begin(), before.pods.end(),
                       [&](const Pod& one) { return one.name == pod.name && one.uid != pod.uid; });
  });
  return now;
}

// What needs neither pods nor database, but only the lead (mail, commands), looks at what is not
// Ghost: a pod or a database that comes back is no news to it.
bool standsBesideTheSite(const CheckSpec& spec) {
  return spec.needs == std::vector{Need::kLead};
}

std::string missedNote(std::uint64_t missed) {
  return fmt::format("{} {} left out: the runs take longer than the check's interval", missed,
                     missed == 1 ? "run was" : "runs were");
}

}  // namespace

Engine::Impl::Impl(const CheckRegistry& registry, const Config& config, Services& services,
                   std::vector<Sink*> sinks)
    : services_(services),
      sinks_(std::move(sinks)),
      shared_{config, services, inbox_, sight_},
      specs_(enabledSpecs(registry, config)),
      timetable_(rowsFor(specs_, config), services.clock->mono()),
      underWay_(specs_.size()),
      askers_(specs_.size()),
      latest_(specs_.size()),
      latestAsked_(specs_.size()),
      lastTurn_(services.clock->mono().time_since_epoch().count()) {
  for (std::size_t row = 0; row < specs_.size(); ++row)
    workers_.push_back(std::make_unique<Worker>(
        row, *specs_[row], config.checks.find(specs_[row]->name)->second, shared_));
}

void Engine::Impl::run(const std::stop_token& stop) {
  const std::stop_callback onStop(stop, [this] { inbox_.wake(); });
  for (const auto& worker : workers_) worker->start();
  std::jthread lister([this](std::stop_token token) { listPods(shared_, token); });
  std::jthread poller;
  if (services_.contentSource)
    poller =
        std::jthread([this](std::stop_token token) { pollDatabase(shared_, touches_, token); });
  std::jthread follower;
  if (services_.changes)
    follower = std::jthread([this](std::stop_token token) {
      services_.changes->follow([this] { touches_.tell(); }, token);
    });
  while (!stop.stop_requested()) {
    turn();
    const MonoTime latest = services_.clock->mono() + kLongestWait;
    inbox_.wait(*services_.clock, topology_ ? std::min(timetable_.next(), latest) : latest);
  }
  // All at once, so that their ends do not add up. What they still send is cut short: not told.
  lister.request_stop();
  poller.request_stop();
  follower.request_stop();
  for (const auto& worker : workers_) worker->requestStop();
  workers_.clear();
}

void Engine::Impl::turn() {
  lastTurn_ = services_.clock->mono().time_since_epoch().count();
  for (Message& message : inbox_.take()) std::visit([this](auto& one) { handle(one); }, message);
  if (!topology_) return;
  noteLeadership();
  const MonoTime now = services_.clock->mono();
  for (const Timetable::Start& start : timetable_.due(now)) {
    underWay_[start.row] = UnderWay{start.trigger, now};
    workers_[start.row]->give(Job{start.trigger, topology_, leads_.value_or(true)});
  }
}

// What only the leader does begins at once, and is at once said not to apply any more.
void Engine::Impl::noteLeadership() {
  if (!services_.leadership) return;
  const bool leads = services_.leadership->leads();
  if (leads == std::exchange(leads_, leads)) return;
  for (std::size_t row = 0; row < specs_.size(); ++row)
    if (std::ranges::count(specs_[row]->needs, Need::kLead) > 0) timetable_.hurry(row);
  publish(std::nullopt);
}

void Engine::Impl::handle(RunEnded& message) {
  CheckRun& run = message.run;
  timetable_.ended(message.row, services_.clock->mono(), run.outcome.again);
  if (const std::uint64_t missed = timetable_.takeMissed(message.row))
    run.outcome.notes.push_back(missedNote(missed));
  dropGonePods(run, withoutSuccessors(*topology_, *message.asked));
  doubtReturned(*specs_[message.row], run, *message.asked, *topology_);
  since_.apply(run, *message.asked);
  for (const Pod& pod : message.asked->pods) asked_.insert(pod.name);
  forgetGonePods();
  latest_[message.row] = std::move(run);
  latestAsked_[message.row] = std::move(message.asked);
  ready_ = std::all_of(latest_.begin(), latest_.end(), [](const auto& one) { return !!one; });
  publish(message.row);
  answerAskers(message.row);
}

void Engine::Impl::handle(RunAsked& message) {
  const std::optional<UnderWay>& run = underWay_[message.row];
  if (!run || !run->wholeSince(message.since)) timetable_.hurry(message.row);
  askers_[message.row].push_back(std::move(message));
}

// Those whom the run that has just ended is too old for were given another.
void Engine::Impl::answerAskers(std::size_t row) {
  const UnderWay run = *std::exchange(underWay_[row], std::nullopt);
  std::erase_if(askers_[row], [&](const RunAsked& one) {
    if (!run.wholeSince(one.since)) return false;
    one.reply({run.began, report_});
    return true;
  });
}

void Engine::Impl::forgetGonePods() {
  std::set<std::string> known;
  for (const Pod& pod : topology_->pods) known.insert(pod.name);
  std::erase_if(asked_, [&](const std::string& pod) { return known.count(pod) == 0; });
}

void Engine::Impl::handle(PodsListed& message) {
  if (message.topology) return takeTopology(std::move(*message.topology));
  Topology old = topology_ ? *topology_ : Topology{};
  old.stale = std::move(message.topology.error().message);
  old.old = true;
  takeTopology(std::move(old));
}

// Never asked, or another process than the one that was, or not to be blamed until now.
bool Engine::Impl::isNew(const Pod& pod) const {
  if (asked_.count(pod.name) == 0) return true;
  const auto before = std::find_if(topology_->pods.begin(), topology_->pods.end(),
                                   [&](const Pod& one) { return one.name == pod.name; });
  return before != topology_->pods.end() &&
         // Earlier: the container ended, and only the pod's own start is known.
         (before->uid != pod.uid || before->startedAt < pod.startedAt ||
          (!before->mayBeBlamed() && pod.mayBeBlamed()));
}

void Engine::Impl::takeTopology(Topology topology) {
  if (topology_ && *topology_ == topology) return;
  const bool first = !topology_;
  const bool newPod = std::any_of(topology.pods.begin(), topology.pods.end(),
                                  [&](const Pod& pod) { return isNew(pod); });
  const Topology before = topology_ ? *topology_ : Topology{};
  topology_ = std::make_shared<const Topology>(std::move(topology));
  if (first) return;
  forgetGonePods();
  const Topology same = withoutSuccessors(*topology_, before);
  for (std::size_t row = 0; row < latest_.size(); ++row) {
    if (!latest_[row]) continue;
    dropGonePods(*latest_[row], same);
    doubtReturned(*specs_[row], *latest_[row], *latestAsked_[row], *topology_);
  }
  if (newPod) hurrySite();
  publish(std::nullopt);
}

void Engine::Impl::handle(DatabaseAsked& message) {
  const bool up = message.mark.has_value();
  const std::optional<bool> before = std::exchange(databaseUp_, up);
  if (up) {
    const bool changed = mark_ && *mark_ != *message.mark;
    mark_ = std::move(*message.mark);
    // What failed for want of a database is worth a full look; it takes a change in, too.
    if (before == false)
      hurrySite();
    else if (changed)
      for (std::size_t row = 0; row < specs_.size(); ++row)
        if (specs_[row]->onChange) timetable_.change(row);
  }
  if (before != databaseUp_) publish(std::nullopt);
}

void Engine::Impl::hurrySite() {
  for (std::size_t row = 0; row < specs_.size(); ++row)
    if (!standsBesideTheSite(*specs_[row])) timetable_.hurry(row);
}

std::shared_ptr<Report> Engine::Impl::makeCurrentReport() const {
  std::vector<CheckRun> runs;
  std::vector<std::string> pending;
  for (std::size_t row = 0; row < specs_.size(); ++row)
    if (latest_[row])
      runs.push_back(*latest_[row]);
    else
      pending.emplace_back(specs_[row]->name);
  Site site = services_.site;
  if (const std::string title = sight_.title(); !title.empty()) site.title = title;
  auto report =
      std::make_shared<Report>(makeReport(site, *topology_, std::move(runs), std::move(pending)));
  for (PodReport& pod : report->pods)
    if (asked_.count(pod.pod.name) == 0) pod.verdict = Verdict::kUnknown;
  report->started = services_.clock->wall();
  report->databaseUp = databaseUp_;
  report->leads = leads_;
  return report;
}

void Engine::Impl::publish(std::optional<std::size_t> latest) {
  if (std::none_of(latest_.begin(), latest_.end(), [](const auto& one) { return !!one; })) return;
  const std::shared_ptr<Report> report = makeCurrentReport();
  const CheckRun* run = nullptr;
  if (latest) {
    run = &*std::find_if(report->checks.begin(), report->checks.end(),
                         [&](const CheckRun& one) { return one.check == specs_[*latest]->name; });
    report->started = run->started;
    report->took = run->took;
  }
  {
    std::lock_guard lock(mutex_);
    report_ = report;
  }
  for (Sink* sink : sinks_) sink->publish(report, run);
}

Engine::Engine(const CheckRegistry& registry, const Config& config, Services& services,
               std::vector<Sink*> sinks)
    : impl_(std::make_unique<Impl>(registry, config, services, std::move(sinks))) {}

Engine::~Engine() = default;

void Engine::run(std::stop_token stop) {
  impl_->run(stop);
}

std::shared_ptr<const Report> Engine::report() const {
  std::lock_guard lock(impl_->mutex_);
  return impl_->report_;
}

void Engine::resume(const std::vector<PastFinding>& findings) {
  impl_->since_.resume(findings);
}

MonoTime Engine::lastTurn() const {
  return MonoTime(Duration(impl_->lastTurn_));
}

bool Engine::ready() const {
  return impl_->ready_;
}

bool Engine::runNow(const std::string& check, MonoTime since, RunReply reply) {
  const std::vector<const CheckSpec*>& specs = impl_->specs_;
  const auto found = std::ranges::find(specs, check, &CheckSpec::name);
  if (found == specs.end()) return false;
  const auto row = static_cast<std::size_t>(found - specs.begin());
  impl_->inbox_.push(RunAsked{row, since, std::move(reply)});
  return true;
}

}  // namespace rollcall
