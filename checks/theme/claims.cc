#include "checks/theme/claims.h"

#include <fmt/format.h>

#include <algorithm>

#include "checks/theme/around.h"
#include "checks/theme/wording.h"
#include "daemon/api/pod_api.h"

namespace rollcall::checks::theme {

Result<Look> Around::look() {
  auto state = readState(context_, look_.notes);
  if (!state) return state.error();
  look_.state = std::move(*state);
  if (known_.theme != look_.state.theme)
    known_ = {.asset = {}, .seenAsset = {}, .theme = look_.state.theme, .pages = {}};
  lookAtVolume();
  askPods();
  findGaps();
  compareAssets();
  compareCustom();
  if (look_.state.isPrivate)
    look_.notes.push_back("the site is private: what the pods render is not compared");
  else if (!differentThemes_)
    for (const std::string& path : plan_.pages) comparePage(path);
  return std::move(look_);
}

void Around::lookAtVolume() {
  if (!context_.dir || look_.state.theme.empty()) return;
  auto volume = lookAt(*context_.dir, look_.state.theme, known_.asset, context_.deadline);
  if (!volume) {
    look_.gaps.push_back({"", "the active theme in the content folder", volume.error()});
    return;
  }
  volume_ = std::move(*volume);
  known_.asset = volume_->asset;
  if (!volume_->unread.empty())
    look_.notes.push_back(fmt::format(
        "{} cannot be listed: which theme a pod serves is told by its pages, not by a file",
        quotable(volume_->unread)));
  if (volume_->presence == Presence::kThere && !volume_->missing.empty())
    claim(filesMissing(look_.state.theme, *volume_));
}

void Around::askPods() {
  pods_ = podsToAsk(context_.topology);
  for (const PodLook& look : pods_) names_.push_back(look.pod->name);
  std::erase_if(known_.pages, [&](const auto& one) {
    return std::ranges::find(names_, one.first.first) == names_.end();
  });
  Questions questions{.asset = {}, .pages = plan_.pages, .custom = {}, .fresh = plan_.fresh};
  questions.custom = plan_.custom && look_.state.custom && !context_.adminKey.empty();
  if (volume_ && volume_->asset) questions.asset = "/" + volume_->asset->path;
  const bool there = volume_ && volume_->presence == Presence::kThere;
  if (!there) questions.asset = known_.seenAsset;
  // Only the pods can tell whether the theme is missing for them as well.
  if (volume_ && !there && !plan_.volumeOnly && questions.asset.empty() && questions.pages.empty())
    questions.pages = {"/"};
  ask(context_, questions, pods_);
  if (!there && questions.asset.empty()) {
    known_.seenAsset = assetFromPages();
    if (!known_.seenAsset.empty())
      ask(context_, {.asset = known_.seenAsset, .pages = {}, .fresh = plan_.fresh}, pods_);
  }
  if (volume_ && !there) judgeMissing();
}

// The images of Ghost link the themes that come with them to a place outside the content folder:
// such a link leads nowhere from here. But files of the theme come from where the pods see it, so a
// pod that serves one has it.
void Around::judgeMissing() {
  const std::string where = "themes/" + look_.state.theme;
  bool served = false, failing = false;
  for (const PodLook& look : pods_) {
    const AssetAnswer answer = assetAnswer(look.asset, context_.site);
    served = served || (answer.known && !answer.absent);
    failing = failing || (answer.known && answer.absent);
    for (const auto& [path, page] : look.pages) failing = failing || (page && page->status >= 500);
  }
  if (served)
    look_.notes.push_back(fmt::format(
        "{} cannot be followed from here, but the pods have it: it is not compared with them",
        where));
  else if (failing || plan_.volumeOnly || volume_->presence != Presence::kDanglingLink)
    return claim(themeMissing(look_.state.theme, *volume_));
  else
    look_.notes.push_back(fmt::format("{} is a link that cannot be followed from here", where));
  volume_.reset();
}

// A style sheet or script that the first pod's page names.
std::string Around::assetFromPages() const {
  const std::string root = context_.site.pathOf("/");
  for (const PodLook& look : pods_)
    for (const auto& [path, answer] : look.pages) {
      if (!answer || answer->status != 200) continue;
      const Traits traits = traitsOf(answer->body, root.substr(0, root.size() - 1));
      for (const std::string& asset : traits.assets)
        if (asset.ends_with(".css") || asset.ends_with(".js")) return asset;
    }
  return "";
}

// Failing pages that say what is wrong are findings of the checks pods and posts.
void Around::findGaps() {
  for (const PodLook& look : pods_) {
    std::optional<Error> why;
    const auto take = [&](const Result<HttpResponse>& answer) {
      if (!why && (!answer || answer->status >= 500)) why = api::troubleOf(answer);
    };
    if (look.asset) take(*look.asset);
    for (const auto& [path, answer] : look.pages) take(answer);
    if (why) look_.gaps.push_back({look.pod->name, "its theme", *why});
  }
}

void Around::claim(Claim claim) {
  const auto same = [&](const Claim& one) {
    return one.code == claim.code && one.pod == claim.pod;
  };
  if (std::ranges::none_of(look_.claims, same)) look_.claims.push_back(std::move(claim));
}

void Around::compareCustom() {
  bool refused = false;
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    if (!pods_[i].custom || accused_.contains(i)) continue;
    const Result<HttpResponse>& answer = *pods_[i].custom;
    // 5.x says "not implemented" to an integration, later ones refuse it.
    if (answer && (answer->status == 501 || answer->status == 403 || answer->status == 401)) {
      refused = true;
      continue;
    }
    const auto other = otherSettings(answer, *look_.state.custom);
    if (!other) {
      look_.gaps.push_back({names_[i], "its custom theme settings", other.error()});
    } else if (!other->empty()) {
      accused_.insert(i);
      claim(otherCustomSettings(look_.state.theme, *pods_[i].pod, *other, context_));
    }
  }
  if (refused)
    look_.notes.push_back(
        "custom theme settings are not read from the pods: the Admin API key is an integration's; "
        "give the staff access token of an administrator");
}

std::string Claim::key() const {
  return fmt::format("{}|{}|{}", static_cast<std::size_t>(code), pod, whose);
}

Result<Look> lookAround(const CheckContext& context, const Plan& plan, Known& known) {
  return Around(context, plan, known).look();
}

}  // namespace rollcall::checks::theme
