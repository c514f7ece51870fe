#include "daemon/sinks/status_board.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "daemon/core/cut_text.h"
#include "daemon/core/finding_traits.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kReasonBytes = 300;

std::string onPod(const std::string& pod) {
  return pod.empty() ? "" : " on " + pod;
}

std::string lasted(WallTime from, WallTime to) {
  return formatDuration(std::max(elapsed(from, to), Duration::zero()));
}

bool isAnotherProcess(const Pod& before, const Pod& now) {
  return before.uid != now.uid ||
         (before.startedAt && now.startedAt && *before.startedAt < *now.startedAt);
}

std::string shortened(const std::string& text) {
  if (text.size() <= kReasonBytes) return text;
  return std::string(cutText(text, kReasonBytes)) + "...";
}

// Empty for what is none.
std::string_view toneOf(std::string_view text) {
  for (const Severity one : {Severity::kInfo, Severity::kWarning, Severity::kCritical})
    if (text == name(one)) return name(one);
  for (const Verdict one :
       {Verdict::kPass, Verdict::kWarn, Verdict::kFail, Verdict::kUnknown, Verdict::kNotApplicable})
    if (text == name(one)) return name(one);
  return "";
}

}  // namespace

void Timeline::resume(const PastWatch& past, const CheckRegistry& registry,
                      const std::set<std::string, std::less<>>& enabled) {
  resumed_ = !past.events.empty();
  for (const PastEvent& one : past.events)
    if (const std::string_view tone = toneOf(one.tone); !tone.empty())
      events_.push_back({one.at, tone, one.text});
  while (events_.size() > kEvents) events_.pop_front();
  resumeFindings(past, registry, enabled);
  for (const PastFailure& one : past.failures) resumeFailure(one, past, registry);
  while (failures_.size() > kFailures) failures_.pop_front();
}

void Timeline::resumeFindings(const PastWatch& past, const CheckRegistry& registry,
                              const std::set<std::string, std::less<>>& enabled) {
  for (const PastFinding& one : past.findings) {
    const CheckSpec* owner = registry.ownerOf(one.code);
    if (!owner || owner->name != one.check || !enabled.contains(one.check)) continue;
    const FindingDef* def = registry.findCode(one.code);
    Seen& seen = active_[{def->code, one.pod}];
    seen = {def, one.check, seen.count + 1,
            seen.count == 0 ? one.since : std::min(seen.since, one.since)};
  }
}

void Timeline::resumeFailure(const PastFailure& past, const PastWatch& all,
                             const CheckRegistry& registry) {
  const FindingDef* def = registry.findCode(past.code);
  if (!def) return;
  BoardFailure failure{def, past.check, past.pod, past.count, past.began, past.ended};
  if (!failure.ended && !active_.contains({def->code, past.pod})) {
    failure.ended = past.began;
    for (const PastFinding& one : all.findings)
      if (one.code == past.code && one.pod == past.pod)
        failure.ended = std::max(*failure.ended, one.seen);
  }
  failures_.push_back(std::move(failure));
}

bool Timeline::take(const Report& report) {
  changed_ = false;
  // When the run that led to the report ended; never backwards.
  now_ = std::max(now_, report.started + report.took);
  if (!started_)
    tell(
        name(Verdict::kNotApplicable),
        fmt::format("Rollcall {} to watch {}", resumed_ ? "was started again and goes on" : "began",
                    counted(report.pods.size(), "pod")));
  takeLead(report);
  takePods(report);
  takeFindings(report);
  takeGaps(report);
  takeVerdict(report);
  started_ = true;
  return changed_;
}

void Timeline::tell(std::string_view tone, std::string text) {
  events_.push_back({now_, tone, std::move(text)});
  ++told_;
  if (events_.size() > kEvents) events_.pop_front();
  changed_ = true;
}

void Timeline::takeVerdict(const Report& report) {
  const Verdict before = std::exchange(verdict_, report.verdict);
  // Until every check has run once, only what is wrong is a verdict.
  if (!judged_ && !report.pending.empty() && verdict_ == Verdict::kUnknown) return;
  const bool first = !std::exchange(judged_, true);
  if (!first && before == verdict_) return;
  tell(name(verdict_),
       !first ? fmt::format("the verdict turned from {} to {}", title(before), title(verdict_))
              : fmt::format("the verdict is {}", title(verdict_)));
}

void Timeline::takeLead(const Report& report) {
  const std::optional<bool> before = std::exchange(leads_, report.leads);
  if (before == leads_ || !leads_) return;
  leadSince_ = now_;
  tell(name(Verdict::kNotApplicable),
       *leads_ ? "this replica of Rollcall leads" : "another replica of Rollcall leads");
}

