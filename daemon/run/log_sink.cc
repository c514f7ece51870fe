#include "daemon/run/log_sink.h"

#include <cstdlib>

#include "daemon/core/finding_traits.h"
#include "daemon/core/publication.h"

namespace rollcall {
namespace {

constexpr auto kWindow = std::chrono::minutes(10);
constexpr int kLinesPerWindow = 10;

LogLevel levelOf(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return LogLevel::kInfo;
    case Severity::kWarning:
      return LogLevel::kWarning;
    case Severity::kCritical:
      return LogLevel::kError;
  }
  std::abort();
}

// Cannot occur in a part of a key.
std::string keyOf(std::string_view kind, std::string_view check, std::string_view detail,
                  std::string_view pod) {
  std::string key(kind);
  for (const std::string_view part : {check, detail, pod}) key.append(1, '\n').append(part);
  return key;
}

}  // namespace

LogSink::Conditions LogSink::conditionsOf(const Report& report) {
  Conditions conditions;
  std::map<std::string, std::size_t> counts;
  for (const CheckRun& run : report.checks) {
    for (const Finding& one : run.outcome.findings) {
      const std::string command = commandOf(one);
      const std::string key = keyOf("finding", run.check, one.def->code, one.pod) + "\n" + command;
      ++counts[key];
      conditions.try_emplace(key, Condition{levelOf(one.def->severity),
                                            std::string(one.def->title),
                                            {{"check", run.check},
                                             {"code", std::string(one.def->code)},
                                             {"pod", one.pod},
                                             {"command", command},
                                             {"detail", publicForm(one).message}},
                                            run.check,
                                            one.pod});
    }
    for (const Gap& gap : run.outcome.gaps)
      conditions.try_emplace(keyOf("gap", run.check, "", gap.pod),
                             Condition{LogLevel::kWarning,
                                       "could not look",
                                       {{"check", run.check},
                                        {"pod", gap.pod},
                                        {"what", gap.what},
                                        {"detail", gap.why.message}}});
    if (run.error)
      conditions.try_emplace(keyOf("error", run.check, "", ""),
                             Condition{LogLevel::kWarning,
                                       "the check could not run",
                                       {{"check", run.check}, {"detail", run.error->message}}});
  }
  for (const auto& [key, count] : counts)
    conditions.at(key).fields.emplace_back("count", std::to_string(count));
  if (report.databaseUp == false)
    conditions["database"] = {LogLevel::kError, "the database does not answer", {}};
  if (!report.podsStale.empty())
    conditions["pods"] = {
        LogLevel::kWarning, "the list of pods may be old", {{"detail", report.podsStale}}};
  return conditions;
}

void LogSink::publish(const std::shared_ptr<const Report>& report, const CheckRun*) noexcept {
  tellPods(*report);
  Conditions now = conditionsOf(*report);
  for (const auto& [key, condition] : now)
    if (active_.count(key) == 0)
      tell(key, condition.level, condition.message, condition.fields, report->started);
  for (const auto& [key, condition] : active_) {
    if (now.count(key) > 0) continue;
    const bool isFinding = !condition.check.empty();
    if (isFinding && !isOver(*report, condition.check, condition.pod)) {
      now.emplace(key, condition);
      continue;
    }
    Journal::Fields fields;
    for (const auto& field : condition.fields)
      if (field.first == "check" || field.first == "code" || field.first == "pod" ||
          field.first == "command")
        fields.push_back(field);
    tell(key, LogLevel::kInfo, "over: " + condition.message, std::move(fields), report->started);
  }
  active_ = std::move(now);
  std::erase_if(tracks_, [&](const auto& one) {
    return active_.count(one.first) == 0 && report->started - one.second.window >= kWindow;
  });
}

void LogSink::tell(const std::string& key, LogLevel level, const std::string& message,
                   Journal::Fields fields, WallTime now) {
  Track& track = tracks_[key];
  if (now - track.window >= kWindow) {
    if (track.suppressed > 0)
      fields.emplace_back("lines_left_out", std::to_string(track.suppressed));
    track = Track{now, 0, 0};
  }
  if (track.lines >= kLinesPerWindow) {
    ++track.suppressed;
    return;
  }
  ++track.lines;
  journal_.write(level, message, fields);
}

void LogSink::tellPods(const Report& report) {
  std::set<std::string> pods;
  for (const PodReport& pod : report.pods) pods.insert(pod.pod.name);
  for (const std::string& pod : pods)
    if (pods_.count(pod) == 0) journal_.write(LogLevel::kInfo, "pod found", {{"pod", pod}});
  for (const std::string& pod : pods_)
    if (pods.count(pod) == 0) journal_.write(LogLevel::kInfo, "pod gone", {{"pod", pod}});
  pods_ = std::move(pods);
}

}  // namespace rollcall
