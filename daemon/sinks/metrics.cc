#include "daemon/sinks/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <set>
#include <sstream>
#include <utility>

#include "daemon/core/cut_text.h"
#include "daemon/core/finding_traits.h"
#include "daemon/core/version.h"
#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::size_t kLongestLabel = 256;
constexpr std::array<double, 10> kPropagationBuckets{
    0.5, 1, 2, 5, 10, 30, 60, 300, 1800, std::numeric_limits<double>::infinity()};
constexpr std::array<Verdict, 5> kVerdicts{Verdict::kPass, Verdict::kWarn, Verdict::kFail,
                                           Verdict::kUnknown, Verdict::kNotApplicable};

// What only a process that lives on can count.
struct Totals {
  std::map<std::string, std::map<Verdict, std::uint64_t>> runs;  // by check
  std::array<std::uint64_t, kPropagationBuckets.size()> propagated{};
  double propagationSum = 0;
};

using Labels = std::vector<std::pair<const char*, std::string>>;

MetricFamily family(const char* name, const char* help, MetricType type = MetricType::Gauge) {
  MetricFamily made;
  made.name = name;
  made.help = help;
  made.type = type;
  return made;
}

// Labels from outside (pod names, versions): valid, visible and short, or the scrape is refused.
std::string labelValue(std::string_view text) {
  return std::string(cutText(visible(text), kLongestLabel));
}

ClientMetric& add(MetricFamily& family, const Labels& labels, double value) {
  ClientMetric& metric = family.metric.emplace_back();
  for (const auto& [name, text] : labels) metric.label.push_back({name, labelValue(text)});
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return metric;
}

MetricFamily buildInfo() {
  MetricFamily made = family("rollcall_build_info", "Always 1; the label tells the version.");
  add(made, {{"version", std::string(kVersion)}}, 1);
  return made;
}

// Left to the replica that leads: what that one cannot look at is not told here as 0.
bool isLeftToLeader(const CheckRun& run, const Report& report, const CheckRegistry* registry) {
  const CheckSpec* spec = registry != nullptr ? registry->find(run.check) : nullptr;
  return report.leads == false && spec != nullptr &&
         std::ranges::find(spec->needs, Need::kLead) != spec->needs.end();
}

void addChecks(std::vector<MetricFamily>& families, const Report& report,
               const CheckRegistry* registry) {
  MetricFamily took =
      family("rollcall_check_duration_seconds", "How long the check's last run took.");
  MetricFamily last = family("rollcall_check_last_run_timestamp_seconds",
                             "When the check's last run started, in Unix time.");
  MetricFamily gaps = family("rollcall_check_gaps",
                             "What the check's last run could not look at; 1 when it could not "
                             "run at all.");
  for (const CheckRun& run : report.checks) {
    add(took, {{"check", run.check}}, std::chrono::duration<double>(run.took).count());
    add(last, {{"check", run.check}},
        std::chrono::duration<double>(run.started.time_since_epoch()).count());
    if (isLeftToLeader(run, report, registry)) continue;
    add(gaps, {{"check", run.check}}, run.error ? 1 : static_cast<double>(run.outcome.gaps.size()));
  }
  families.push_back(std::move(took));
  families.push_back(std::move(last));
  families.push_back(std::move(gaps));
}

std::set<std::string> podNames(const Report& report) {
  std::set<std::string> names;
  for (const PodReport& pod : report.pods) names.insert(pod.pod.name);
  return names;
}

// Zero for every code a check could have reported and did not, so that an alert sees it end. A
// check that could not look everywhere or did not apply says nothing about the codes it did not
// find.
void addFindings(std::vector<MetricFamily>& families, const Report& report,
                 const CheckRegistry* registry) {
  const std::set<std::string> present = podNames(report);
  std::map<std::tuple<std::string, std::string_view, Severity>, std::uint64_t> all;
  std::map<std::tuple<std::string, std::string, std::string_view, Severity>, std::uint64_t> perPod;
  for (const CheckRun& run : report.checks) {
    const CheckSpec* spec = registry != nullptr ? registry->find(run.check) : nullptr;
    if (spec != nullptr && wasLookedAt(run, ""))
      for (const FindingDef& def : spec->findings) all[{run.check, def.code, def.severity}];
    for (const Finding& finding : run.outcome.findings) {
      ++all[{run.check, finding.def->code, finding.def->severity}];
      if (present.count(finding.pod) > 0)
        ++perPod[{labelValue(finding.pod), run.check, finding.def->code, finding.def->severity}];
    }
  }
  MetricFamily total = family("rollcall_findings", "Findings of the check's last run.");
  for (const auto& [key, count] : all)
    add(total,
        {{"check", std::get<0>(key)},
         {"code", std::string(std::get<1>(key))},
         {"severity", std::string(name(std::get<2>(key)))}},
        static_cast<double>(count));
  MetricFamily pods = family("rollcall_pod_findings",
                             "Findings that name the pod; a pod without any has no series.");
  for (const auto& [key, count] : perPod)
    add(pods,
        {{"pod", std::get<0>(key)},
         {"check", std::get<1>(key)},
         {"code", std::string(std::get<2>(key))},
         {"severity", std::string(name(std::get<3>(key)))}},
        static_cast<double>(count));
  families.push_back(std::move(total));
  families.push_back(std::move(pods));
}