void Timeline::takePods(const Report& report) {
  std::map<std::string, Pod> now;
  for (const PodReport& pod : report.pods) now.emplace(pod.pod.name, pod.pod);
  const std::string_view tone = name(Severity::kInfo);
  for (const auto& [pod, facts] : now) {
    const auto before = pods_.find(pod);
    if (before == pods_.end()) {
      if (started_) tell(tone, fmt::format("{} came", pod));
    } else if (isAnotherProcess(before->second, facts)) {
      tell(tone, fmt::format("{} was {}", pod,
                             before->second.uid == facts.uid ? "restarted" : "replaced"));
    }
  }
  for (const auto& [pod, facts] : pods_)
    if (!now.contains(pod)) tell(tone, fmt::format("{} is gone", pod));
  pods_ = std::move(now);
}

void Timeline::takeFindings(const Report& report) {
  std::map<Key, Seen> now;
  for (const CheckRun& run : report.checks)
    for (const Finding& finding : run.outcome.findings) {
      Seen& seen = now[{finding.def->code, finding.pod}];
      const WallTime since = finding.since.value_or(now_);
      seen = {finding.def, run.check, seen.count + 1,
              seen.count == 0 ? since : std::min(seen.since, since)};
    }
  for (const auto& [key, seen] : active_) {
    if (now.contains(key)) continue;
    if (isOver(report, seen.check, key.second))
      end(key, seen);
    else
      now.emplace(key, seen);
  }
  for (const auto& [key, seen] : now)
    active_.contains(key) ? grow(key, seen.count) : begin(key, seen);
  active_ = std::move(now);
}

void Timeline::begin(const Key& key, const Seen& seen) {
  const auto& [code, pod] = key;
  tell(name(seen.def->severity),
       fmt::format("{} began{}{}: {}", code, onPod(pod),
                   seen.count > 1 ? fmt::format(" ({} findings)", grouped(seen.count)) : "",
                   seen.def->title));
  if (seen.def->severity == Severity::kInfo) return;
  failures_.push_back({seen.def, seen.check, pod, seen.count, seen.since, std::nullopt});
  if (failures_.size() <= kFailures) return;
  const auto over = std::ranges::find_if(
      failures_, [](const BoardFailure& one) { return one.ended.has_value(); });
  failures_.erase(over == failures_.end() ? failures_.begin() : over);
}

void Timeline::grow(const Key& key, std::size_t count) {
  BoardFailure* failure = openFailure(key);
  if (!failure || failure->count >= count) return;
  failure->count = count;
  changed_ = true;
}

void Timeline::end(const Key& key, const Seen& seen) {
  const auto& [code, pod] = key;
  tell(name(Verdict::kPass), fmt::format("{} is over{} after {}: {}", code, onPod(pod),
                                         lasted(seen.since, now_), seen.def->title));
  if (BoardFailure* failure = openFailure(key)) failure->ended = now_;
}

BoardFailure* Timeline::openFailure(const Key& key) {
  for (BoardFailure& one : failures_)
    if (!one.ended && one.def->code == key.first && one.pod == key.second) return &one;
  return nullptr;
}

// One thing a pod: a pod that hangs is one event, however many checks ask it.
void Timeline::takeGaps(const Report& report) {
  std::map<std::string, WallTime> now;
  const auto blind = [&](const std::string& pod, const std::string& check,
                         const std::string& reason) {
    const auto before = unseen_.find(pod);
    if (!now.emplace(pod, before == unseen_.end() ? now_ : before->second).second) return;
    if (before == unseen_.end())
      tell(name(Verdict::kUnknown),
           fmt::format("{} could not look{}: {}", check, pod.empty() ? "" : " at " + pod,
                       shortened(reason)));
  };
  for (const CheckRun& run : report.checks) {
    if (run.error) blind("", run.check, run.error->message);
    for (const Gap& gap : run.outcome.gaps)
      blind(gap.pod, run.check, gap.what + ": " + gap.why.message);
  }
  for (const auto& [pod, since] : unseen_)
    if (!now.contains(pod) && (pod.empty() || pods_.contains(pod)))
      tell(name(Verdict::kPass), fmt::format("everything{} can be looked at again after {}",
                                             onPod(pod), lasted(since, now_)));
  unseen_ = std::move(now);
}

void StatusBoard::publish(const std::shared_ptr<const Report>& report, const CheckRun*) noexcept {
  const bool changed = timeline_.take(*report);
  std::shared_ptr<const Timeline> timeline =
      changed || !board_ ? std::make_shared<const Timeline>(timeline_) : board_->timeline;
  auto board = std::make_shared<const Board>(Board{report, std::move(timeline)});
  std::lock_guard lock(mutex_);
  board_ = std::move(board);
}

std::shared_ptr<const Board> StatusBoard::board() const {
  std::lock_guard lock(mutex_);
  return board_;
}

}  // namespace rollcall
