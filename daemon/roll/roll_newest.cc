// The newest posts on each pod, as the status page shows them. It costs no request.
#include "daemon/roll/roll_run.h"

namespace rollcall::roll {

void RollRun::showNewest() {
  if (!memory_.settings_.types.contains(ResourceType::kPost)) return;
  std::vector<std::size_t> entries;
  std::vector<RollRow> rows;
  for (const std::size_t i : scope_) {
    const Entry& entry = content_->entries[i];
    if (!entry.isPublic || entry.type != ResourceType::kPost) continue;
    if (rows.size() == kNewestRows) break;
    entries.push_back(i);
    const std::string_view path = pathOf(i);
    rows.push_back({{std::string(name(entry.type)), std::string(entry.id), std::string(entry.slug),
                     path.empty() ? "" : context_.site.urlOf(path)},
                    entry.publishedAt,
                    {}});
  }
  std::vector<const Pod*> pods;
  for (const PodRun& pod : pods_) pods.push_back(pod.pod);
  memory_.newest_.turnTo(std::move(rows), pods);
  for (std::size_t row = 0; row < entries.size(); ++row)
    for (const PodRun& pod : pods_)
      if (const auto cell = learned(pod, entries[row]))
        memory_.newest_.learn(row, pod.pod->name, *cell);
  outcome_.tally.newest = memory_.newest_.rows();
  // Shown, not remembered: a pod that cannot be looked at for a while did not change by that.
  for (std::size_t row = 0; row < entries.size(); ++row)
    for (const PodRun& pod : pods_)
      if (const auto state = lookFailed(pod, entries[row]); !state.empty())
        outcome_.tally.newest[row].cells[pod.pod->name] = {state, began_, false};
}

// What this run learned; nothing where it did not or could not look. Dated when the run began, so
// that nothing looks younger than it is.
std::optional<RollCell> RollRun::learned(const PodRun& pod, std::size_t i) const {
  if (!places_.located(i) || changedMeanwhile_.contains(i)) return std::nullopt;
  const auto* before = known(pod, i);
  const auto answer = pod.answers.find(i);
  if (answer == pod.answers.end()) {
    if (pod.unconfirmed.contains(i)) return RollCell{name(State::kMissing), began_, false};
    const bool fine = !pod.lost && !before && listedRightly(pod, i);
    return fine ? std::optional(RollCell{name(State::kOk), began_, false}) : std::nullopt;
  }
  const State state = answer->second.state;
  if (state == State::kUnknown || state == State::kTimeout) return std::nullopt;
  const bool declaredUnread =
      before && before->answer.state == State::kDeclared && state == State::kOk && !apiTried_;
  if (declaredUnread) return std::nullopt;
  const bool early = isWrong(state) && !before && settling(content_->entries[i]);
  return RollCell{early ? "settling" : name(state), began_, true};
}

// The pod's own lists, read in this run, put the entry where it belongs.
bool RollRun::listedRightly(const PodRun& pod, std::size_t i) const {
  if (!pod.view.whole() || pod.suspects.contains(i) || declaresElsewhere(pod, i)) return false;
  return pod.view.api ? declaredPath(pod, i).has_value() : listed(pod, i);
}

// "unknown" or "timeout" when the pod could not be looked at in this run; else empty.
std::string_view RollRun::lookFailed(const PodRun& pod, std::size_t i) const {
  const auto answer = pod.answers.find(i);
  if (answer == pod.answers.end()) return pod.lost ? name(State::kUnknown) : "";
  const State state = answer->second.state;
  return state == State::kUnknown || state == State::kTimeout ? name(state) : "";
}

}  // namespace rollcall::roll
