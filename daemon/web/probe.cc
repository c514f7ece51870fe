#include "daemon/web/probe.h"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <mutex>
#include <utility>

#include "daemon/sinks/metrics.h"
#include "daemon/web/connections.h"

namespace rollcall {
namespace {

constexpr Duration kLongestWait = std::chrono::minutes(2);
constexpr double kWay = 0.5;  // seconds of a scrape's timeout that are left for the network
constexpr std::size_t kPodsNamed = 20;

Result<Duration> patienceOf(const std::string& timeout, const PlannedCheck& planned) {
  if (timeout.empty()) return std::min(planned.timeout, kLongestWait);
  double seconds = 0;
  const char* const end = timeout.data() + timeout.size();
  const auto [stop, error] = std::from_chars(timeout.data(), end, seconds);
  if (error != std::errc() || stop != end || !std::isfinite(seconds) || seconds <= 0)
    return invalidArgument("X-Prometheus-Scrape-Timeout-Seconds is not a number of seconds");
  const double most = std::chrono::duration<double>(kLongestWait).count();
  const double wait = std::min(std::max(seconds - kWay, seconds / 2), most);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(wait));
}

auto findPod(const Report& report, const std::string& pod) {
  return std::ranges::find(report.pods, pod, [](const PodReport& one) { return one.pod.name; });
}

// All that is told of the check: a whole report for each check that is probed would be too much.
std::shared_ptr<const Report> excerpt(const Report& report, const std::string& check) {
  auto kept = std::make_shared<Report>();
  kept->pods = report.pods;
  const auto run = std::ranges::find(report.checks, check, &CheckRun::check);
  if (run == report.checks.end()) return kept;
  kept->checks.push_back(*run);
  kept->checks.front().outcome.tally = {};
  return kept;
}

}  // namespace

std::optional<Error> refusePod(const Report& report, const std::string& pod) {
  if (findPod(report, pod) != report.pods.end()) return std::nullopt;
  std::vector<std::string> known;
  for (const PodReport& one : report.pods)
    if (known.size() < kPodsNamed) known.push_back(echo(one.pod.name));
  const std::size_t more = report.pods.size() - known.size();
  return invalidArgument(fmt::format("there is no pod {}; known are: {}{}", echo(pod),
                                     fmt::join(known, ", "),
                                     more > 0 ? fmt::format(" and {} more", more) : ""));
}

Result<ProbeQuestion> readProbeQuestion(const WebRequest& request, const CheckPlan& plan) {
  if (const auto refused = refuseUnknown(request.query, {"check", "pod"})) return *refused;
  ProbeQuestion question;
  Result<std::string> check = singleValue(request.query, "check");
  if (!check) return check.error();
  if (const auto refused = refuseCheck(plan, *check)) return *refused;
  question.check = std::move(*check);
  Result<std::string> pod = singleValue(request.query, "pod");
  if (!pod) return pod.error();
  question.pod = std::move(*pod);
  const Result<Duration> patience =
      patienceOf(request.scrapeTimeout, plan.find(question.check)->second);
  if (!patience) return patience.error();
  question.patience = *patience;
  return question;
}

Result<CheckRun> runOfPod(const Report& report, const CheckRun& run, const std::string& pod,
                          const std::optional<Pod>& known) {
  const auto named = findPod(report, pod);
  const bool isNamed = named != report.pods.end();
  if (!isNamed && !known) return *refusePod(report, pod);
  CheckRun own = run;
  const auto ofAnother = [&](const auto& one) { return !one.pod.empty() && one.pod != pod; };
  std::erase_if(own.outcome.findings, ofAnother);
  std::erase_if(own.outcome.gaps, ofAnother);
  const auto blind = [&](const char* why) {
    own.outcome.gaps.push_back({pod, "the pod", {ErrorCode::kUnavailable, why}});
  };
  const Pod& then = isNamed ? named->pod : *known;
  const Pod& now = known ? *known : then;
  if (!then.mayBeBlamed() || !now.mayBeBlamed())
    blind("it gets no readers, so it is blamed for nothing");
  if (!isNamed || then.uid != now.uid || std::max(then.startedAt, now.startedAt) > run.started)
    blind("it started after the check began to look");
  own.verdict = judge(own.outcome, own.error);
  return own;
}

// What the engine's thread and the server's share.
struct ProbeDesk::Board {
  struct Line {
    std::optional<RunAnswer> last;
    bool asked = false;  // a run is on its way
  };
  std::mutex mutex;
  std::map<std::string, Line> lines;  // by check
  Fd news{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
};

ProbeDesk::ProbeDesk(const Clock& clock, ProbeContent content)
    : clock_(clock), content_(std::move(content)), board_(std::make_shared<Board>()) {}

ProbeDesk::~ProbeDesk() = default;

int ProbeDesk::news() const {
  return board_->news.get();
}

// However many ask, one run is on its way per check, and each begins `minInterval` after the one
// before that was asked for here.
std::optional<RunAnswer> ProbeDesk::answer(const std::string& check, MonoTime asked) {
  const MonoTime since = asked - content_.minInterval;
  {
    std::lock_guard lock(board_->mutex);
    Board::Line& line = board_->lines[check];
    if (line.last && line.last->began >= since) return line.last;
    if (std::exchange(line.asked, true)) return std::nullopt;
  }
  content_.runNow(check, since, [board = board_, check](RunAnswer answer) {
    std::shared_ptr<const Report> kept = excerpt(*answer.report, check);
    {
      std::lock_guard lock(board->mutex);
      board->lines[check] = {RunAnswer{answer.began, std::move(kept)}, false};
    }
    ::eventfd_write(board->news.get(), 1);
  });
  return std::nullopt;
}

WebPage ProbeDesk::tell(const ProbeQuestion& question, const RunAnswer& answer) const {
  const Report& report = *answer.report;
  const auto run = std::ranges::find(report.checks, question.check, &CheckRun::check);
  if (run == report.checks.end()) return plainPage(503, "the check has not run\n");
  const CheckSpec& spec = *content_.registry->find(question.check);
  if (question.pod.empty()) return {200, kMetricsType, probeMetrics(*run, spec)};
  const Result<CheckRun> own = runOfPod(report, *run, question.pod, question.known);
  if (!own) return plainPage(400, own.error().message + "\n");
  return {200, kMetricsType, probeMetrics(*own, spec)};
}

WebPage ProbeDesk::page(const ProbeQuestion& question) {
  const MonoTime asked = clock_.mono();
  if (const auto known = answer(question.check, asked)) return tell(question, *known);
  ProbeQuestion later = question;
  later.known.reset();  // by the end of the run that is awaited more is known of the pod
  const auto ask = [this, question = std::move(later),
                    asked](bool overdue) -> std::optional<WebPage> {
    if (const auto known = answer(question.check, asked)) return tell(question, *known);
    if (!overdue) return std::nullopt;
    return plainPage(503, fmt::format("the check \"{}\" did not end within {}: give it more time "
                                      "(scrape_timeout)\n",
                                      question.check, formatDuration(question.patience)));
  };
  WebPage page;
  page.later = std::make_shared<const LaterPage>(LaterPage{asked + question.patience, ask});
  return page;
}

}  // namespace rollcall