void addPods(std::vector<MetricFamily>& families, const Report& report) {
  MetricFamily listed = family("rollcall_pods", "Pods in the list that Rollcall goes by.");
  add(listed, {}, static_cast<double>(report.pods.size()));
  MetricFamily stale =
      family("rollcall_pods_stale", "1 while the list of pods is old or not whole, else 0.");
  add(stale, {}, report.podsStale.empty() ? 0 : 1);
  families.push_back(std::move(listed));
  families.push_back(std::move(stale));
  MetricFamily up =
      family("rollcall_pod_up", "1 when the pod answered when it was last asked, else 0.");
  MetricFamily info =
      family("rollcall_pod_info", "Always 1; the label tells the pod's Ghost version.");
  for (const PodReport& pod : report.pods) {
    if (pod.asked) add(up, {{"pod", pod.pod.name}}, pod.facts.reachable ? 1 : 0);
    if (!pod.facts.version.empty())
      add(info, {{"pod", pod.pod.name}, {"version", pod.facts.version}}, 1);
  }
  families.push_back(std::move(up));
  families.push_back(std::move(info));
}

using Seconds = std::chrono::duration<double>;

std::map<std::string, bool> volumesUp(const Report& report) {
  std::map<std::string, bool> all;
  for (const CheckRun& run : report.checks)
    for (const auto& [pod, isUp] : run.outcome.tally.volumeUp) {
      bool& known = all.try_emplace(pod, true).first->second;
      known = known && isUp;
    }
  return all;
}

// The numbers of VolumeFacts.
struct VolumeFamilies {
  MetricFamily write = family("rollcall_volume_write_seconds",
                              "How long it took to create, write and fsync a block.");
  MetricFamily size = family("rollcall_volume_size_bytes", "Size of the content volume.");
  MetricFamily free =
      family("rollcall_volume_free_bytes", "What users without privileges may still write.");
  MetricFamily inodes =
      family("rollcall_volume_free_inodes", "How many files may still be created.");
  MetricFamily hung = family("rollcall_volume_hung_since_timestamp_seconds",
                             "Since when the volume does not answer, in Unix time; absent while "
                             "it does.");

  void take(const VolumeFacts& facts, const Labels& place) {
    if (facts.writeSeconds) add(write, place, *facts.writeSeconds);
    if (facts.sizeBytes) add(size, place, static_cast<double>(*facts.sizeBytes));
    if (facts.freeBytes) add(free, place, static_cast<double>(*facts.freeBytes));
    if (facts.freeInodes) add(inodes, place, static_cast<double>(*facts.freeInodes));
    if (facts.hungSince) add(hung, place, Seconds(facts.hungSince->time_since_epoch()).count());
  }
  void moveTo(std::vector<MetricFamily>& families) {
    for (MetricFamily* each : {&write, &size, &free, &inodes, &hung})
      families.push_back(std::move(*each));
  }
};

// Rollcall's own mount has no pod label. Places that were not looked at have no series.
void addVolumes(std::vector<MetricFamily>& families, const Report& report) {
  const std::set<std::string> pods = podNames(report);
  MetricFamily up = family("rollcall_volume_up",
                           "1 when the pod was seen to work with the content volume, else 0.");
  for (const auto& [pod, isUp] : volumesUp(report))
    if (pods.contains(pod)) add(up, {{"pod", pod}}, isUp ? 1 : 0);
  families.push_back(std::move(up));
  VolumeFamilies numbers;
  for (const CheckRun& run : report.checks)
    for (const auto& [pod, facts] : run.outcome.tally.volumes)
      if (pod.empty() || pods.contains(pod))
        numbers.take(facts, pod.empty() ? Labels{} : Labels{{"pod", pod}});
  numbers.moveTo(families);
}

