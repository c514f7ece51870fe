// Which theme each pod serves, told by one of its files.
#include <fmt/format.h>

#include <algorithm>

#include "checks/theme/around.h"
#include "checks/theme/wording.h"

namespace rollcall::checks::theme {

void Around::compareAssets() {
  std::map<std::size_t, AssetAnswer> answers;
  for (std::size_t i = 0; i < pods_.size(); ++i)
    if (const AssetAnswer answer = assetAnswer(pods_[i].asset, context_.site);
        answer.known && !failsItsPages(i))
      answers[i] = answer;
  if (volume_ && volume_->asset)
    compareWithVolume(answers);
  else if (!volume_)
    compareAmongPods(answers);
}

// A pod whose theme is missing or broken is the business of the check pods.
bool Around::failsItsPages(std::size_t pod) const {
  const auto front = pods_[pod].pages.find("/");
  return front != pods_[pod].pages.end() && front->second && front->second->status >= 400 &&
         front->second->status != 404;
}

void Around::compareWithVolume(const std::map<std::size_t, AssetAnswer>& answers) {
  const Asset& asset = *volume_->asset;
  bool anyRight = false, anyOther = false;
  std::map<std::size_t, std::string> wrong;
  for (const auto& [pod, answer] : answers) {
    if (!answer.absent && answer.size == asset.size) {
      anyRight = true;
      continue;
    }
    wrong[pod] = answer.absent ? "" : asset.themesOf(answer.size);
    anyOther = anyOther || !wrong[pod].empty();
  }
  if (wrong.empty()) return;
  if (!anyRight && !anyOther) {
    look_.notes.push_back(fmt::format(
        "no pod serves {} as it is in the content folder: is that folder the pods' own?",
        asset.path));
    return;
  }
  for (const auto& [pod, other] : wrong) {
    // A file that was replaced, of which the pod's side of the volume still remembers the old size.
    if (other.empty() && !answers.at(pod).absent) {
      look_.notes.push_back(
          fmt::format("{} serves /{} with {}, as no theme in the content folder has it: not held "
                      "against it",
                      names_[pod], asset.path, answers.at(pod).text()));
      continue;
    }
    accused_.insert(pod);
    claim(otherTheme(look_.state, *pods_[pod].pod, "/" + asset.path, answers.at(pod), other,
                     fmt::format("{} bytes", asset.size), context_));
  }
}

// Each version of Ghost brings its own edition of the themes that come with it: only pods of one
// version must serve the same.
void Around::compareAmongPods(const std::map<std::size_t, AssetAnswer>& answers) {
  Pods pods;
  bool alike = true;
  for (const auto& [pod, answer] : answers) {
    pods.push_back(pod);
    alike = alike && answer.text() == answers.begin()->second.text();
  }
  if (alike) return;
  std::map<std::string, std::map<std::size_t, AssetAnswer>> byVersion;
  for (const auto& [pod, version] : versionsOf(context_, pods_, pods, plan_.fresh)) {
    if (version)
      byVersion[*version][pod] = answers.at(pod);
    else
      look_.gaps.push_back({names_[pod], "its Ghost version", version.error()});
    differentThemes_ = differentThemes_ || !version;
  }
  for (const auto& [version, same] : byVersion) compareAlike(same);
}

void Around::compareAlike(const std::map<std::size_t, AssetAnswer>& answers) {
  std::map<std::size_t, std::string> shown;
  for (const auto& [pod, answer] : answers) shown[pod] = answer.text();
  const Groups groups = groupsOf(shown);
  if (groups.size() < 2) return;
  differentThemes_ = true;
  const auto right =
      std::ranges::find_if(groups, [&](const Pods& group) { return startedSince(group); });
  const auto rights =
      std::ranges::count_if(groups, [&](const Pods& group) { return startedSince(group); });
  if (rights != 1)
    return claim(differentThemes(groups, names_, shown, known_.seenAsset, *pods_[0].pod, context_));
  for (const Pods& group : groups) {
    if (&group == &*right) continue;
    for (const std::size_t pod : group)
      claim(otherTheme(look_.state, *pods_[pod].pod, known_.seenAsset, answers.at(pod), "",
                       shown.at(right->front()), context_));
  }
}

// A pod that started after the theme was activated has the right one, and its like with it.
bool Around::startedSince(const Pods& pods) const {
  return std::ranges::any_of(pods, [&](std::size_t pod) {
    const auto& started = pods_[pod].pod->startedAt;
    return started && look_.state.changedAt && *started > *look_.state.changedAt;
  });
}

}  // namespace rollcall::checks::theme
