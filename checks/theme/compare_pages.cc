// What the pods make of the theme: the same page, rendered by each of them.
#include <fmt/format.h>

#include <algorithm>

#include "checks/theme/around.h"
#include "checks/theme/wording.h"
#include "daemon/core/text_hash.h"
#include "daemon/core/url_path.h"

namespace rollcall::checks::theme {
namespace {

std::size_t hashOf(const Traits& traits) {
  std::size_t hash = 0;
  for (const std::string& trait : traits.all) hash = hash * 1'000'003 + TextHash{}(trait);
  return hash;
}

}  // namespace

std::set<std::string> Around::certainOf(const std::string& path) {
  if (!volume_ || volume_->presence != Presence::kThere) return {};
  PageTemplates page{.candidates = {"home.hbs", "index.hbs"}, .subject = ""};
  if (path != "/") {
    page = {.candidates = {fmt::format("post-{}.hbs", lastSegment(path)), "post.hbs"},
            .subject = "post"};
  }
  const std::string root = context_.site.pathOf("/");
  auto traits = certainTraits(*context_.dir, look_.state.theme, page,
                              std::string_view(root).substr(0, root.size() - 1), context_.deadline);
  if (traits) return std::move(*traits);
  look_.gaps.push_back({"", "the active theme's templates", traits.error()});
  return {};
}

// Such as would be printed as they are.
std::vector<std::string> Around::values() const {
  std::vector<std::string> values;
  if (!look_.state.custom) return values;
  for (const auto& [key, setting] : *look_.state.custom)
    if ((setting.type == "text" || setting.type == "color") && setting.value.size() >= 4 &&
        setting.value.find_first_of("<>&\"'\r\n") == std::string::npos &&
        (setting.type == "color" || setting.value.find_first_of("0123456789") == std::string::npos))
      values.push_back(setting.value);
  return values;
}

void Around::comparePage(const std::string& path) {
  const std::string root = context_.site.pathOf("/");
  std::map<std::string, Rendering> byVersion;
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    const auto answer = pods_[i].pages.find(path);
    if (accused_.contains(i) || answer == pods_[i].pages.end() || !answer->second ||
        answer->second->status != 200)
      continue;
    Traits traits =
        traitsOf(answer->second->body, std::string_view(root).substr(0, root.size() - 1));
    byVersion[traits.generator].pods[i] = std::move(traits);
  }
  for (auto& [version, rendering] : byVersion) {
    const bool stable = !plan_.fresh || !changedByItself(path, rendering);
    rememberPages(path, rendering);
    if (stable && !faultsOf(rendering).empty()) compareRendering(path, std::move(rendering));
  }
}

// A page that is another one each time, or was edited between the looks, proves nothing.
bool Around::changedByItself(const std::string& path, const Rendering& rendering) const {
  return std::ranges::any_of(rendering.pods, [&](const auto& one) {
    const auto earlier = known_.pages.find({names_[one.first], path});
    return earlier != known_.pages.end() && earlier->second != hashOf(one.second);
  });
}

void Around::rememberPages(const std::string& path, const Rendering& rendering) {
  for (const auto& [pod, traits] : rendering.pods)
    known_.pages[{names_[pod], path}] = hashOf(traits);
}

void Around::compareRendering(const std::string& path, Rendering rendering) {
  if (path == "/" && context_.dir) {
    const auto chooses = choosesTemplates(*context_.dir, context_.deadline);
    if (!chooses || *chooses) {
      look_.notes.push_back(
          "the front page is not compared: routes.yaml gives it a template or data of its own");
      return;
    }
  }
  rendering.certain = certainOf(path);
  rendering.values = values();
  Pods all;
  for (const auto& [pod, traits] : rendering.pods) all.push_back(pod);
  std::optional<bool> explained;
  for (const PageFault& fault : faultsOf(rendering)) {
    if (fault.fault == Fault::kOldTemplates) {
      for (const std::size_t pod : fault.pods) {
        accused_.insert(pod);
        claim(oldTemplates(look_.state.theme, *pods_[pod].pod, path, fault, context_));
      }
      continue;
    }
    if (!explained) explained = settingsExplain(path, fault, all);
    if (*explained) continue;
    if (fault.fault == Fault::kOldSettings)
      for (const std::size_t pod : fault.pods)
        claim(oldCustomValue(look_.state.theme, *pods_[pod].pod, path, fault, context_));
    else
      claim(pagesDiffer(names_, path, fault, *pods_[fault.groups[1].front()].pod, context_));
  }
}

// Whether the difference may come of general settings, tiers or routes that differ, which other
// checks tell.
bool Around::settingsExplain(const std::string& path, const PageFault& fault, const Pods& pods) {
  if (path == "/" && fault.otherLinks) {
    look_.notes.push_back("the front page is not compared: the pods list other addresses there");
    return true;
  }
  const auto same = sameSettings(context_, pods_, pods);
  if (same && *same) return false;
  look_.notes.push_back(fmt::format(
      "the pods render {} differently, which is not held against them: {}", path,
      same ? "their settings or tiers differ as well"
           : "whether their settings differ is not known (" + same.error().message + ")"));
  return true;
}

}  // namespace rollcall::checks::theme