// Two checks may count the same resources: the first in the report speaks for them.
void addResources(std::vector<MetricFamily>& families, const Report& report) {
  const std::set<std::string> pods = podNames(report);
  std::map<std::string, std::uint64_t> expected;
  std::map<std::pair<std::string, std::string>, const CheckRun*> speaker;
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> states;
  for (const CheckRun& run : report.checks) {
    for (const auto& [type, count] : run.outcome.tally.resources) expected.emplace(type, count);
    for (const auto& [key, count] : run.outcome.tally.podResources) {
      const auto& [pod, type, state] = key;
      if (pods.count(pod) > 0 && speaker.try_emplace({pod, type}, &run).first->second == &run)
        states[key] = count;
    }
  }
  MetricFamily resources = family("rollcall_resources", "Resources the database says are public.");
  for (const auto& [type, count] : expected)
    add(resources, {{"type", type}}, static_cast<double>(count));
  MetricFamily perPod =
      family("rollcall_pod_resources", "Public resources by how the pod answers for them.");
  for (const auto& [key, count] : states)
    add(perPod,
        {{"pod", std::get<0>(key)}, {"type", std::get<1>(key)}, {"state", std::get<2>(key)}},
        static_cast<double>(count));
  families.push_back(std::move(resources));
  families.push_back(std::move(perPod));
}

void addCommands(std::vector<MetricFamily>& families, const Report& report) {
  const std::set<std::string> pods = podNames(report);
  MetricFamily values = family("rollcall_exec_value",
                               "A number that a command of the check exec told, in base units.");
  for (const CheckRun& run : report.checks)
    for (const CommandNumber& one : run.outcome.tally.commandNumbers) {
      Labels labels{{"command", one.command}, {"label", one.label}, {"unit", one.unit}};
      if (!one.pod.empty()) labels.emplace_back("pod", one.pod);
      if (one.pod.empty() || pods.contains(one.pod)) add(values, labels, one.value);
    }
  families.push_back(std::move(values));
}

void addDatabase(std::vector<MetricFamily>& families, const Report& report) {
  MetricFamily up = family("rollcall_database_up",
                           "1 when the database answered when it was last asked, else 0.");
  if (report.databaseUp) add(up, {}, *report.databaseUp ? 1 : 0);
  families.push_back(std::move(up));
}

void addLeader(std::vector<MetricFamily>& families, const Report& report) {
  MetricFamily leader = family("rollcall_leader",
                               "1 while this replica of Rollcall does what only one of them does, "
                               "0 while another should.");
  if (report.leads) add(leader, {}, *report.leads ? 1 : 0);
  families.push_back(std::move(leader));
}

// What a single report carries, without what has to be counted over time.
std::vector<MetricFamily> familiesOf(const Report& report, const CheckRegistry* registry) {
  std::vector<MetricFamily> families;
  addChecks(families, report, registry);
  addFindings(families, report, registry);
  addPods(families, report);
  addVolumes(families, report);
  addResources(families, report);
  addCommands(families, report);
  addDatabase(families, report);
  addLeader(families, report);
  return families;
}

MetricFamily runsTotal(const Totals& totals) {
  MetricFamily made = family("rollcall_check_runs_total", "Completed runs of the check by verdict.",
                             MetricType::Counter);
  for (const auto& [check, byVerdict] : totals.runs) {
    for (const Verdict verdict : kVerdicts) {
      const auto found = byVerdict.find(verdict);
      add(made, {{"check", check}, {"verdict", std::string(name(verdict))}},
          found == byVerdict.end() ? 0 : static_cast<double>(found->second));
    }
  }
  return made;
}

MetricFamily intervals(const CheckIntervals& byCheck) {
  MetricFamily made = family("rollcall_check_interval_seconds", "How often the check is to run.");
  for (const auto& [check, interval] : byCheck)
    add(made, {{"check", check}}, std::chrono::duration<double>(interval).count());
  return made;
}

MetricFamily propagation(const Totals& totals) {
  MetricFamily made = family("rollcall_propagation_seconds",
                             "From a resource's publication until every pod was seen to serve it.",
                             MetricType::Histogram);
  ClientMetric& metric = made.metric.emplace_back();
  for (std::size_t i = 0; i < kPropagationBuckets.size(); ++i) {
    metric.histogram.sample_count += totals.propagated[i];
    metric.histogram.bucket.push_back({metric.histogram.sample_count, kPropagationBuckets[i]});
  }
  metric.histogram.sample_sum = totals.propagationSum;
  return made;
}

using RequestCounts = std::map<std::pair<std::string, Reason>, std::uint64_t>;

MetricFamily requestsTotal(const RequestCounts& counts, const Report& report) {
  MetricFamily made = family("rollcall_http_requests_total",
                             "Requests sent to the pod, by why it was asked.", MetricType::Counter);
  const std::set<std::string> pods = podNames(report);
  for (const auto& [key, count] : counts)
    if (pods.count(key.first) > 0)
      add(made, {{"pod", key.first}, {"reason", std::string(name(key.second))}},
          static_cast<double>(count));
  return made;
}

// Families without a series are left out: promtool calls a lone HELP line an error.
std::string serialize(std::vector<MetricFamily> families) {
  std::erase_if(families, [](const MetricFamily& each) { return each.metric.empty(); });
  std::ostringstream out;
  out.imbue(std::locale::classic());
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace

// The text is made once for each report, not for each scrape.
struct Metrics::Impl {
  Impl(const PodClient* podClient, const CheckRegistry* checks, CheckIntervals byCheck)
      : requests(podClient), registry(checks), intervalOf(std::move(byCheck)) {}

  // Everything but the requests, which are counted between reports, too.
  std::string ofReport(const Report* shown, const Totals& counted) const {
    std::vector<MetricFamily> families{buildInfo(), runsTotal(counted), intervals(intervalOf)};
    if (shown) {
      for (MetricFamily& each : familiesOf(*shown, registry)) families.push_back(std::move(each));
    }
    families.push_back(propagation(counted));
    return serialize(std::move(families));
  }

  std::string text() const {
    std::lock_guard scrape(scraping);
    std::shared_ptr<const Report> shown;
    Totals counted;
    {
      std::lock_guard lock(mutex);
      shown = report;
      if (published != std::exchange(madeOf, published)) {
        counted = totals;
        made.clear();
        asked.clear();
      }
    }
    if (made.empty()) made = ofReport(shown.get(), counted);
    if (!requests || !shown) return made;
    if (RequestCounts counts = requests->counts(); asked.empty() || counts != askedOf) {
      asked = serialize({requestsTotal(counts, *shown)});
      askedOf = std::move(counts);
    }
    return made + asked;
  }

  const PodClient* requests;
  const CheckRegistry* registry;
  const CheckIntervals intervalOf;
  mutable std::mutex mutex;  // of these three
  std::shared_ptr<const Report> report;
  Totals totals;
  std::uint64_t published = 0;

  mutable std::mutex scraping;  // of what follows; taken before the other
  mutable std::uint64_t madeOf = 0;
  mutable std::string made, asked;
  mutable RequestCounts askedOf;
};

Metrics::Metrics(const PodClient* requests, const CheckRegistry* registry, CheckIntervals intervals)
    : impl_(std::make_unique<Impl>(requests, registry, std::move(intervals))) {}

Metrics::~Metrics() = default;

void Metrics::publish(const std::shared_ptr<const Report>& report,
                      const CheckRun* latest) noexcept {
  std::lock_guard lock(impl_->mutex);
  ++impl_->published;
  impl_->report = report;
  if (latest == nullptr) return;
  Totals& totals = impl_->totals;
  ++totals.runs[latest->check][latest->verdict];
  for (const double seconds : latest->outcome.tally.propagationSeconds) {
    std::size_t bucket = 0;
    while (bucket + 1 < kPropagationBuckets.size() && !(seconds <= kPropagationBuckets[bucket]))
      ++bucket;
    ++totals.propagated[bucket];
    totals.propagationSum += seconds;
  }
}

std::string Metrics::text() const {
  return impl_->text();
}

std::string probeMetrics(const CheckRun& run, const CheckSpec& spec) {
  const bool success = run.verdict == Verdict::kPass || run.verdict == Verdict::kWarn;
  std::vector<MetricFamily> families;
  const auto single = [&](const char* name, const char* help, double value) {
    add(families.emplace_back(family(name, help)), {}, value);
  };
  single("probe_success",
         "1 when everything was looked at and nothing critical found, else 0: see "
         "rollcall_probe_verdict.",
         success ? 1 : 0);
  single("probe_duration_seconds", "How long the check took.", Seconds(run.took).count());
  single("rollcall_probe_started_timestamp_seconds",
         "When the run that is told of started, in Unix time.",
         Seconds(run.started.time_since_epoch()).count());
  single("rollcall_probe_gaps", "What the check could not look at; 1 when it could not run at all.",
         run.error ? 1 : static_cast<double>(run.outcome.gaps.size()));
  MetricFamily verdicts = family("rollcall_probe_verdict", "1 for the verdict, 0 for the others.");
  for (const Verdict verdict : kVerdicts)
    add(verdicts, {{"verdict", std::string(name(verdict))}}, verdict == run.verdict ? 1 : 0);
  families.push_back(std::move(verdicts));
  std::map<std::pair<std::string_view, Severity>, std::uint64_t> counts;
  if (wasLookedAt(run, ""))
    for (const FindingDef& def : spec.findings) counts[{def.code, def.severity}];
  for (const Finding& finding : run.outcome.findings)
    ++counts[{finding.def->code, finding.def->severity}];
  MetricFamily findings = family("rollcall_probe_findings", "What the check found.");
  for (const auto& [key, count] : counts)
    add(findings, {{"code", std::string(key.first)}, {"severity", std::string(name(key.second))}},
        static_cast<double>(count));
  families.push_back(std::move(findings));
  return serialize(std::move(families));
}

std::string agentMetrics(const VolumeFacts& facts) {
  std::vector<MetricFamily> families{buildInfo()};
  VolumeFamilies numbers;
  numbers.take(facts, {});
  numbers.moveTo(families);
  return serialize(std::move(families));
}

std::string followMetrics(bool up) {
  MetricFamily follow = family("rollcall_database_follow_up",
                               "1 while the database tells of its changes (database.follow), else "
                               "0: then it is asked every second.");
  add(follow, {}, up ? 1 : 0);
  return serialize({std::move(follow)});
}

std::string webhookMetrics(const WebhookCounts& counts) {
  MetricFamily messages =
      family("rollcall_webhook_messages_total", "Messages to the webhook, by what became of them.",
             MetricType::Counter);
  for (const auto& [result, count] :
       {std::pair("delivered", counts.delivered), std::pair("refused", counts.refused),
        std::pair("expired", counts.expired), std::pair("overflow", counts.overflow),
        std::pair("left_out", counts.leftOut)})
    add(messages, {{"result", result}}, static_cast<double>(count));
  return serialize({std::move(messages)});
}

std::string processMetrics(const ProcessFacts& facts) {
  std::vector<MetricFamily> families;
  const auto tell = [&](const char* name, const char* help, const std::optional<double>& value,
                        MetricType type = MetricType::Gauge) {
    if (value) add(families.emplace_back(family(name, help, type)), {}, *value);
  };
  tell("process_cpu_seconds_total", "User and system CPU time spent.", facts.cpuSeconds,
       MetricType::Counter);
  tell("process_resident_memory_bytes", "Resident memory size.", facts.residentBytes);
  tell("process_start_time_seconds", "When the process started, in Unix time.",
       facts.startedSeconds);
  tell("process_open_fds", "Open file descriptors.", facts.openFds);
  tell("process_max_fds", "How many file descriptors may be open.", facts.maxFds);
  return serialize(std::move(families));
}

std::string pushMetrics(const Report& report) {
  const PastRun summary = summaryOf(report);
  const auto at = std::chrono::duration<double>(report.started.time_since_epoch()).count();
  std::vector<MetricFamily> families;
  const auto single = [&](const char* name, const char* help, double value) {
    add(families.emplace_back(family(name, help)), {}, value);
  };
  single("rollcall_report_last_run_timestamp_seconds",
         "When the last report was begun, in Unix time.", at);
  if (summary.gaps == 0)
    single("rollcall_report_last_success_timestamp_seconds",
           "When the last report was begun that could look at everything, in Unix time.", at);
  single("rollcall_report_duration_seconds", "How long the last report took.",
         std::chrono::duration<double>(report.took).count());
  single("rollcall_report_gaps", "What the last report could not look at.",
         static_cast<double>(summary.gaps));
  MetricFamily findings =
      family("rollcall_report_findings", "Findings of the last report by severity.");
  for (const auto& [severity, count] :
       {std::pair(Severity::kCritical, summary.critical),
        std::pair(Severity::kWarning, summary.warning), std::pair(Severity::kInfo, summary.info)})
    add(findings, {{"severity", std::string(name(severity))}}, static_cast<double>(count));
  families.push_back(std::move(findings));
  return serialize(std::move(families));
}

std::string formatPrometheus(const Report& report) {
  std::vector<MetricFamily> families{buildInfo()};
  for (MetricFamily& each : familiesOf(report, nullptr)) families.push_back(std::move(each));
  return serialize(std::move(families));
}

}  // namespace rollcall
